import { types } from 'node:util';

import { argumentError } from '../errors.js';

// Arrays that come from users may have methods and getters of their own. Those must not run while
// fmmap has its memory in hand: they could close the file, or keep what they get to see.

const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** The kinds that fmmap takes. */
export type TypedArray = Uint8Array | BigUint64Array | Float64Array;

/** The mapping whose memory an array lies over. */
export interface Owner {
  /** @throws MmapFaultError */
  requireIntact(): void;
}

function getter<T>(name: string): (array: TypedArray) => T {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as () => T;
  return Function.prototype.call.bind(get) as (array: TypedArray) => T;
}

/** By what they are made of, and not by a class: a Buffer is no `Uint8Array` of another realm (jsdom, `node:vm`). */
export const {
  isUint8Array: isBytes,
  isBigUint64Array,
  isFloat64Array,
  isSharedArrayBuffer: isShared,
} = types;

export const bufferOf = getter<ArrayBufferLike>('buffer');
export const byteOffsetOf = getter<number>('byteOffset');
export const byteLengthOf = getter<number>('byteLength');
export const lengthOf = getter<number>('length');

/** An array without surprises over the same memory. @throws TypeError if that is gone */
export function plain(array: Uint8Array, name: string): Uint8Array {
  const length = lengthOf(array);
  if (length === 0) checkAttached(array, name);
  return new Uint8Array(bufferOf(array) as ArrayBuffer, byteOffsetOf(array), length);
}

/**
 * An array whose memory was transferred or detached looks like one that was made empty.
 * @throws TypeError
 */
export function checkAttached(array: TypedArray, name: string): void {
  try {
    new Uint8Array(bufferOf(array) as ArrayBuffer);
  } catch (cause) {
    const what = 'has lost its memory, which was transferred or detached; give one that has it';
    throw argumentError(name, what, 'ERR_INVALID_ARG_VALUE', { cause });
  }
}
