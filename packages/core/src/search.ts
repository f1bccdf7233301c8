import { typeError } from './errors.js';
import type { Mapping } from './mapping.js';
import { checkInteger, checkSize } from './range.js';

/** What to search for: bytes, text in UTF-8, or one byte as a number. */
export type Needle = Uint8Array | string | number;

function toBytes(value: Needle): Uint8Array | number {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'number')
    throw typeError('value', 'a Uint8Array, a string or a byte', value);
  checkInteger(value, 'value', 0, 255);
  return value;
}

const sizeOf = (needle: Uint8Array | number): number =>
  typeof needle === 'number' ? 1 : needle.length;

/** First occurrence at or after `offset`, or -1. */
export function indexOf(mapping: Mapping, value: Needle, offset = 0): number {
  const needle = toBytes(value);
  checkSize(offset, 'offset');
  mapping.refresh();
  const { length } = mapping;
  const size = sizeOf(needle);
  if (offset > length || size > length - offset) return size === 0 ? length : -1;
  if (size === 0) return offset;
  let found = -1;
  // What starts in one window and ends in the next is looked for in a copy of the seam.
  mapping.each(offset, length - offset, (bytes, at) => {
    const index = bytes.indexOf(needle);
    if (index >= 0) found = at + index;
    else
      found = indexInSeam(
        mapping,
        needle,
        size,
        Math.max(at, at + bytes.length - size + 1),
        at + bytes.length,
      );
    return found >= 0;
  });
  mapping.refresh();
  return found;
}

function indexInSeam(
  mapping: Mapping,
  needle: Uint8Array | number,
  size: number,
  from: number,
  seam: number,
): number {
  if (size === 1 || seam === mapping.length) return -1;
  const end = Math.min(seam + size - 1, mapping.length);
  const index = mapping.copy(from, end - from).indexOf(needle);
  return index < 0 ? -1 : from + index;
}

/** Last occurrence that starts at or before `offset`, or -1. */
export function lastIndexOf(mapping: Mapping, value: Needle, offset?: number): number {
  const needle = toBytes(value);
  if (offset !== undefined) checkSize(offset, 'offset');
  mapping.refresh();
  const { length } = mapping;
  const size = sizeOf(needle);
  if (size > length) return -1;
  const last = Math.min(offset ?? length, length - size);
  if (size === 0) return last;
  const pieces: { at: number; bytes: Buffer }[] = [];
  mapping.each(0, last + size, (bytes, at) => {
    pieces.push({ at, bytes });
  });
  let found = -1;
  for (const { at, bytes } of pieces.reverse()) {
    const seam = at + bytes.length;
    if (size > 1 && seam < last + size) {
      const from = Math.max(at, seam - size + 1);
      const end = Math.min(seam + size - 1, last + size);
      const index = mapping.copy(from, end - from).lastIndexOf(needle);
      if (index >= 0) found = from + index;
    }
    if (found < 0) {
      const index = bytes.lastIndexOf(needle);
      if (index >= 0) found = at + index;
    }
    if (found >= 0) break;
  }
  mapping.refresh();
  return found;
}
