import os from 'node:os';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import { pattern } from '../helpers/temp.js';
import { constructors } from '../helpers/typed-arrays.js';

const SIZE = 3 * 4096 + 5;
const CONTENT = pattern(SIZE);

const OFFSETS = [Float64Array, BigUint64Array, Uint32Array] as const;

type Offsets = Float64Array | BigUint64Array | Uint32Array;

function offsetsIn(type: (typeof OFFSETS)[number], offsets: number[]): Offsets {
  return type === BigUint64Array
    ? BigUint64Array.from(offsets, BigInt)
    : (type as Float64ArrayConstructor).from(offsets);
}

/** The bytes of an array. */
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

const elementsOf = (offsets: number[], size: number, content: Buffer = CONTENT) =>
  Buffer.concat(offsets.map((offset) => content.subarray(offset, offset + size)));

afterEach(() => vi.restoreAllMocks());

describe.each(constructors)('gather into a %s', (_, type) => {
  const size = type.BYTES_PER_ELEMENT;

  test.each(OFFSETS.map((each) => [each.name, each] as const))(
    'copies the element at each offset of a %s, and leaves the rest of it alone',
    (_name, Offsets) => {
      const offset = fc.nat(SIZE - size);
      fc.assert(
        fc.property(fc.array(offset, { maxLength: 50 }), fc.nat(3), (offsets, more) => {
          using file = MmapFile.memory('memory', CONTENT);
          const target = new type(offsets.length + more);
          bytesOf(target).fill(0x55);
          file.gather(target, offsetsIn(Offsets, offsets));
          const rest = Buffer.alloc(more * size, 0x55);
          expect(bytesOf(target)).toEqual(Buffer.concat([elementsOf(offsets, size), rest]));
        }),
      );
    },
  );

  test.each(OFFSETS.map((each) => [each.name, each] as const))(
    'copies thousands, in order, or none at all if a late one of a %s is wrong',
    (_name, Offsets) => {
      using file = MmapFile.memory('memory', CONTENT);
      const offsets = Array.from({ length: 5000 }, (_, n) => (n * 7919) % (SIZE - size + 1));
      const target = new type(offsets.length);
      const wrong = offsetsIn(Offsets, offsets.with(4321, SIZE));
      const message = thrown(() => file.gather(target, wrong)).message;
      expect(message).toContain(`${SIZE} at index 4321`);
      expect(bytesOf(target).every((byte) => byte === 0)).toBe(true);
      file.gather(target, offsetsIn(Offsets, offsets));
      expect(bytesOf(target).equals(elementsOf(offsets, size))).toBe(true);
    },
  );

  test('reads little-endian elements on a big-endian machine, too', () => {
    vi.spyOn(os, 'endianness').mockReturnValue('BE');
    using file = MmapFile.memory('memory', CONTENT);
    const target = new type(2);
    file.gather(target, Uint32Array.of(7, 1000));
    const swapped = [7, 1000].flatMap((at) => [...CONTENT.subarray(at, at + size)].reverse());
    expect([...bytesOf(target)]).toEqual(swapped);
  });

  test.each(OFFSETS.map((each) => [each.name, each] as const))(
    'copies nothing if one offset of a %s is past the last element',
    (_name, Offsets) => {
      using file = MmapFile.memory('memory', CONTENT);
      const target = new type(3);
      for (const bad of [SIZE - size + 1, SIZE, 2 ** 32 - 1]) {
        const offsets = offsetsIn(Offsets, [5, 10, bad]);
        const call = () => file.gather(target, offsets);
        expectArgumentError(call, 'offsets');
        const { message } = thrown(call);
        expect(message).toContain(`${bad} at index 2`);
        expect(message).toContain(`${SIZE - size}`);
        expect(bytesOf(target).every((byte) => byte === 0)).toBe(true);
      }
    },
  );
});

test.each([-1, -0.5, 0.5, NaN, Infinity, -Infinity, 2 ** 53, 2 ** 64, 1e300])(
  'an offset of %d is refused',
  (bad) => {
    using file = MmapFile.memory('memory', CONTENT);
    const target = Buffer.alloc(2);
    const call = () => file.gather(target, Float64Array.of(1, bad));
    expectArgumentError(call, 'offsets');
    expect([...target]).toEqual([0, 0]);
  },
);

test('-0 is 0', () => {
  using file = MmapFile.memory('memory', 'abc');
  const target = Buffer.alloc(1);
  file.gather(target, Float64Array.of(-0));
  expect(target.toString()).toBe('a');
});

test('the largest integers of 64 bits are refused', () => {
  using file = MmapFile.memory('memory', CONTENT);
  for (const bad of [2n ** 63n, 2n ** 64n - 1n]) {
    const call = () => file.gather(Buffer.alloc(1), BigUint64Array.of(bad));
    expectArgumentError(call, 'offsets');
  }
});

test('a target that is too short is refused', () => {
  using file = MmapFile.memory('memory', CONTENT);
  const call = () => file.gather(new Float64Array(2), new Uint32Array(3));
  expectArgumentError(call, 'target');
});

test('what is shorter than an element has none', () => {
  using file = MmapFile.memory('memory', 'abc');
  const call = () => file.gather(new Uint32Array(1), new Uint32Array(1));
  expectArgumentError(call, 'offsets');
  expect(thrown(call).message).toContain('3 bytes');
  using empty = MmapFile.memory('memory');
  expect(thrown(() => empty.gather(Buffer.alloc(1), new Uint32Array(1))).name).toBe(
    'MmapRangeError',
  );
  empty.gather(Buffer.alloc(1), new Uint32Array(0));
});

test('a target or offsets that are no typed array, or not of the right kind, are refused', () => {
  using file = MmapFile.memory('memory', CONTENT);
  const gather = file.gather.bind(file) as (target: unknown, offsets: unknown) => void;
  for (const bad of [undefined, null, 5, 'x', [0], {}, new DataView(new ArrayBuffer(8))]) {
    expectArgumentError(() => gather(bad, new Uint32Array(1)), 'target');
    expectArgumentError(() => gather(Buffer.alloc(1), bad), 'offsets');
  }
  for (const bad of [new Int32Array(1), new Uint8Array(1), new BigInt64Array(1)]) {
    expectArgumentError(() => gather(Buffer.alloc(1), bad), 'offsets');
  }
});

test('arrays whose memory was transferred are refused', () => {
  using file = MmapFile.memory('memory', CONTENT);
  const [gone, ...offsets] = [new Uint8Array(8), new Float64Array(1), new Uint32Array(1)];
  structuredClone(undefined, { transfer: [gone, ...offsets].map(({ buffer }) => buffer) });
  expectArgumentError(() => file.gather(gone, new Uint32Array(0)), 'target');
  for (const each of offsets) {
    expectArgumentError(() => file.gather(Buffer.alloc(1), each), 'offsets');
  }
});

test('the target may lie over the same file, and the offsets over another', () => {
  using file = MmapFileMut.memory('memory', CONTENT);
  using other = MmapFileMut.memory('other', Buffer.alloc(32));
  const offsets = other.array(Float64Array);
  offsets.set([100, 200, 300, 5]);
  file.gather(file.bytes(1000, 4), offsets);
  expect(file.copyBytes(1000, 4)).toEqual(elementsOf([100, 200, 300, 5], 1));
});

test('methods and getters that an array has of its own are not called', () => {
  class Odd extends Uint16Array {
    override get length(): number {
      throw new Error('called');
    }
    override get buffer(): never {
      throw new Error('called');
    }
  }
  using file = MmapFile.memory('memory', CONTENT);
  const target = new Odd(2);
  Object.defineProperty(target, 'BYTES_PER_ELEMENT', { value: 8 });
  file.gather(target, Uint32Array.of(1, 500));
  expect([target[0], target[1]]).toEqual([CONTENT.readUInt16LE(1), CONTENT.readUInt16LE(500)]);
});

test('a closed file has no elements', () => {
  const file = MmapFile.memory('memory', CONTENT);
  file.close();
  const call = () => file.gather(Buffer.alloc(1), new Uint32Array(1));
  expect(thrown(call).name).toBe('MmapClosedError');
});
