// The table of numbers that the typed accessors are generated from.

/** A numeric kind as stored in a file. Kinds of more than one byte exist as LE and BE. */
export interface NumericKind {
  /** As in the method names, without the byte order: `readUInt32LE`, `writeUInt32BE`. */
  readonly name: string;
  /** Size in the file, in bytes. */
  readonly size: number;
  /** The JavaScript type of a value. */
  readonly js: 'number' | 'bigint';
  /** The name after `get…` and `set…` of the functions that do the work. */
  readonly access: string;
  /**
   * Where they are: `view`, methods of DataView; `integers`, functions of core's `integers.ts`; `halves`,
   * two 32-bit halves that make a number. A file may hold values outside a number's exact range, for which
   * `exact…` of `integers.ts` throws.
   */
  readonly via: 'view' | 'integers' | 'halves';
  /** How the upper half is read. */
  readonly high?: 'Uint32' | 'Int32';
  /** The range of values; omitted if any number is allowed, rounded if necessary. */
  readonly range?: readonly [min: bigint, max: bigint];
}

const uint = (bits: bigint) => [0n, 2n ** bits - 1n] as const;
const int = (bits: bigint) => [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] as const;
const safe = [1n - 2n ** 53n, 2n ** 53n - 1n] as const;

/** All kinds. To add one, add a line here, and its functions to `integers.ts` if DataView has none. */
export const numericKinds: readonly NumericKind[] = [
  { name: 'UInt8', size: 1, js: 'number', access: 'Uint8', via: 'view', range: uint(8n) },
  { name: 'Int8', size: 1, js: 'number', access: 'Int8', via: 'view', range: int(8n) },
  { name: 'UInt16', size: 2, js: 'number', access: 'Uint16', via: 'view', range: uint(16n) },
  { name: 'Int16', size: 2, js: 'number', access: 'Int16', via: 'view', range: int(16n) },
  { name: 'UInt32', size: 4, js: 'number', access: 'Uint32', via: 'view', range: uint(32n) },
  { name: 'Int32', size: 4, js: 'number', access: 'Int32', via: 'view', range: int(32n) },
  { name: 'BigUInt64', size: 8, js: 'bigint', access: 'BigUint64', via: 'view', range: uint(64n) },
  { name: 'BigInt64', size: 8, js: 'bigint', access: 'BigInt64', via: 'view', range: int(64n) },
  {
    name: 'BigUInt128',
    size: 16,
    js: 'bigint',
    access: 'BigUint128',
    via: 'integers',
    range: uint(128n),
  },
  {
    name: 'BigInt128',
    size: 16,
    js: 'bigint',
    access: 'BigInt128',
    via: 'integers',
    range: int(128n),
  },
  { name: 'Float', size: 4, js: 'number', access: 'Float32', via: 'view' },
  { name: 'Double', size: 8, js: 'number', access: 'Float64', via: 'view' },
  {
    name: 'USize',
    size: 8,
    js: 'number',
    access: 'USize',
    via: 'halves',
    high: 'Uint32',
    range: uint(53n),
  },
  {
    name: 'ISize',
    size: 8,
    js: 'number',
    access: 'ISize',
    via: 'halves',
    high: 'Int32',
    range: safe,
  },
];

/** Integers with the size as an argument, 1 to 6 bytes, as in Buffer; core's `integers.ts` does the work. */
export const sizedKinds = ['UIntLE', 'UIntBE', 'IntLE', 'IntBE'] as const;
export type SizedKind = (typeof sizedKinds)[number];
