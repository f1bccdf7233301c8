// Copies bytes of a mapping into a target array of the caller's.
import { checkAttached, isBytes, lengthOf, plain } from '../arguments/bytes.js';
import { checkSize } from '../arguments/range.js';
import { typeError } from '../errors.js';
import type { Mapping } from '../mapping/mapping.js';
import { ownerOf } from '../mapping/window-set.js';

/** @throws TypeError */
export function toTarget(target: unknown): Uint8Array {
  if (!isBytes(target)) throw typeError('target', 'a Uint8Array', target);
  return plain(target, 'target');
}

/** Copies the available bytes from `offset` into `to`, as far as it has room. @returns The number of bytes copied. */
export function copyTo(mapping: Mapping, to: Uint8Array, offset: number): number {
  return copy(mapping, to, offset, () => {
    mapping.refresh();
    return Math.max(Math.min(to.length, mapping.length - offset), 0);
  });
}

/** Fills all of `to`, starting at `offset`. @throws MmapRangeError if there are not enough bytes */
export function copyExact(mapping: Mapping, to: Uint8Array, offset: number): void {
  copy(mapping, to, offset, () => {
    requireExact(mapping, to, offset);
    return to.length;
  });
}

/** @throws MmapRangeError, MmapPoisonedError if there are not enough bytes, MmapClosedError, MmapFaultError */
export function requireExact(mapping: Mapping, to: Uint8Array, offset: number): void {
  mapping.refresh();
  mapping.requireBytes(offset, to.length, 'target');
}

/** @param count - Returns how many bytes; called on every attempt, as another thread may shorten the mapping. */
function copy(mapping: Mapping, to: Uint8Array, offset: number, count: () => number): number {
  checkSize(offset, 'offset');
  if (to.length === 0) checkAttached(to, 'target'); // may have been detached while the caller waited for the disk
  const copied = mapping.settled(() => {
    const length = count();
    if (mapping.windows.aliases(to, mapping)) to.set(mapping.windows.copy(offset, length));
    else mapping.windows.load(offset, length, to);
    return length;
  }, to);
  mapping.checkAfter(copied);
  return copied;
}

/** Above this many bytes, V8's own copy is faster than a loop. */
const FEW = 16;

/**
 * {@link copyTo} for a few bytes, where allocating an intermediate array would cost more than the copy.
 * @returns The number of bytes copied, or -1 if that is not possible.
 */
export function copyFew(mapping: Mapping, target: unknown, offset: number): number {
  if (!isBytes(target)) return -1;
  const length = lengthOf(target);
  if (length === 0 || length > FEW || ownerOf(target)) return -1;
  return mapping.loadFew(offset, length, target) ? length : -1;
}
