// Which parts of a file are in memory.
import * as fs from 'node:fs';
import process from 'node:process';
import { type MmapFile, pageSize } from '@fmmap/core';
import { piecesOf, type Range } from './files.js';

/** Asking about so much takes a byte for each page. */
const PIECE = 2 ** 16 * pageSize;

export interface Residency {
  readonly pages: number;
  readonly residentPages: number;
  readonly bytes: number;
  readonly residentBytes: number;
}

/** Why the system does not say what of a file is in memory; undefined if it does. */
export function whyUnknown(file: MmapFile): string | undefined {
  if (process.platform === 'win32') {
    return 'Windows tells only what a process itself has in memory, not what the system has';
  }
  const user = process.geteuid?.();
  if (user === 0 || user === file.stat().uid) return undefined;
  try {
    fs.accessSync(file.path, fs.constants.W_OK);
    return undefined;
  } catch {
    return 'the system tells only those who own it or may write to it what is in memory';
  }
}

/**
 * The parts of a range that are in memory, in order; the parts between them are not. Nothing is read in.
 * @param size - So much is asked about at a time: whole pages.
 */
export function* residentRuns(
  file: MmapFile,
  range: Range,
  size: number = PIECE,
): Generator<Range, void> {
  const end = range.offset + range.length;
  let start = -1; // of the run that has not ended yet
  for (const piece of piecesOf(range, size)) {
    const pages = file.residency(piece.offset, piece.length);
    const first = Math.floor(piece.offset / pageSize);
    for (let page = 0; ; ) {
      page = pages.indexOf(start < 0 ? 1 : 0, page);
      if (page < 0) break;
      const at = Math.max((first + page) * pageSize, range.offset);
      if (start >= 0) yield { offset: start, length: at - start };
      start = start < 0 ? at : -1;
    }
  }
  if (start >= 0) yield { offset: start, length: end - start };
}

/** The number of pages that a range touches. */
export const pagesOf = ({ offset, length }: Range): number =>
  length === 0 ? 0 : Math.ceil((offset + length) / pageSize) - Math.floor(offset / pageSize);

/**
 * Adds up what is in memory.
 * @param each - Called with every part that is.
 */
export function measure(file: MmapFile, range: Range, each?: (run: Range) => void): Residency {
  let residentPages = 0;
  let residentBytes = 0;
  for (const run of residentRuns(file, range)) {
    residentPages += pagesOf(run);
    residentBytes += run.length;
    each?.(run);
  }
  return { pages: pagesOf(range), residentPages, bytes: range.length, residentBytes };
}
