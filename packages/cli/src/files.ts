// Opens what is looked at: read-only, and without a lock, which might be in somebody's way.
import * as fs from 'node:fs';
import { MmapFile } from '@fmmap/core';
import { Refusal } from './problems.js';

/** A part of a file, in bytes. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

export interface RangeOptions {
  readonly offset?: number;
  readonly length?: number;
}

/** @throws Refusal, or the system's error */
export function checkFile(path: string): fs.Stats {
  if (path === '-')
    throw new Refusal('-: standard input cannot be mapped (a file of this name is ./-)');
  const stats = fs.statSync(path);
  if (stats.isDirectory()) throw new Refusal(`${path}: is a directory`);
  if (!stats.isFile()) throw new Refusal(`${path}: cannot be mapped: not an ordinary file`);
  return stats;
}

/** Opens a file for as long as `use` takes. */
export async function withFile<T>(
  path: string,
  use: (file: MmapFile) => T | Promise<T>,
): Promise<T> {
  checkFile(path);
  const file = MmapFile.open(path, { lock: 'none' });
  try {
    return await use(file);
  } finally {
    file.close();
  }
}

/** The part that options ask for, as far as the file has it. @throws Refusal if it starts after the end */
export function rangeOf(file: MmapFile, { offset = 0, length }: RangeOptions): Range {
  const rest = file.length - offset;
  if (rest < 0) {
    throw new Refusal(`${file.path}: offset ${offset} is after its end (${file.length} bytes)`);
  }
  return { offset, length: Math.min(length ?? rest, rest) };
}

/** The pieces of a range, which end at multiples of `size`. */
export function* piecesOf({ offset, length }: Range, size: number): Generator<Range, void> {
  const end = offset + length;
  for (let at = offset; at < end; ) {
    const next = Math.min((Math.floor(at / size) + 1) * size, end);
    yield { offset: at, length: next - at };
    at = next;
  }
}
