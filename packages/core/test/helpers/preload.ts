import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempDir } from './temp.js';

/** What to start a program through so that functions of the C library are replaced by those of a file here. */
export function preloading(
  source: string,
  variables: Readonly<Record<string, string | number>>,
): string[] {
  const library = join(tempDir(), `${source}.so`);
  const path = fileURLToPath(new URL(source, import.meta.url));
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, path, '-ldl'], { timeout: 60_000 });
  const all = [process.env.LD_PRELOAD, library].filter(Boolean).join(':');
  return [
    'env',
    `LD_PRELOAD=${all}`,
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
  ];
}
