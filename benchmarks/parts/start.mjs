// The cost of the import for a program.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { entryOf } from '../lib/load.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const FLAVOURS = ['core', 'node', 'worker', 'stream'];
const here = dirname(fileURLToPath(import.meta.url));

/** Milliseconds for the first import in a new process; addons and CommonJS are loaded with require. */
const imported = (address, isModule) => () => {
  const load = `${isModule ? 'await import' : 'require'}(${JSON.stringify(address)})`;
  const source = `
    import { createRequire } from 'node:module';
    const require = createRequire(${JSON.stringify(import.meta.url)});
    const started = performance.now();
    ${load};
    console.log(performance.now() - started);`;
  const args = ['--input-type=module', '-e', source];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    cwd: here,
  });
  if (status !== 0) throw new Error(stderr);
  return { value: Number(stdout) };
};

const contenders = {};
for (const flavour of FLAVOURS) {
  const name = `@fmmap/${flavour}`;
  contenders[name] = imported(name, true);
}
for (const name of part.peerNames) {
  contenders[name] = imported(entryOf(name), entryOf(name).endsWith('index.js'));
}
const name = 'import';
const rounds = part.pick(1, 11);
part.finish({
  title: 'Import time',
  about:
    'Milliseconds of the first import in a new process. Most peers are an addon and next to no JavaScript, which Node would have to read and compile.',
  tables: [await race({ name, unit: 'ms', reference: '@fmmap/core', rounds, contenders })],
});
