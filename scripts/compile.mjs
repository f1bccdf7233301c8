// Compiles the addon where it is, and only what has changed. Not a line of native/package.json: Yarn makes a tool that the
// scripts of a package name one of its dependencies.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connected } from './certificates.mjs';

const native = fileURLToPath(new URL('../native', import.meta.url));
const gyp = `${native}/node_modules/node-gyp/bin/node-gyp.js`;
const args = [gyp, 'configure', 'build', '--directory', `${native}/src`, '--loglevel=warn'];
const options = { stdio: 'inherit', env: connected() }; // it may have to fetch the headers of this Node
process.exitCode = spawnSync(process.execPath, args, options).status ?? 1;
