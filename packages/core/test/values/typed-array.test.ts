import os from 'node:os';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  MmapClosedError,
  MmapFile,
  MmapFileMut,
  MmapRangeError,
  MmapUnsupportedError,
} from '../../src/index.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import { pattern, tempFile } from '../helpers/temp.js';
import {
  constructors,
  type NumberArray,
  type NumberArrayConstructor,
} from '../helpers/typed-arrays.js';

const PAGE = 4096;

type Reading = (offset: number, littleEndian: boolean) => number | bigint;

/** What a DataView finds where an array of this type has its elements. */
function viaDataView(type: NumberArrayConstructor, bytes: Uint8Array, offset: number) {
  const kind = type.name.replace(/(Clamped)?Array$/, '');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return (view as unknown as Record<string, Reading>)[`get${kind}`]?.call(view, offset, true);
}

afterEach(() => vi.restoreAllMocks());

test('this Node has at least the eleven classic typed arrays', () => {
  const names = constructors.map(([name]) => name);
  expect(names.length).toBeGreaterThanOrEqual(11);
  expect(names).toEqual(expect.arrayContaining(['Uint8ClampedArray', 'BigInt64Array']));
  expect(names.includes('Float16Array')).toBe('Float16Array' in globalThis);
});

describe.each(constructors)('array(%s)', (_name, type) => {
  const size = type.BYTES_PER_ELEMENT;
  const opens = {
    file: (content: Uint8Array, start: number) =>
      MmapFile.open(tempFile(Buffer.from(content)), { offset: start }),
    'private copy': (content: Uint8Array, start: number) =>
      MmapFileMut.openCow(tempFile(Buffer.from(content)), { offset: start }),
    'shared file': (content: Uint8Array, start: number) =>
      MmapFileMut.openExisting(tempFile(Buffer.from(content)), { offset: start, shared: true }),
    memory: (content: Uint8Array, start: number) =>
      MmapFile.memory('m', Buffer.from(content.subarray(start))),
  };

  test('shows what a DataView finds there, or throws', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        fc.constantFrom(...(Object.keys(opens) as (keyof typeof opens)[])),
        fc.integer({ min: 0, max: 3 * size }),
        fc.integer({ min: 0, max: 100 }),
        fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
        fc.boolean(),
        (content, kind, start, some, length, isFar) => {
          // The content is at the start or at the end of a page.
          const far = isFar ? PAGE : 0;
          const all = Buffer.concat([Buffer.alloc(far), content]);
          using file = opens[kind](all, Math.min(start, content.length) + far);
          const first = kind === 'memory' ? 0 : Math.min(start, content.length);
          const shown = content.subarray(Math.min(start, content.length));
          const offset = some % (shown.length + 2);
          const rest = shown.length - offset;
          const isRefused =
            rest < 0 ||
            (first + offset) % size !== 0 ||
            (length === undefined ? rest % size !== 0 : length * size > rest);
          const make = () => file.array(type, offset, length) as unknown as NumberArray;
          if (isRefused) {
            const error = thrown(make);
            expect(error).toBeInstanceOf(MmapRangeError);
            expect(['offset', 'length']).toContain(error.argument);
            return;
          }
          const array = make();
          expect(array).toBeInstanceOf(type);
          expect(array.length).toBe(length ?? rest / size);
          expect(array.byteLength).toBe(array.length * size);
          for (let i = 0; i < array.length; ++i) {
            expect(array[i]).toEqual(viaDataView(type, shown, offset + i * size));
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('is the memory of the file, not a copy', () => {
    const path = tempFile(Buffer.alloc(PAGE + 8 * size));
    using file = MmapFileMut.openExisting(path);
    using other = MmapFile.memory('m', Buffer.alloc(8));
    const array = file.array(type, PAGE, 8) as unknown as NumberArray;
    const value = typeof array[0] === 'bigint' ? 5n : 5;
    array[7] = value;
    expect(viaDataView(type, file.copyBytes(), PAGE + 7 * size)).toBe(value);
    file.fill(0);
    expect(array[7]).toBe(typeof value === 'bigint' ? 0n : 0);
    array[7] = value;
    file.close();
    expect(array[7] === value).toBe(false);
    expect(other.length).toBe(8);
  });

  test('is made by the constructor of another realm, if given one', () => {
    const stranger = runInNewContext(type.name) as NumberArrayConstructor;
    using file = MmapFile.memory('m', pattern(64));
    const array = file.array(stranger, 8, 2) as unknown as NumberArray;
    expect(Object.getPrototypeOf(array)).toBe(stranger.prototype);
    expect(array).not.toBeInstanceOf(type);
    expect(array[1]).toEqual(viaDataView(type, file.copyBytes(), 8 + size));
  });

  test('is empty at the end of a file, and for an empty file', () => {
    using file = MmapFile.memory('m', pattern(64));
    using empty = MmapFile.memory('m');
    expect(file.array(type, 64)).toHaveLength(0);
    expect(file.array(type, 0, 0)).toHaveLength(0);
    expect(empty.array(type)).toHaveLength(0);
    expectArgumentError(() => file.array(type, 65), 'offset');
    expectArgumentError(() => empty.array(type, 0, 1), 'length');
    expectArgumentError(() => file.array(type, 0, 64 / size + 1), 'length');
    expectArgumentError(() => file.array(type, 0, Number.MAX_SAFE_INTEGER), 'length');
  });

  test('is refused on a big-endian machine if an element has several bytes', () => {
    vi.spyOn(os, 'endianness').mockReturnValue('BE');
    using file = MmapFile.memory('m', pattern(64));
    if (size === 1) {
      expect(file.array(type)).toHaveLength(64);
      return;
    }
    const error = thrown(() => file.array(type));
    expect(error).toBeInstanceOf(MmapUnsupportedError);
    expect(error.message).toMatch(/big-endian.*DataView/);
  });

  test('is refused for a file that is closed or consumed', () => {
    const path = tempFile(pattern(64));
    const file = MmapFileMut.openExisting(path);
    file.close();
    expect(thrown(() => file.array(type))).toBeInstanceOf(MmapClosedError);
    const frozen = MmapFileMut.memory('m', pattern(64));
    frozen.freeze().close();
    expect(thrown(() => frozen.array(type))).toBeInstanceOf(MmapClosedError);
  });
});

test('a rest that is not a whole number of elements throws', () => {
  using file = MmapFile.memory('m', pattern(100));
  const error = thrown(() => file.array(Float64Array));
  expect(error).toBeInstanceOf(MmapRangeError);
  expect(error).toMatchObject({ argument: 'length', message: /the 100 bytes .* 8 bytes: 12/ });
  expect(file.array(Float64Array, 0, 12)).toHaveLength(12);
  expect(file.array(Float64Array, 24, 9)).toHaveLength(9);
});

test('the error about a misaligned offset names the next valid one', () => {
  const path = tempFile(pattern(100));
  using file = MmapFile.open(path, { offset: 5 });
  const error = thrown(() => file.array(Float64Array, 0, 1));
  expect(error).toBeInstanceOf(MmapRangeError);
  expect(error).toMatchObject({ argument: 'offset', message: /the next is 3;/ });
  expect(file.array(Float64Array, 3, 1)[0]).toBe(file.readDoubleLE(3));
});

test('anything but a typed array constructor is refused before other arguments are checked', () => {
  class Own extends Float64Array {}
  const liar = Object.assign(function liar() {}, { BYTES_PER_ELEMENT: 8 });
  class Wide extends Float64Array {
    static override readonly BYTES_PER_ELEMENT = 1;
  }
  const bad = [
    ...[undefined, null, 5, 'Float64Array', {}, [], new Float64Array(1), Symbol('x'), () => {}],
    ...[Array, ArrayBuffer, SharedArrayBuffer, DataView, Buffer, Object, String, Own, liar],
    ...[Object.getPrototypeOf(Float64Array), class {}, function Some() {}],
  ];
  using file = MmapFile.memory('m', pattern(64));
  for (const type of bad) expectArgumentError(() => file.array(type as never), 'type');
  expect(() => file.array(Wide as never, 0, 8)).toThrow();
  expect(thrown(() => file.array(DataView as never)).message).toContain('new DataView(');
  file.close();
  expectArgumentError(() => file.array(DataView as never), 'type');
});

test('elements of a shared file can be changed atomically', () => {
  using file = MmapFileMut.memory('m', Buffer.alloc(64), { shared: true });
  const counters = file.array(Int32Array);
  expect(counters.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(Atomics.add(counters, 3, 5)).toBe(0);
  expect(file.readInt32LE(12)).toBe(5);
  expect(Atomics.wait(counters, 3, 0)).toBe('not-equal');
});
