import { Buffer } from 'node:buffer';

import type { Mapping } from './mapping.js';
import { checkInteger } from './range.js';

// Integers of 1 to 6 bytes: the sizes that Buffer takes, and that a number holds exactly. Too rare for a hot path.

/** What Buffer calls the kind, after `read` and `write`. */
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

/** @returns Where the next value goes. */
export function writeSized(
  mapping: Mapping,
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
  for (let i = 0; i < byteLength; ++i) mapping.scratch.setUint8(i, bytes[i] as number);
  return mapping.store(offset, byteLength);
}
