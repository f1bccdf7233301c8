import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { isWindows } from './platform.js';

/** What programs count with, too. */
const { counts, descriptors, areas, mappings } = createRequire(import.meta.url)(
  '../programs/counts.cjs',
) as {
  counts?: {
    committedBytes: () => number;
    losePages: (bytes: Buffer, reason: number) => number;
  };
  descriptors: (path: string) => number;
  areas: () => number;
  mappings: (path: string) => number;
};

/** An addon that tests have on Windows. */
export const windowsCounts: typeof counts = counts;

/** Counts the open descriptors of this process (on Windows, those of files), or those of the file at `path`. */
export function countDescriptors(path = ''): number {
  return descriptors(path);
}

/** Counts the mapped ranges of this process, or those of the file at `path`. */
export function countMappings(path = ''): number {
  return path === '' ? areas() : mappings(path);
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
