// The cost of the import for a program, and of the installation on disk.
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { folderOf } from '../lib/install.mjs';
import { entryOf } from '../lib/load.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';
import { digits } from '../lib/stats.mjs';

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

function sizeOf(path) {
  const stat = fs.lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return fs.readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

/** The size of one of our packages as published, with its addon. */
function publishedSize(folder) {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const stdio = ['ignore', 'pipe', 'ignore'];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio }));
  const addon = join(folder, 'src/build/Release/fmmap.node');
  return packed.unpackedSize + (fs.existsSync(addon) ? fs.statSync(addon).size : 0);
}

const sizes = new Map();

/** Collects the folders of a package and all its dependencies, with their own sizes in `sizes`. */
function addFolders(folder, folders) {
  const real = fs.realpathSync(folder);
  if (folders.has(real)) return folders;
  folders.add(real);
  if (!sizes.has(real)) {
    sizes.set(real, real.includes('node_modules') ? sizeOf(real) : publishedSize(real));
  }
  const manifest = join(real, 'package.json');
  for (const name of Object.keys(
    JSON.parse(fs.readFileSync(manifest, 'utf8')).dependencies ?? {},
  )) {
    const paths = createRequire(manifest).resolve.paths(name);
    const found = paths.map((path) => join(path, name)).find((path) => fs.existsSync(path));
    if (found) addFolders(found, folders);
  }
  return folders;
}

function installedSize(folder) {
  return [...addFolders(folder, new Set())].reduce((sum, one) => sum + sizes.get(one), 0);
}

const contenders = {};
const rows = [];
for (const flavour of FLAVOURS) {
  const name = `@fmmap/${flavour}`;
  contenders[name] = imported(name, true);
  const folder = join(here, '../../packages', flavour);
  rows.push([name, digits(installedSize(folder) / 1000)]);
}
for (const name of part.peerNames) {
  contenders[name] = imported(entryOf(name), entryOf(name).endsWith('index.js'));
  rows.push([name, digits(sizeOf(join(folderOf(name), 'node_modules')) / 1000)]);
}
const name = 'import';
const rounds = part.pick(1, 11);
part.finish({
  title: 'Import time, and installed size',
  about:
    'Milliseconds of the first import in a new process; kB of the package with all that it depends on and what was compiled (peers that compile on the user’s machine leave their objects there). Most peers are an addon and next to no JavaScript, which Node would have to read and compile.',
  tables: [await race({ name, unit: 'ms', reference: '@fmmap/core', rounds, contenders })],
  plain: { head: ['package', 'kB'], rows },
});
