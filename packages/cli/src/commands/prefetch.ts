// `fmmap prefetch`: reads files into memory.
import type { MmapFile } from '@fmmap/core';
import { type ChangeOptions, changeResidency } from '../change.js';
import { piecesOf, type Range } from '../files.js';

const PIECE = 2 ** 24;

export const prefetch = (paths: readonly string[], options: ChangeOptions): Promise<number> =>
  changeResidency(paths, options, {
    name: 'prefetch',
    done: 'read in',
    amount: (before, after) => after.residentBytes - before.residentBytes,
    isDone: ({ bytes, residentBytes }) => residentBytes === bytes,
    act: readIn,
  });

function readIn(file: MmapFile, range: Range, report: (bytes: number) => void): void {
  for (const piece of piecesOf(range, PIECE)) {
    file.prefetch(piece.offset, piece.length);
    // It stays in memory, but not in that of this process.
    file.advise('dontneed', piece.offset, piece.length);
    report(piece.offset + piece.length - range.offset);
  }
}
