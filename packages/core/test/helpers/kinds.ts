import fc from 'fast-check';

export type Value = number | bigint;

/** A numeric kind in one byte order, with an independent encoding to compare the library's with. */
export interface Kind {
  /** As in the names of the methods: `UInt8`, `BigInt128BE`. */
  readonly suffix: string;
  readonly size: number;
  readonly isBig: boolean;
  /** The range of values; every number if it is left out. */
  readonly range?: readonly [min: bigint, max: bigint];
  /** The bytes of a value in the file. */
  encode(value: Value): Buffer;
  /** The value of bytes in the file. */
  decode(bytes: Uint8Array): Value;
  /** An integer, in the type of the kind. */
  of(value: bigint): Value;
}

const unsigned = (bits: number) => [0n, 2n ** BigInt(bits) - 1n] as const;
const signed = (bits: number) => [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n] as const;

type Shape = Pick<Kind, 'suffix' | 'size' | 'isBig' | 'range'>;

const integers: readonly Shape[] = [
  { suffix: 'UInt8', size: 1, isBig: false, range: unsigned(8) },
  { suffix: 'Int8', size: 1, isBig: false, range: signed(8) },
  { suffix: 'UInt16', size: 2, isBig: false, range: unsigned(16) },
  { suffix: 'Int16', size: 2, isBig: false, range: signed(16) },
  { suffix: 'UInt32', size: 4, isBig: false, range: unsigned(32) },
  { suffix: 'Int32', size: 4, isBig: false, range: signed(32) },
  { suffix: 'BigUInt64', size: 8, isBig: true, range: unsigned(64) },
  { suffix: 'BigInt64', size: 8, isBig: true, range: signed(64) },
  { suffix: 'BigUInt128', size: 16, isBig: true, range: unsigned(128) },
  { suffix: 'BigInt128', size: 16, isBig: true, range: signed(128) },
  { suffix: 'USize', size: 8, isBig: false, range: unsigned(53) },
  { suffix: 'ISize', size: 8, isBig: false, range: [1n - 2n ** 53n, 2n ** 53n - 1n] },
];
const floats: readonly Shape[] = [
  { suffix: 'Float', size: 4, isBig: false },
  { suffix: 'Double', size: 8, isBig: false },
];

/** Hexadecimal digits are big-endian bytes; little-endian is the reverse. */
function inOrder(shape: Shape, littleEndian: boolean): Kind {
  const { size, isBig, range, suffix } = shape;
  const mirror = (bytes: Uint8Array) => {
    const copy = Buffer.from(bytes);
    return littleEndian ? copy.reverse() : copy;
  };
  const of = (value: bigint) => (isBig ? value : Number(value));
  return {
    ...shape,
    suffix: size === 1 ? suffix : `${suffix}${littleEndian ? 'LE' : 'BE'}`,
    of,
    encode(value) {
      const bytes = Buffer.alloc(size);
      if (!range && size === 4) bytes.writeFloatBE(Number(value));
      else if (!range) bytes.writeDoubleBE(Number(value));
      else bytes.write(hex(BigInt(value), size), 'hex');
      return mirror(bytes);
    },
    decode(bytes) {
      const ordered = mirror(bytes);
      if (!range) return size === 4 ? ordered.readFloatBE() : ordered.readDoubleBE();
      const value = BigInt(`0x${ordered.toString('hex')}`);
      return of(range[0] < 0n ? BigInt.asIntN(size * 8, value) : value);
    },
  };
}

function hex(value: bigint, size: number): string {
  return BigInt.asUintN(size * 8, value)
    .toString(16)
    .padStart(size * 2, '0');
}

/** Every kind in every byte order. */
export const kinds: readonly Kind[] = [...integers, ...floats].flatMap((shape) =>
  shape.size === 1 ? [inOrder(shape, true)] : [inOrder(shape, true), inOrder(shape, false)],
);

export const integerKinds: readonly Kind[] = kinds.filter(({ range }) => range);
export const floatKinds: readonly Kind[] = kinds.filter(({ range }) => !range);

/** Any value of a kind, often an extreme one; no NaN, whose bits JavaScript does not preserve. */
export function anyValue(kind: Kind): fc.Arbitrary<Value> {
  const { range, size } = kind;
  if (!range) return (size === 4 ? fc.float : fc.double)({ noNaN: true });
  const [min, max] = range;
  return fc.oneof(fc.constantFrom(min, max, 0n, max / 2n), fc.bigInt({ min, max })).map(kind.of);
}

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** `file.read…(offset)` or `reader.read…()`. */
export function read(from: object, kind: Kind, ...args: unknown[]): Value {
  return (from as Methods)[`read${kind.suffix}`]?.(...args) as Value;
}

/** `file.write…(value, offset)` or `writer.write…(value)`. */
export function write(to: object, kind: Kind, ...args: unknown[]): number {
  return (to as Methods)[`write${kind.suffix}`]?.(...args) as number;
}
