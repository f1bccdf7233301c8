import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut, type Needle } from '../../src/index.js';
import { expectArgumentError } from '../helpers/errors.js';
import { tempFile } from '../helpers/temp.js';

/** What Buffer finds; its types are narrower. */
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

  test('of any text in UTF-8', () => {
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

/** The occurrences of a needle, each after the end of the one before. */
function offsetsIn(buffer: Buffer, value: Needle, start: number, end: number): number[] {
  const needle = typeof value === 'number' ? Buffer.of(value) : Buffer.from(value as string);
  const offsets: number[] = [];
  for (let at = start; ; ) {
    const found = buffer.subarray(0, end).indexOf(needle, at);
    if (found < 0) return offsets;
    offsets.push(found);
    at = found + needle.length;
  }
}

describe('indexesOf', () => {
  const filled = needles.filter((value) => typeof value === 'number' || value.length > 0);

  test('finds what repeated indexOf calls find, in any range and up to the size of the target', () => {
    fc.assert(
      fc.property(
        bytes(60),
        filled,
        fc.tuple(fc.nat(60), fc.nat(60)),
        fc.nat(20),
        (haystack, value, ends, room) => {
          const [start, end] = ends
            .map((at) => Math.min(at, haystack.length))
            .sort((a, b) => a - b);
          using file = MmapFile.memory('haystack', haystack);
          const expected = offsetsIn(haystack, value, start as number, end as number);
          const numbers = new Float64Array(room).fill(-1);
          const integers = new BigUint64Array(room).fill(99n);
          const count = Math.min(expected.length, room);
          expect(file.indexesOf(value, numbers, start, end)).toBe(count);
          expect(file.indexesOf(value, integers, start, end)).toBe(count);
          const wanted = expected.slice(0, count);
          expect([...numbers]).toEqual([...wanted, ...Array(room - count).fill(-1)]);
          expect([...integers]).toEqual([...wanted.map(BigInt), ...Array(room - count).fill(99n)]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('continues after the last occurrence if the target was full', () => {
    const content = Buffer.from('a needle, a needle and a needle'.repeat(500));
    using file = MmapFile.open(tempFile(content), { offset: 3 });
    const found: number[] = [];
    const target = new Float64Array(7);
    for (let start = 0, count = 7; count === 7; start = (found.at(-1) as number) + 6) {
      count = file.indexesOf('needle', target, start);
      found.push(...target.subarray(0, count));
    }
    expect(found).toEqual(offsetsIn(content.subarray(3), 'needle', 0, content.length));
    expect(found).toHaveLength(1499);
  });

  test('writes offsets into another file, in its byte order', () => {
    using file = MmapFile.open(tempFile('one\ntwo\nthree\n'));
    using index = MmapFileMut.open(tempFile(Buffer.alloc(4096)));
    const { buffer, byteOffset } = index.asBuffer();
    expect(file.indexesOf('\n', new BigUint64Array(buffer, byteOffset + 8, 2))).toBe(2);
    const words = [0, 8, 16, 24].map((offset) => index.readBigUInt64LE(offset));
    expect(words).toEqual([0n, 3n, 7n, 0n]);
  });

  test('finds nothing with an empty target, in an empty range or in an empty file', () => {
    using file = MmapFile.memory('haystack', 'aaa');
    using empty = MmapFile.memory('empty');
    expect(file.indexesOf('a', new Float64Array(0))).toBe(0);
    expect(file.indexesOf('a', new Float64Array(9), 3)).toBe(0);
    expect(file.indexesOf('a', new Float64Array(9), 1, 1)).toBe(0);
    expect(empty.indexesOf('a', new Float64Array(9))).toBe(0);
  });

  test('refuses an empty value, a range outside the file and any other target', () => {
    using file = MmapFile.memory('haystack', 'haystack');
    const target = new Float64Array(4).fill(-1);
    for (const value of ['', Buffer.alloc(0), 256, -1, null, undefined, {}])
      expectArgumentError(() => file.indexesOf(value as never, target), 'value');
    for (const bad of [
      undefined,
      null,
      [],
      new Float32Array(4),
      new BigInt64Array(4),
      Buffer.alloc(8),
    ])
      expectArgumentError(() => file.indexesOf('a', bad as never), 'target');
    for (const start of [-1, 0.5, Number.NaN, 9, '1', null])
      expectArgumentError(() => file.indexesOf('a', target, start as never), 'start');
    for (const end of [-1, 0.5, Number.NaN, 9, '1', null])
      expectArgumentError(() => file.indexesOf('a', target, 0, end as never), 'end');
    expect([...target]).toEqual([-1, -1, -1, -1]);
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

  test('refuses an invalid offset and an invalid needle', () => {
    using file = MmapFile.memory('haystack', 'haystack');
    for (const search of ['indexOf', 'lastIndexOf', 'includes'] as const) {
      for (const offset of [-1, 0.5, Number.NaN, 2 ** 53, '1', null, 1n]) {
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

describe('the arguments of a search', () => {
  const TEXT = Buffer.from('Grüße, grüße, GRÜẞE', 'utf8');

  test('are those of Buffer.indexOf, where the encoding may take the place of any of them', () => {
    using file = MmapFile.memory('text', TEXT);
    const calls: unknown[][] = [
      ['fc', 'hex'],
      ['c39f', 'hex'],
      ['c39f', 5, 'hex'],
      ['65', undefined, 'hex'],
      ['Ã¼', 'latin1'],
      ['ü', 'utf8'],
      ['ü', 4, 'utf8'],
      ['w7w', 'base64'],
      ['é', 'ascii'],
      ['ü', 'UTF-8'],
    ];
    for (const args of calls) {
      for (const search of ['indexOf', 'lastIndexOf', 'includes'] as const) {
        const find = (of: object) =>
          (of as Record<string, (...args: unknown[]) => unknown>)[search]?.(...args);
        expect(find(file), `${search} ${args}`).toBe(find(TEXT));
      }
    }
    expect(file.indexesOf('c3bc', new Float64Array(5), 0, undefined, 'hex')).toBe(2);
  });

  test('have an end, which no occurrence extends past', () => {
    const range = fc.tuple(fc.nat(30), fc.nat(30), fc.constantFrom('ü', 'ß', 'r', 'üß', ', g', ''));
    using file = MmapFile.memory('text', TEXT);
    const check = fc.property(range, ([offset, end, value]) => {
      const found = TEXT.subarray(0, end).indexOf(value, offset);
      expect(file.indexOf(value, offset, end)).toBe(found);
      expect(file.indexOf(Buffer.from(value), offset, end)).toBe(found);
      expect(file.indexOf(value, offset, end, 'utf8')).toBe(found);
      expect(file.includes(value, offset, end)).toBe(found >= 0);
    });
    fc.assert(check);
  });
});
