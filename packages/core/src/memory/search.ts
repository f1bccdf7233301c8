// Searches a mapping for bytes, across its windows.
import { Buffer } from 'node:buffer';
import {
  checkAttached,
  isBigUint64Array,
  isBytes,
  isFloat64Array,
  lengthOf,
  plain,
} from '../arguments/bytes.js';
import { checkInteger, checkSize } from '../arguments/range.js';
import { binding, type OffsetArray } from '../binding/binding.js';
import { MmapRangeError, typeError } from '../errors.js';
import type { Mapping } from '../mapping/mapping.js';
import { ownerOf } from '../mapping/window-set.js';

/** What to search for: bytes, text (UTF-8 by default), or one byte as a number. */
export type Needle = Uint8Array | string | number;

function toBytes(value: Needle, encoding?: BufferEncoding, name = 'value'): Uint8Array {
  if (encoding !== undefined) checkEncoding(encoding);
  if (typeof value === 'string') return Buffer.from(value, encoding);
  if (isBytes(value)) return plain(value, name);
  if (typeof value !== 'number') throw typeError(name, 'a Uint8Array, a string or a byte', value);
  checkInteger(value, name, 0, 255);
  return Uint8Array.of(value);
}

/** @throws TypeError, MmapRangeError for an empty delimiter */
export function toDelimiter(value: Needle): Uint8Array {
  return requireSome(toBytes(value, undefined, 'delimiter'), 'delimiter');
}

function requireSome(needle: Uint8Array, name: string): Uint8Array {
  if (needle.length > 0) return needle;
  throw new MmapRangeError(`"${name}" must not be empty: an empty value would match everywhere`, {
    argument: name,
  });
}

/** As in Buffer's methods, the encoding of text may take the place of any argument before it. */
export function searchArguments(
  value: Needle,
  ...args: readonly unknown[]
): [offset?: number, end?: number, encoding?: BufferEncoding] {
  const at = typeof value === 'string' ? args.findIndex(isEncoding) : -1;
  const numbers = at < 0 ? args : args.slice(0, at);
  return [numbers[0], numbers[1], at < 0 ? args[2] : args[at]] as [number, number, BufferEncoding];
}

const isEncoding = (value: unknown): boolean =>
  typeof value === 'string' && Buffer.isEncoding(value);

/** @throws TypeError if it is not one of Buffer's encodings */
export function checkEncoding(encoding: unknown): void {
  if (isEncoding(encoding)) return;
  throw typeError(
    'encoding',
    "one of Buffer's encodings, such as 'utf8', 'latin1' or 'hex'",
    encoding,
  );
}

/** The bytes around the end of a piece, where a match may start in it and end in the next. */
function seam(mapping: Mapping, needle: Uint8Array, piece: Buffer, at: number, end: number) {
  const cut = at + piece.length;
  const from = Math.max(at, cut - needle.length + 1);
  const until = cut === end ? from : Math.min(cut + needle.length - 1, end);
  return { from, bytes: mapping.windows.copy(from, until - from) };
}

/** Offset of the first occurrence at or after `offset` that ends at or before `end`, or -1. */
export function indexOf(
  mapping: Mapping,
  value: Needle,
  offset = 0,
  end?: number,
  encoding?: BufferEncoding,
): number {
  const needle = toBytes(value, encoding);
  checkSize(offset, 'offset');
  if (end !== undefined) checkSize(end, 'end');
  let until = 0;
  const search = (): number => {
    mapping.refresh();
    until = Math.min(end ?? mapping.length, mapping.length);
    if (needle.length === 0) return Math.min(offset, until) + 0;
    return needle.length > until - offset ? -1 : findFirst(mapping, needle, offset, until);
  };
  const found = mapping.settled(search, needle);
  mapping.checkAfter((found < 0 ? until : found) - offset);
  return found;
}

function findFirst(mapping: Mapping, needle: Uint8Array, offset: number, end: number): number {
  let found = -1;
  const visit = (bytes: Buffer, at: number): boolean => {
    const index = binding.find(bytes, needle);
    if (index >= 0) found = at + index;
    else if (needle.length > 1) {
      const around = seam(mapping, needle, bytes, at, end);
      const inSeam = around.bytes.indexOf(needle);
      if (inSeam >= 0) found = around.from + inSeam;
    }
    return found >= 0;
  };
  mapping.windows.each(offset, end - offset, visit);
  return found;
}

/** Writes the offsets of all occurrences from `start` to `end` to `target` until it is full. @returns How many. */
export function indexesOf(
  mapping: Mapping,
  value: Needle,
  target: OffsetArray,
  start: number,
  end: number | undefined,
  encoding: BufferEncoding | undefined,
): number {
  const needle = requireSome(toBytes(value, encoding), 'value');
  if (!isBigUint64Array(target) && !isFloat64Array(target)) {
    throw typeError('target', 'a BigUint64Array or a Float64Array', target);
  }
  if (lengthOf(target) === 0) checkAttached(target, 'target');
  let until = 0;
  const search = (): number => {
    until = mapping.resolveEnd(start, end, false);
    return findEvery(mapping, needle, start, until, target);
  };
  const count = mapping.settled(search, needle);
  ownerOf(target)?.requireIntact();
  mapping.checkAfter(until - start);
  return count;
}

function findEvery(
  mapping: Mapping,
  needle: Uint8Array,
  start: number,
  end: number,
  target: OffsetArray,
): number {
  const room = lengthOf(target);
  let count = 0;
  let next = start; // end of the previous occurrence
  const add = (bytes: Buffer, at: number): void => {
    const from = Math.max(next - at, 0);
    const found = binding.findAll(bytes.subarray(from), needle, at + from, target, count);
    if (found === 0) return;
    count += found;
    next = Number(target[count - 1]) + needle.length;
  };
  mapping.windows.each(start, end - start, (bytes, at) => {
    add(bytes, at);
    const around = seam(mapping, needle, bytes, at, end);
    add(around.bytes, around.from);
    return count === room;
  });
  return count;
}

/** Buffer.lastIndexOf in Node 20 miscounts past 2^31, so a search goes piece by piece. */
const PIECE = 2 ** 30;

/** Offset of the last occurrence that starts at or before `offset`, or -1. */
export function lastIndexOf(
  mapping: Mapping,
  value: Needle,
  offset?: number,
  encoding?: BufferEncoding,
): number {
  const needle = toBytes(value, encoding);
  if (offset !== undefined) checkSize(offset, 'offset');
  let last = 0;
  const search = (): number => {
    mapping.refresh();
    last = Math.min(offset ?? mapping.length, mapping.length - needle.length);
    if (last < 0) return -1;
    return needle.length === 0 ? last + 0 : findLast(mapping, needle, last);
  };
  const found = mapping.settled(search, needle);
  mapping.checkAfter(last - found);
  return found;
}

function findLast(mapping: Mapping, needle: Uint8Array, last: number): number {
  const end = last + needle.length;
  const pieces: { at: number; bytes: Buffer }[] = [];
  mapping.windows.each(0, end, (bytes, at) => pieces.push({ at, bytes }) < 0, PIECE);
  for (const { at, bytes } of pieces.reverse()) {
    const around = seam(mapping, needle, bytes, at, end);
    const inSeam = around.bytes.lastIndexOf(needle);
    if (inSeam >= 0) return around.from + inSeam;
    const index = bytes.lastIndexOf(needle);
    if (index >= 0) return at + index;
  }
  return -1;
}
