import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MmapRangeError } from '../../src/errors.js';
import * as integers from '../../src/memory/integers.js';

/** The bytes in the file, as hexadecimal digits in big-endian order; little-endian is the reverse. */
function bytesOf(value: bigint, size: number, littleEndian: boolean): Buffer {
  const digits = BigInt.asUintN(size * 8, value).toString(16);
  const bytes = Buffer.from(digits.padStart(size * 2, '0'), 'hex');
  return littleEndian ? bytes.reverse() : bytes;
}

const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const limit = 2n ** 53n - 1n;

type Get<T> = (view: DataView, at: number, littleEndian: boolean) => T;
type Set<T> = (view: DataView, at: number, value: T, littleEndian: boolean) => void;
const of = (get: Get<bigint>, set: Set<bigint>) => ({ get, set });

const big = 2n ** 127n;
const kinds = [
  {
    kind: 'BigUint128',
    size: 16,
    min: 0n,
    max: 2n * big - 1n,
    ...of(integers.getBigUint128, integers.setBigUint128),
  },
  {
    kind: 'BigInt128',
    size: 16,
    min: -big,
    max: big - 1n,
    ...of(integers.getBigInt128, integers.setBigInt128),
  },
];

describe.each(kinds)('$kind', ({ size, min, max, get, set }) => {
  const edges = [min, max, 0n, 1n, 2n ** 32n - 1n, 2n ** 32n, max - 1n, min + 1n, min / 2n];

  test.each([true, false])('is read and written in place, littleEndian: %s', (littleEndian) => {
    const values = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min, max }));
    fc.assert(
      fc.property(values, fc.nat(7), (value, at) => {
        const frame = Buffer.alloc(size + 8, 0xa5);
        const expected = Buffer.from(frame);
        bytesOf(value, size, littleEndian).copy(expected, at);

        set(viewOf(frame), at, value, littleEndian);
        expect(frame).toEqual(expected);
        expect(get(viewOf(frame), at, littleEndian)).toBe(value);
      }),
    );
  });
});

describe.each([true, false])('beyond what a number holds, littleEndian: %s', (littleEndian) => {
  const order = littleEndian ? 'LE' : 'BE';
  const view = (value: bigint) => viewOf(bytesOf(value, 8, littleEndian));

  test.each([limit + 1n, limit + 2n, 2n ** 63n, 2n ** 64n - 1n])('USize %s', (value) => {
    const exact = () => integers.exactUSize(view(value), 4096, littleEndian);
    expect(exact).toThrow(MmapRangeError);
    expect(exact).toThrow(`The USize at offset 4096 is ${value},`);
    expect(exact).toThrow(`readBigUInt64${order}`);
  });

  test.each([limit + 1n, 2n ** 63n - 1n, -limit - 1n, -limit - 2n, -(2n ** 63n)])(
    'ISize %s',
    (value) => {
      const exact = () => integers.exactISize(view(value), 4096, littleEndian);
      expect(exact).toThrow(MmapRangeError);
      expect(exact).toThrow(`The ISize at offset 4096 is ${value},`);
      expect(exact).toThrow(`readBigInt64${order}`);
    },
  );

  test('and not at the limit', () => {
    expect(integers.exactUSize(view(limit), 0, littleEndian)).toBe(Number(limit));
    expect(integers.exactISize(view(-limit), 0, littleEndian)).toBe(-Number(limit));
  });
});
