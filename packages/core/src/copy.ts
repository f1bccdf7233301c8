import { plain } from './bytes.js';
import { typeError } from './errors.js';
import type { Mapping } from './mapping.js';
import { checkSize } from './range.js';

/** @throws TypeError */
export function toTarget(target: unknown): Uint8Array {
  if (!(target instanceof Uint8Array)) throw typeError('target', 'a Uint8Array', target);
  return plain(target);
}

/** Copies what there is from `offset` on into all of `to`. @returns The bytes copied. */
export function copyTo(mapping: Mapping, to: Uint8Array, offset: number): number {
  checkSize(offset, 'offset');
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
