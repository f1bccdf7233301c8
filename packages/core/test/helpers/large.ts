import * as fs from 'node:fs';
import { MAX_WINDOW } from '../../src/mapping/window.js';
import { tempFile } from './temp.js';

export const GIB: number = 2 ** 30;
/** More than a Buffer of Node 20 can hold, and more than fits in 32 bits. */
export const SIZE: number = 6 * GIB;
/** Whether this Node needs several windows for it: 20 does, 22 and later do not. */
export const isWindowed: boolean = MAX_WINDOW < SIZE;

/** A file of `size` bytes that takes no space. */
export function sparseFile(size: number = SIZE): string {
  const path = tempFile('');
  fs.truncateSync(path, size);
  return path;
}

/** What another program reads from the file. */
export function onDisk(path: string, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const file = fs.openSync(path, 'r');
  try {
    fs.readSync(file, bytes, 0, length, position);
  } finally {
    fs.closeSync(file);
  }
  return bytes;
}

/** Places in a mapping from `offset` where things might go wrong: window ends and powers of two. */
export function seams(offset: number, length: number): number[] {
  const windowEnd = MAX_WINDOW - (offset % 4096);
  return [...new Set([windowEnd, 2 ** 32 - 65_536, 2 ** 32, 2 ** 31, 5 * GIB])]
    .filter((at) => at < length - (1 << 24))
    .sort((a, b) => a - b);
}
