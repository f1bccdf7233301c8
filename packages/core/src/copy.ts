import { checkAttached, isBytes, lengthOf, plain } from './bytes.js';
import { typeError } from './errors.js';
import type { Mapping } from './mapping.js';
import { checkSize } from './range.js';
import { ownerOf } from './windows.js';

/** @throws TypeError */
export function toTarget(target: unknown): Uint8Array {
  if (!isBytes(target)) throw typeError('target', 'a Uint8Array', target);
  return plain(target, 'target');
}

/** Copies what there is from `offset` on into all of `to`. @returns The bytes copied. */
export function copyTo(mapping: Mapping, to: Uint8Array, offset: number): number {
  checkSize(offset, 'offset');
  if (to.length === 0) checkAttached(to, 'target'); // it may have gone while the caller waited for the disk
  const count = mapping.settled(() => {
    mapping.refresh();
    const length = Math.max(Math.min(to.length, mapping.length - offset), 0);
    if (mapping.windows.aliases(to, mapping)) to.set(mapping.windows.copy(offset, length));
    else mapping.windows.load(offset, length, to);
    return length;
  }, to);
  mapping.checkAfter(count);
  return count;
}

/** More than this V8 copies faster than a loop. */
const FEW = 16;

/**
 * Does {@link copyTo} for a few bytes, for which an array made on the way would cost more than the copy.
 * @returns The bytes copied, or -1 if it could not.
 */
export function copyFew(mapping: Mapping, target: unknown, offset: number): number {
  if (!isBytes(target)) return -1;
  const length = lengthOf(target);
  if (length === 0 || length > FEW || ownerOf(target)) return -1;
  return mapping.loadFew(offset, length, target) ? length : -1;
}
