// What a program pays for the import, and a disk for the installation.
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { folderOf } from '../lib/install.mjs';
import { entryOf } from '../lib/load.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';
import { digits } from '../lib/stats.mjs';

const FLAVOURS = ['core', 'node', 'worker', 'stream'];
const here = dirname(fileURLToPath(import.meta.url));

/** Milliseconds of the first import in a new process. */
const imported = (address) => () => {
  const source = `
    import { createRequire } from 'node:module';
    const require = createRequire(${JSON.stringify(pathToFileURL(`${here}/`).href)});
    const started = performance.now();
    ${address.startsWith('@') || address.endsWith('index.js') ? `await import(${JSON.stringify(address)})` : `require(${JSON.stringify(address)})`};
    console.log(performance.now() - started);`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', source],
    { encoding: 'utf8', cwd: here },
  );
  if (status !== 0) throw new Error(stderr);
  return { value: Number(stdout) };
};

function sizeOf(path) {
  const stat = fs.lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return fs.readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

/** A package of ours as it would be published, with its addon, and what it depends on. */
function installedSize(folder, seen = new Set()) {
  const real = fs.realpathSync(folder);
  if (seen.has(real)) return 0;
  seen.add(real);
  const manifest = JSON.parse(fs.readFileSync(join(real, 'package.json'), 'utf8'));
  let size = 0;
  if (real.includes('node_modules')) {
    size = sizeOf(real);
  } else {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const [packed] = JSON.parse(
      execFileSync('npm', args, {
        cwd: real,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
    size = packed.unpackedSize;
    const addon = join(real, 'build/Release/fmmap.node');
    if (fs.existsSync(addon)) size += fs.statSync(addon).size;
  }
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    const at = createRequire(join(real, 'package.json')).resolve.paths(name);
    const found = at.map((path) => join(path, name)).find((path) => fs.existsSync(path));
    if (found) size += installedSize(found, seen);
  }
  return size;
}

const contenders = {};
const rows = [];
for (const flavour of FLAVOURS) {
  const name = `@fmmap/${flavour}`;
  contenders[name] = imported(name);
  const folder = join(here, '../../packages', flavour);
  rows.push([name, digits(installedSize(folder) / 1000)]);
}
for (const name of part.peerNames) {
  contenders[name] = imported(entryOf(name));
  rows.push([name, digits(sizeOf(join(folderOf(name), 'node_modules')) / 1000)]);
}
const name = 'import';
const rounds = part.pick(3, 11);
part.finish({
  title: 'Import time, and installed size',
  about:
    'Milliseconds of the first import in a new process; kB of the package with all that it depends on and what was compiled (peers that compile on the user’s machine leave their objects there).',
  tables: [await race({ name, unit: 'ms', reference: '@fmmap/core', rounds, contenders })],
  plain: { head: ['package', 'kB'], rows },
});
