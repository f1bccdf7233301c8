import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isWindows } from './platform.js';

/** Windows has no /proc: a small addon counts there. */
export const windowsCounts: {
  countFiles: (path: string, numbers: bigint[]) => number;
  countViews: (path: string) => number;
  countAreas: () => number;
  committedBytes: () => number;
  losePage: (page: Buffer, reason: number) => number;
} | null = isWindows ? createRequire(import.meta.url)('./counts-windows.node') : null;

/** What Windows calls a file: without its drive, which is called differently there. */
export const withoutDrive = (path: string): string => path.replace(/^[A-Za-z]:/, '');

/** The inode numbers of a file, or of a directory and all in it. */
function numbersOf(path: string): bigint[] {
  const found =
    path === '' ? undefined : fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!found) return [];
  const below = found.isDirectory() ? fs.readdirSync(path) : [];
  return [found.ino, ...below.flatMap((name) => numbersOf(join(path, name)))];
}

/** Counts the open descriptors of this process (on Windows, those of files), or those of the file at `path`. */
export function countDescriptors(path = ''): number {
  if (windowsCounts) return windowsCounts.countFiles(withoutDrive(path), numbersOf(path));
  return fs.readdirSync('/proc/self/fd').filter((fd) => targetOf(fd).startsWith(path)).length;
}

function targetOf(fd: string): string {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ''; // closed since it was listed
  }
}

/** Counts the mapped ranges of this process, or those of the file at `path`. */
export function countMappings(path = ''): number {
  if (windowsCounts)
    return path === '' ? windowsCounts.countAreas() : windowsCounts.countViews(withoutDrive(path));
  return fs
    .readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && line.includes(path)).length;
}

/** How much memory this process has locked; nothing tells that on Windows. */
export function lockedKiB(): number | undefined {
  if (isWindows) return undefined;
  return Number(/^VmLck:\s+(\d+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

/** One turn of the event loop, in which finalizers run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Collects garbage until finalizers have run, too. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 5; ++round) {
    globalThis.gc?.();
    await turn();
  }
}

/** How this process maps a file, according to `/proc/self/smaps`: one entry for each range. */
export function mappingsOf(path: string): { access: string; flags: string[]; resident: number }[] {
  const entries = fs.readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return entries
    .filter((entry) => entry.split('\n', 1)[0]?.endsWith(path))
    .map((entry) => ({
      access: entry.split(' ')[1] ?? '',
      flags: /^VmFlags: (.*)$/m.exec(entry)?.[1]?.trim().split(' ') ?? [],
      resident: Number(/^Rss: +(\d+) kB$/m.exec(entry)?.[1]) * 1024,
    }));
}
