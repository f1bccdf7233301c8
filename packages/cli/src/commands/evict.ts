// `fmmap evict`: makes the system forget what it has of files in memory.
import * as fs from 'node:fs';
import { type MmapFile, MmapFileMut } from '@fmmap/core';
import { type ChangeOptions, changeResidency } from '../change.js';
import { piecesOf, type Range } from '../files.js';
import { Refusal } from '../problems.js';
import { residentRuns, whyUnknown } from '../residency.js';

const PIECE = 2 ** 24;
/** The first may do no more than split what the kernel keeps as one, and leaves what is in use at that moment. */
const ATTEMPTS = 8;

export const evict = (paths: readonly string[], options: ChangeOptions): Promise<number> =>
  changeResidency(paths, options, {
    name: 'evict',
    done: 'evicted',
    amount: (before, after) => before.residentBytes - after.residentBytes,
    isDone: ({ residentBytes }) => residentBytes === 0,
    act: forget,
  });

function forget(file: MmapFile, range: Range, report: (bytes: number) => void): void {
  const why = whyUnknown(file);
  if (why !== undefined) throw new Refusal(`${file.path}: ${why}, and only they may evict it`);
  write(file.path);
  settle();
  for (const piece of piecesOf(range, PIECE)) {
    for (let attempt = 0; attempt < ATTEMPTS && reclaim(file, piece); ++attempt);
    report(piece.offset + piece.length - range.offset);
  }
}

/** @returns Whether some of it was in memory, and may still be. */
function reclaim(file: MmapFile, piece: Range): boolean {
  const runs = [...residentRuns(file, piece)];
  // Only mapped pages are reclaimed: mapping those that are in memory reads nothing.
  for (const { offset, length } of runs) file.prefetch(offset, length);
  if (runs.length > 0) file.advise('pageout', piece.offset, piece.length);
  return runs.length > 0;
}

/** What is not on the disk yet would stay in memory. */
function write(path: string): void {
  const descriptor = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * Each processor keeps the last few pages that it has read in a list of its own, from which another one cannot reclaim them.
 * Linux empties all of these lists before it looks for what could be a huge page, even if it then finds nothing.
 */
function settle(): void {
  const memory = MmapFileMut.anonymous(2 ** 22);
  try {
    memory.advise('collapse');
  } catch {
    // Nothing could be, or this kernel has no such advice: then some pages may stay.
  } finally {
    memory.close();
  }
}
