// The time of an installation by npm into an empty project, and its size.
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { pack, packPlatform } from '../../scripts/pack.mjs';
import { OWN } from '../../scripts/platforms/table.mjs';
import { serve } from '../../scripts/registry.mjs';
import { archiveOf, manifestFor, QUIET } from '../lib/install.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const FLAVOURS = ['core', 'node', 'worker', 'stream'];

const archives = join(part.directory, 'archives');
fs.mkdirSync(archives);
for (const folder of ['native', ...FLAVOURS.map((name) => `packages/${name}`)]) {
  pack(folder, archives);
}
packPlatform(OWN, archives);
const { address } = await serve(archives);

function sizeOf(path) {
  const stat = fs.lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return fs.readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

/** Seconds; the first installation has filled the cache, which is this part's own. */
const installed = (name, version) => async () => {
  const project = fs.mkdtempSync(join(part.directory, 'project-'));
  fs.writeFileSync(join(project, 'package.json'), manifestFor(name, version));
  fs.writeFileSync(join(project, '.npmrc'), `@fmmap:registry=${address}/\n`);
  const cache = join(part.directory, 'cache');
  const args = ['install', '--prefer-offline', `--cache=${cache}`, ...QUIET];
  try {
    const started = performance.now();
    await promisify(execFile)('npm', args, { cwd: project, maxBuffer: 2 ** 26 });
    const value = (performance.now() - started) / 1000;
    return { value, more: { kB: sizeOf(join(project, 'node_modules')) / 1000 } };
  } finally {
    fs.rmSync(project, { recursive: true });
  }
};

const contenders = Object.fromEntries([
  ...FLAVOURS.map((name) => [`@fmmap/${name}`, installed(`@fmmap/${name}`, '*')]),
  ...part.peerNames.map((name) => [name, installed(name, `file:${archiveOf(name)}`)]),
]);
const name = 'install';
const rounds = part.pick(1, 3);
part.finish({
  title: 'Installation',
  about:
    'Seconds that `npm install` takes in an empty project, from its cache, and kB of the `node_modules` that it makes. The peers compile then, and leave their objects there; those that do not compile as they are have the changes that are listed below.',
  tables: [await race({ name, unit: 's', reference: '@fmmap/core', rounds, contenders })],
  goals: [{ table: name, contender: '@fmmap/core', most: 0.5, than: 'peers' }],
});
