// Packs every package as it will be published, with the binaries of `npm run build:platforms`, checks what is in the archives,
// and installs them as users would: `npm run release:dry`. Publishes nothing.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './cache.mjs';
import { pack } from './pack.mjs';
import { PLATFORMS } from './platforms/table.mjs';

/** Of the archive of a platform. */
const MAX_BYTES = 400 * 1024;

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const missing = PLATFORMS.filter(
  ({ name }) => !fs.existsSync(`native/platforms/${name}/fmmap.node`),
);
if (missing.length > 0) {
  const names = missing.map(({ name }) => name).join(' ');
  throw new Error(`binaries are missing: npm run build:platforms -- ${names}`);
}

const archives = fs.mkdtempSync(join(tmpdir(), 'fmmap-release-'));
try {
  const folders = [
    'native',
    ...PLATFORMS.map(({ name }) => `native/platforms/${name}`),
    ...fs.readdirSync('packages').map((name) => `packages/${name}`),
  ];
  const problems = [];
  for (const folder of folders) {
    const archive = pack(folder, archives);
    const { size } = fs.statSync(archive);
    const names = run('tar', '-tzf', archive).trim().split('\n');
    console.log(`${folder}: ${(size / 1024).toFixed()} KB, ${names.length} files`);
    const isBinary = folder.startsWith('native/platforms/');
    if (isBinary && size > MAX_BYTES)
      problems.push(`${folder} has ${size} bytes: at most ${MAX_BYTES}`);
    if (isBinary && !names.includes('package/fmmap.node')) problems.push(`${folder} has no binary`);
    for (const name of ['README.md', 'LICENSE']) {
      if (!names.includes(`package/${name}`)) problems.push(`${folder} has no ${name}`);
    }
    // Package managers compile a package with this file.
    if (names.includes('package/binding.gyp')) problems.push(`${folder} has a binding.gyp`);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const { status } = spawnSync(
    process.execPath,
    ['../node_modules/vitest/vitest.mjs', 'run', 'install.test.ts'],
    {
      cwd: 'test',
      stdio: 'inherit',
      env: { ...process.env, FMMAP_ARCHIVES: archives },
    },
  );
  process.exitCode = status ?? 1;
} finally {
  fs.rmSync(archives, { recursive: true });
}
