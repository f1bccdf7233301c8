// A copy of the workspace in the Debian, installed as Windows would: `syncTree()`, after a build.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../cache.mjs';
import { build } from './build.mjs';
import { debian, setUp, TREE } from './home.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tree = join(debian, TREE);

export async function syncTree() {
  const { addon, testAddons } = await build(); // which installs the Debian packages for all of this
  await setUp();
  fs.mkdirSync(tree, { recursive: true });
  const skipped = [
    '.git',
    '.turbo',
    'node_modules',
    'benchmarks',
    '/native/src/build',
    'fmmap.node',
  ];
  run(
    'rsync',
    '--archive',
    '--delete',
    ...skipped.map((name) => `--exclude=${name}`),
    root,
    `${tree}/`,
  );
  install();
  const compiled = join(tree, 'native/src/build/Release');
  fs.mkdirSync(compiled, { recursive: true });
  fs.copyFileSync(addon, join(compiled, 'fmmap.node'));
  for (const { path, place } of testAddons) fs.copyFileSync(path, join(tree, place));
}

/** Without links between packages, which Windows' Node would not follow here. */
function install() {
  const wanted = ['.', './packages/*', './native', './test'].map((name) => `--filter=${name}`);
  const lock = `# ${wanted.join(' ')}\n${fs.readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')}`;
  const stamp = join(tree, 'node_modules/.installed');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === lock) return;
  const { packageManager } = JSON.parse(fs.readFileSync(join(root, 'package.json'), 'utf8'));
  // The filters are about the folder in which it runs.
  run(
    'env',
    `--chdir=${tree}`,
    'npx',
    '--yes',
    packageManager,
    'install',
    '--frozen-lockfile',
    '--node-linker=hoisted',
    '--os=win32',
    '--cpu=x64',
    ...wanted,
  );
  fs.writeFileSync(stamp, lock);
}
