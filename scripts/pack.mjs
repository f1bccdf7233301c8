// Packs a package as it would be published.
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './cache.mjs';

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
