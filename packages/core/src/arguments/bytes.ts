// Access to users' typed arrays without running users' code.
import { types } from 'node:util';

import { argumentError } from '../errors.js';

// Arrays from users may have methods and getters of their own. These must not run while fmmap is working on its memory:
// they could close the file, or keep what they see.

const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** The typed arrays that fmmap accepts. */
export type TypedArray = NodeJS.TypedArray;

/** The mapping whose memory an array is a view of. */
export interface Owner {
  /** @throws MmapFaultError */
  requireIntact(): void;
}

function getter<T>(name: string): (array: TypedArray) => T {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as () => T;
  return Function.prototype.call.bind(get) as (array: TypedArray) => T;
}

/** By internal slots, not by class: a Buffer is not an instance of another realm's `Uint8Array` (jsdom, `node:vm`). */
export const {
  isUint8Array: isBytes,
  isBigUint64Array,
  isFloat64Array,
  isTypedArray,
  isUint32Array,
  isSharedArrayBuffer: isShared,
} = types;

export const bufferOf = getter<ArrayBufferLike>('buffer');
export const byteOffsetOf = getter<number>('byteOffset');
export const byteLengthOf = getter<number>('byteLength');
export const lengthOf = getter<number>('length');

/**
 * A plain array over the same memory, without overridden methods and getters.
 * @throws TypeError if the memory is gone
 */
export function plain(array: Uint8Array, name: string): Uint8Array {
  const length = lengthOf(array);
  if (length === 0) checkAttached(array, name);
  return new Uint8Array(bufferOf(array) as ArrayBuffer, byteOffsetOf(array), length);
}

/**
 * Detects an array that no longer has the bytes that it had when a call was made.
 * @throws TypeError
 */
export function checkWhole(array: TypedArray, length: number, name: string): void {
  const now = lengthOf(array);
  if (now === length) return;
  checkAttached(array, name);
  const what = `had ${length} bytes when the call was made, and has ${now} left; resize its buffer only afterwards`;
  throw argumentError(name, what, 'ERR_INVALID_ARG_VALUE');
}

/**
 * Detects an array whose memory was transferred or detached, which looks like an empty one.
 * @throws TypeError
 */
export function checkAttached(array: TypedArray, name: string): void {
  try {
    new Uint8Array(bufferOf(array) as ArrayBuffer);
  } catch (cause) {
    const what =
      'has no memory, because its buffer was transferred or detached; pass one whose buffer is attached';
    throw argumentError(name, what, 'ERR_INVALID_ARG_VALUE', { cause });
  }
}
