import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { Files } from './print.js';

/** What is wrong on disk, by path relative to the folder. */
export interface Difference {
  readonly path: string;
  readonly state: 'missing' | 'different' | 'stale';
}

/** Compares whole files, and in both directions. */
export function compare(folder: string, files: Files): Difference[] {
  const onDisk = list(folder);
  const differences: Difference[] = onDisk
    .filter((path) => !files.has(path))
    .map((path) => ({ path, state: 'stale' }));
  for (const [path, text] of files) {
    if (!onDisk.includes(path)) differences.push({ path, state: 'missing' });
    else if (readFileSync(join(folder, path), 'utf8') !== text) {
      differences.push({ path, state: 'different' });
    }
  }
  return differences;
}

/** Makes the folder hold `files` and nothing else; what is right already is not touched. */
export function write(folder: string, files: Files): Difference[] {
  const differences = compare(folder, files);
  for (const { path, state } of differences) {
    const target = join(folder, path);
    if (state === 'stale') {
      rmSync(target);
      continue;
    }
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, files.get(path) ?? '');
  }
  return differences;
}

/** Every file below `folder`, with `/` on every platform. */
function list(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}
