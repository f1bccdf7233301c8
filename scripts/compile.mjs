// Compiles the addon where it is, and only what has changed. Not a line of native/package.json: Yarn makes a tool that the
// scripts of a package name one of its dependencies.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const native = fileURLToPath(new URL('../native', import.meta.url));
const gyp = `${native}/node_modules/node-gyp/bin/node-gyp.js`;
const args = [gyp, 'configure', 'build', '--directory', `${native}/src`, '--loglevel=warn'];
process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
