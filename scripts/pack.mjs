// Packs packages as they would be published.
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './cache.mjs';
import { OWN } from './platforms/table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
export const PNPM = join(root, 'node_modules/pnpm/bin/pnpm.cjs');

/** @returns The path of the archive. */
export function pack(folder, to) {
  const args = [PNPM, '--dir', join(root, folder), 'pack', '--pack-destination', to];
  return join(
    to,
    basename(
      run(process.execPath, ...args)
        .trim()
        .split('\n')
        .at(-1),
    ),
  );
}

/** Packs the package of a platform with what was compiled here; one of another platform gets something in its place. */
export function packPlatform(platform, to) {
  const staged = fs.mkdtempSync(join(tmpdir(), 'fmmap-platform-'));
  const archive = join(to, `${platform.name}.tgz`);
  try {
    const folder = join(staged, 'package');
    const binary = join(folder, 'fmmap.node');
    fs.cpSync(join(root, 'native/platforms', platform.name), folder, { recursive: true });
    if (platform === OWN)
      fs.copyFileSync(join(root, 'native/src/build/Release/fmmap.node'), binary);
    else fs.writeFileSync(binary, `for ${platform.name}`);
    run('tar', '-czf', archive, '-C', staged, 'package');
  } finally {
    fs.rmSync(staged, { recursive: true });
  }
  return archive;
}
