// Copies elements from many places of a mapping.
import { Buffer } from 'node:buffer';
import {
  bufferOf,
  byteLengthOf,
  byteOffsetOf,
  checkAttached,
  isBigUint64Array,
  isFloat64Array,
  isTypedArray,
  isUint32Array,
  lengthOf,
  type TypedArray,
} from '../arguments/bytes.js';
import { binding, type OffsetArray } from '../binding/binding.js';
import { MmapRangeError, typeError } from '../errors.js';
import type { Mapping } from '../mapping/mapping.js';
import { ownerOf } from '../mapping/window-set.js';
import { isBigEndian } from './endianness.js';

/** Copies the element at each offset, in bytes, to `target`; see `FileReads.gather`. */
export function gather(
  mapping: Mapping,
  target: TypedArray,
  offsets: OffsetArray | Uint32Array,
): void {
  if (!isTypedArray(target)) throw typeError('target', 'a typed array', target);
  if (!isFloat64Array(offsets) && !isBigUint64Array(offsets) && !isUint32Array(offsets)) {
    throw typeError('offsets', 'a Float64Array, a BigUint64Array or a Uint32Array', offsets);
  }
  const [room, count] = [lengthOf(target), lengthOf(offsets)];
  if (room === 0) checkAttached(target, 'target');
  if (count === 0) checkAttached(offsets, 'offsets');
  if (count > room) {
    throw new MmapRangeError(
      `"target" has room for ${room} ${room === 1 ? 'element' : 'elements'}, and "offsets" has ${count}: pass a longer target, or fewer offsets`,
      { argument: 'target', path: mapping.path },
    );
  }
  if (count === 0) {
    mapping.refresh();
    return;
  }
  const size = byteLengthOf(target) / room;
  const bytes = Buffer.from(bufferOf(target) as ArrayBuffer, byteOffsetOf(target), count * size);
  mapping.settled(() => {
    mapping.requireUsable();
    const { length, windows } = mapping;
    const wrong = binding.gather(bytes, size, offsets, windows.delta, length, ...windows.bytes());
    if (wrong >= 0) throw outside(mapping, offsets, wrong, size);
  });
  if (size > 1 && isBigEndian()) swap(bytes, size);
  for (const array of [target, offsets]) ownerOf(array)?.requireIntact();
  mapping.checkAfter(bytes.length);
}

function outside(
  { length, path }: Mapping,
  offsets: OffsetArray | Uint32Array,
  index: number,
  size: number,
): MmapRangeError {
  const where =
    length < size
      ? `an element of ${size} bytes does not fit into the ${length} bytes of the mapping`
      : `each must be an integer from 0 to ${length - size}, for elements of ${size} bytes`;
  const message = `"offsets" has ${offsets[index]} at index ${index}: ${where}`;
  return new MmapRangeError(message, { argument: 'offsets', path });
}

/** From the byte order of files to that of the machine. */
function swap(bytes: Buffer, size: number): void {
  if (size === 2) bytes.swap16();
  else if (size === 4) bytes.swap32();
  else bytes.swap64();
}
