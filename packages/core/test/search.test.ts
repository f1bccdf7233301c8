import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut, type Needle } from '../src/index.js';
import { expectArgumentError } from './helpers/errors.js';
import { tempFile } from './helpers/temp.js';

/** What Buffer, whose types are narrower, finds. */
interface Searchable {
  indexOf(value: Needle, offset?: number): number;
  lastIndexOf(value: Needle, offset?: number): number;
  includes(value: Needle, offset?: number): boolean;
}

/** Few letters, so that there are matches, near misses and overlaps. */
const letter = fc.constantFrom(0x61, 0x62, 0x00, 0xc3, 0xa9);
const bytes = (max: number) =>
  fc.array(letter, { maxLength: max, size: 'max' }).map((list) => Buffer.from(list));
const needles: fc.Arbitrary<Needle> = fc.oneof(
  bytes(5),
  bytes(5).map((part) => Uint8Array.from(part)),
  fc.array(fc.constantFrom('a', 'b', 'é', '\0'), { maxLength: 4 }).map((list) => list.join('')),
  fc.oneof(letter, fc.nat(255)),
);

function expectLikeBuffer(file: MmapFile, buffer: Buffer, value: Needle, offset: number): void {
  const model = buffer as Searchable;
  expect(file.indexOf(value)).toBe(model.indexOf(value));
  expect(file.indexOf(value, offset)).toBe(model.indexOf(value, offset));
  expect(file.lastIndexOf(value)).toBe(model.lastIndexOf(value));
  expect(file.lastIndexOf(value, offset)).toBe(model.lastIndexOf(value, offset));
  expect(file.includes(value)).toBe(model.includes(value));
  expect(file.includes(value, offset)).toBe(model.includes(value, offset));
}

describe('search finds what Buffer finds', () => {
  test('in random bytes, from any offset', () => {
    fc.assert(
      fc.property(bytes(60), needles, fc.nat(64), (haystack, needle, offset) => {
        using file = MmapFile.memory('haystack', haystack);
        expectLikeBuffer(file, haystack, needle, offset);
      }),
      { numRuns: 1000 },
    );
  });

  test('of parts of a file, mapped from an odd offset and over page ends', () => {
    const content = Buffer.from(
      Uint8Array.from({ length: 20_000 }, (_, index) => 'aab'.charCodeAt(((index ** 3) >> 5) % 3)),
    );
    using file = MmapFile.open(tempFile(content), { offset: 4095, length: 9000 });
    const mapped = content.subarray(4095, 4095 + 9000);
    const range = fc.tuple(fc.nat(9000), fc.nat(50));
    fc.assert(
      fc.property(range, fc.nat(9003), ([at, length], offset) => {
        expectLikeBuffer(file, mapped, mapped.subarray(at, at + length), offset);
      }),
    );
    expect(file.indexOf(mapped)).toBe(0);
    expect(file.lastIndexOf(mapped)).toBe(0);
    expect(file.indexOf(content)).toBe(-1);
  });

  test('of text in UTF-8, whatever it is', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(text, text, fc.nat(9), (before, needle, offset) => {
        const haystack = Buffer.from(`${before}${needle}${before}${needle}`);
        using file = MmapFile.memory('haystack', haystack);
        expectLikeBuffer(file, haystack, needle, offset);
      }),
    );
  });

  test('where the needle is empty, longer than the file or at its very end', () => {
    for (const length of [0, 1, 10, 4096]) {
      const haystack = Buffer.alloc(length, 'ab');
      using file = MmapFile.memory('haystack', haystack);
      for (const offset of [0, 1, Math.max(length - 1, 0), length, length + 1]) {
        for (const needle of ['', Buffer.alloc(0), haystack, Buffer.alloc(length + 1, 'ab'), 'b']) {
          expectLikeBuffer(file, haystack, needle, offset);
        }
      }
      expect(file.indexOf('b', 2 ** 53 - 1)).toBe(-1);
      expect(file.lastIndexOf('', 2 ** 53 - 1)).toBe(length);
    }
  });

  test('where occurrences overlap', () => {
    const haystack = Buffer.from('aaaaabaaab');
    using file = MmapFile.memory('haystack', haystack);
    for (const needle of ['aa', 'aab', 'aaab', 'baaab', 'aaaaabaaab', 0x61, 0x62]) {
      for (let offset = 0; offset <= 11; ++offset) expectLikeBuffer(file, haystack, needle, offset);
    }
  });
});

describe('a search', () => {
  test('sees no byte outside the mapping', () => {
    const path = tempFile('needle..needle..needle');
    using file = MmapFile.open(path, { offset: 1, length: 20 });
    expect([file.indexOf('needle'), file.lastIndexOf('needle')]).toEqual([7, 7]);
    expect([file.indexOf('n'), file.lastIndexOf('n'), file.lastIndexOf('e')]).toEqual([7, 15, 17]);
    expect(file.indexOf('\0')).toBe(-1);
  });

  test('sees what was just written, and not what was truncated', () => {
    using file = MmapFileMut.open(tempFile(Buffer.alloc(5000, 'x')));
    file.writeAll('needle', 4990);
    expect([file.indexOf('needle'), file.lastIndexOf('needle')]).toEqual([4990, 4990]);
    file.truncate(4995);
    expect([file.indexOf('needle'), file.indexOf('needl')]).toEqual([-1, 4990]);
    file.truncate(0);
    expect([file.indexOf('x'), file.lastIndexOf('x'), file.indexOf('')]).toEqual([-1, -1, 0]);
    file.truncate(9000);
    expect([file.indexOf('n'), file.lastIndexOf(0)]).toEqual([-1, 8999]);
  });

  test('takes a needle that is itself a view of the file', () => {
    using file = MmapFile.memory('haystack', 'abcabcabd');
    expect(file.indexOf(file.bytes(6, 3))).toBe(6);
    expect(file.indexOf(file.bytes(3, 3))).toBe(0);
    expect(file.lastIndexOf(file.bytes(0, 3))).toBe(3);
  });

  test('takes neither an empty or negative offset nor what is no needle', () => {
    using file = MmapFile.memory('haystack', 'haystack');
    for (const search of ['indexOf', 'lastIndexOf', 'includes'] as const) {
      for (const offset of [-1, 0.5, Number.NaN, -0, 2 ** 53, '1', null, 1n]) {
        expectArgumentError(() => file[search]('a', offset as never), 'offset');
      }
      for (const value of [
        256,
        -1,
        1.5,
        null,
        undefined,
        true,
        1n,
        {},
        [97],
        new DataView(new ArrayBuffer(1)),
      ]) {
        expectArgumentError(() => file[search](value as never), 'value');
      }
    }
  });
});
