import { MmapRangeError } from './errors.js';

// The numeric kinds for which DataView has no methods, in the shape of those methods: the view
// checks `at`, and nobody here checks `value`. Setters take what fits the kind, as range.ts sees it.

const HALF = 0x1_0000_0000;

/** Reads an unsigned 128-bit integer from the 16 bytes at `at`. */
export function getBigUint128(view: DataView, at: number, littleEndian: boolean): bigint {
  const high = view.getBigUint64(littleEndian ? at + 8 : at, littleEndian);
  return (high << 64n) | view.getBigUint64(littleEndian ? at : at + 8, littleEndian);
}

/** Reads a signed 128-bit integer from the 16 bytes at `at`. */
export function getBigInt128(view: DataView, at: number, littleEndian: boolean): bigint {
  const high = view.getBigInt64(littleEndian ? at + 8 : at, littleEndian);
  return (high << 64n) | view.getBigUint64(littleEndian ? at : at + 8, littleEndian);
}

/** Writes an unsigned 128-bit integer to the 16 bytes at `at`. */
export function setBigUint128(
  view: DataView,
  at: number,
  value: bigint,
  littleEndian: boolean,
): void {
  // setBigUint64 takes the lowest 64 bits, of a negative value those of its two's complement.
  view.setBigUint64(littleEndian ? at : at + 8, value, littleEndian);
  view.setBigUint64(littleEndian ? at + 8 : at, value >> 64n, littleEndian);
}

/** Writes a signed 128-bit integer to the 16 bytes at `at`. */
export function setBigInt128(
  view: DataView,
  at: number,
  value: bigint,
  littleEndian: boolean,
): void {
  setBigUint128(view, at, value, littleEndian);
}

/**
 * Reads an unsigned 64-bit integer as a number, never throwing for its value: beyond 2^53 - 1 it is
 * rounded, to a number that is not a safe integer either. {@link exactUSize} says what was wrong.
 */
function getUSize(view: DataView, at: number, littleEndian: boolean): number {
  const high = view.getUint32(littleEndian ? at + 4 : at, littleEndian);
  return high * HALF + view.getUint32(littleEndian ? at : at + 4, littleEndian);
}

/** As {@link getUSize}, signed. */
function getISize(view: DataView, at: number, littleEndian: boolean): number {
  const high = view.getInt32(littleEndian ? at + 4 : at, littleEndian);
  return high * HALF + view.getUint32(littleEndian ? at : at + 4, littleEndian);
}

/**
 * The USize in `bytes`, a copy of the 8 bytes of the file at `offset`.
 * @throws `MmapRangeError` if it is above 2^53 - 1.
 */
export function exactUSize(bytes: DataView, offset: number, littleEndian: boolean): number {
  const value = getUSize(bytes, 0, littleEndian);
  if (Number.isSafeInteger(value)) return value;
  throw inexact('USize', 'BigUInt64', bytes.getBigUint64(0, littleEndian), offset, littleEndian);
}

/**
 * The ISize in `bytes`, a copy of the 8 bytes of the file at `offset`.
 * @throws `MmapRangeError` if it is beyond ±(2^53 - 1).
 */
export function exactISize(bytes: DataView, offset: number, littleEndian: boolean): number {
  const value = getISize(bytes, 0, littleEndian);
  if (Number.isSafeInteger(value)) return value;
  throw inexact('ISize', 'BigInt64', bytes.getBigInt64(0, littleEndian), offset, littleEndian);
}

function inexact(
  kind: string,
  bigKind: string,
  value: bigint,
  offset: number,
  littleEndian: boolean,
): MmapRangeError {
  const order = littleEndian ? 'LE' : 'BE';
  return new MmapRangeError(
    `The ${kind} at offset ${offset} is ${value}, which a number cannot hold exactly ` +
      `(Number.MAX_SAFE_INTEGER is 2^53 - 1): read it with read${bigKind}${order}.`,
  );
}
