// `fmmap evict`: makes the system forget what it has of files in memory.
import * as fs from 'node:fs';
import { isAdviceSupported, type MmapFile, MmapFileMut, MmapUnsupportedError } from '@fmmap/core';
import { type ChangeOptions, changeResidency } from '../change.js';
import { piecesOf, type Range } from '../files.js';
import { Refusal } from '../problems.js';
import { residentRuns, whyUnknown } from '../residency.js';

const PIECE = 2 ** 24;

export const evict = (paths: readonly string[], options: ChangeOptions): Promise<number> =>
  changeResidency(paths, options, {
    name: 'evict',
    done: 'evicted',
    isDone: ({ residentBytes }) => residentBytes === 0,
    act: forget,
  });

function forget(file: MmapFile, range: Range, report: (bytes: number) => void): void {
  if (!isAdviceSupported('pageout')) {
    throw new MmapUnsupportedError(`${file.path}: this system has no call that evicts a file`);
  }
  const why = whyUnknown(file);
  if (why !== undefined) throw new Refusal(`${file.path}: ${why}, and only they may evict it`);
  write(file.path);
  settle();
  for (const piece of piecesOf(range, PIECE)) {
    // Only mapped pages are reclaimed: mapping those that are in memory reads nothing.
    for (const { offset, length } of residentRuns(file, piece)) file.prefetch(offset, length);
    file.advise('pageout', piece.offset, piece.length);
    report(piece.offset + piece.length - range.offset);
  }
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
