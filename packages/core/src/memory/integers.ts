// Integers that DataView has no methods for: of 128 bits, of 64 bits as numbers, and of 1 to 6 bytes.
import { Buffer } from 'node:buffer';

import { checkInteger } from '../arguments/range.js';
import { MmapRangeError } from '../errors.js';
import type { Mapping, TypedMemory } from '../mapping/mapping.js';

// The functions for 128 and 64 bits have the signatures of DataView's methods. The view checks `at`; the caller has
// already checked `value`.

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
  // setBigUint64 takes the lowest 64 bits, in two's complement for a negative value. The second half comes first: if the
  // file ends between them, the view refuses it, and nothing has been written.
  view.setBigUint64(at + 8, littleEndian ? value >> 64n : value, littleEndian);
  view.setBigUint64(at, littleEndian ? value : value >> 64n, littleEndian);
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
 * Reads an unsigned 64-bit integer as a number. Never throws for its value: above 2^53 - 1 it is
 * rounded, to a number that is not a safe integer either. {@link exactUSize} reports the error.
 */
function getUSize(view: DataView, at: number, littleEndian: boolean): number {
  const high = view.getUint32(littleEndian ? at + 4 : at, littleEndian);
  return high * HALF + view.getUint32(littleEndian ? at : at + 4, littleEndian);
}

/** Like {@link getUSize}, but signed. */
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

// Integers of 1 to 6 bytes: the sizes that Buffer takes and a number holds exactly. Too rare for a hot path.

/** The suffix of Buffer's `read…` and `write…` methods. */
type Kind = 'UIntLE' | 'UIntBE' | 'IntLE' | 'IntBE';

const bytes = Buffer.alloc(6);

export function checkByteLength(byteLength: unknown): void {
  checkInteger(byteLength, 'byteLength', 1, 6);
}

export function readSized(
  mapping: Mapping,
  kind: Kind,
  offset: number,
  byteLength: number,
): number {
  checkByteLength(byteLength);
  const value = mapping.load(offset, byteLength);
  for (let i = 0; i < byteLength; ++i) bytes[i] = value.getUint8(i);
  return bytes[`read${kind}`](0, byteLength);
}

/** @returns The offset where the next value goes. */
export function writeSized(
  memory: TypedMemory,
  kind: Kind,
  value: number,
  offset: number,
  byteLength: number,
): number {
  checkByteLength(byteLength);
  const size = 2 ** (8 * byteLength);
  const [min, max] = kind.startsWith('U') ? [0, size - 1] : [-size / 2, size / 2 - 1];
  checkInteger(value, 'value', min, max);
  bytes[`write${kind}`](value, 0, byteLength);
  for (let i = 0; i < byteLength; ++i) memory.scratch.setUint8(i, bytes[i] as number);
  return memory.store(offset, byteLength);
}
