import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut, MmapFileReader, MmapRangeError } from '../../src/index.js';
import { expectArgumentError } from '../helpers/errors.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

/** The lines that a reader must return, found in another way: `\n` or `\r\n` ends each of them. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const last = lines.pop() as string;
  const ended = lines.map((line) => line.replace(/\r$/, ''));
  return last === '' ? ended : [...ended, last];
}

describe('a reader', () => {
  test('starts at its offset and ends with its length', () => {
    using file = MmapFile.open(tempFile(CONTENT), { offset: 1000 });
    for (const [offset, length] of [[], [500], [500, 100], [9000], [0, 0], [7, 8993]] as const) {
      const reader = file.reader(offset, length);
      const begin = offset ?? 0;
      const bytes = length ?? 9000 - begin;
      expect(reader).toBeInstanceOf(MmapFileReader);
      expect([reader.offset, reader.length, reader.position]).toEqual([begin, bytes, 0]);
      expect(reader.remaining).toBe(bytes);
      const target = Buffer.alloc(9001);
      expect(reader.read(target)).toBe(bytes);
      expect(target.subarray(0, bytes)).toEqual(
        CONTENT.subarray(1000 + begin, 1000 + begin + bytes),
      );
      expect([reader.remaining, reader.read(target)]).toEqual([0, 0]);
    }
  });

  test('cannot start or end outside the file', () => {
    using file = MmapFile.memory('ten', Buffer.alloc(10));
    expectArgumentError(() => file.reader(11), 'offset');
    expectArgumentError(() => file.reader(0, 11), 'length');
    expectArgumentError(() => file.reader(5, 6), 'length');
    expectArgumentError(() => file.reader(2 ** 53 - 1, 2 ** 53 - 1), 'offset');
  });

  test('seeks from the start, the position and the end', () => {
    using file = MmapFile.memory('file', CONTENT);
    const reader = file.reader(100, 50);
    expect(reader.seek(10)).toBe(10);
    expect(reader.readUInt8()).toBe(CONTENT[110]);
    expect(reader.seek(0, 'start')).toBe(0);
    expect(reader.seek(20, 'current')).toBe(20);
    expect(reader.seek(-5, 'current')).toBe(15);
    expect(reader.seek(-1, 'end')).toBe(49);
    expect(reader.readUInt8()).toBe(CONTENT[149]);
    expect(reader.seek(0, 'end')).toBe(50);
    expect(reader.seek(-50, 'end')).toBe(0);
  });

  test('does not seek out of its range, or to an invalid offset', () => {
    using file = MmapFile.memory('file', CONTENT);
    const reader = file.reader(100, 50);
    reader.seek(7);
    const attempts = [
      [51],
      [-1],
      [-8, 'current'],
      [44, 'current'],
      [1, 'end'],
      [-51, 'end'],
      [2 ** 53 - 1, 'current'],
      [-(2 ** 53) + 1, 'end'],
      [0.5],
      [Number.NaN],
      ['1'],
      [null],
      [1n],
    ] as unknown as [number, 'start'][];
    for (const attempt of attempts) expectArgumentError(() => reader.seek(...attempt), 'offset');
    for (const whence of ['begin', '', 'toString', '__proto__', 0, null, {}]) {
      expectArgumentError(() => reader.seek(0, whence as never), 'whence');
    }
    expect(reader.position).toBe(7);
  });

  test('skips as many bytes as there are, and returns how many', () => {
    using file = MmapFile.memory('file', CONTENT);
    const reader = file.reader(0, 10);
    expect([reader.skip(4), reader.position]).toEqual([4, 4]);
    expect([reader.skip(0), reader.position]).toEqual([0, 4]);
    expect([reader.skip(2 ** 53 - 1), reader.position]).toEqual([6, 10]);
    expect([reader.skip(1), reader.position]).toEqual([0, 10]);
    expectArgumentError(() => reader.skip(-1), 'length');
    expectArgumentError(() => reader.skip(1.5), 'length');
  });

  test('peeks without moving, and returns less where less is left', () => {
    using file = MmapFile.memory('file', CONTENT);
    const reader = file.reader(3, 10);
    expect(reader.peek(4)).toEqual(CONTENT.subarray(3, 7));
    reader.skip(8);
    expect(reader.peek(4)).toEqual(CONTENT.subarray(11, 13));
    expect(reader.peek(2 ** 53 - 1)).toHaveLength(2);
    expect(reader.position).toBe(8);
    expectArgumentError(() => reader.peek(-1), 'length');
  });

  test('returns views of the file, of all bytes asked for or none', () => {
    using file = MmapFileMut.memory('file', CONTENT);
    const reader = file.reader(3, 10);
    const bytes = reader.bytes(8);
    file.writeUInt8(0x77, 3);
    expect(bytes[0]).toBe(0x77);
    expect(bytes.subarray(1)).toEqual(CONTENT.subarray(4, 11));
    expectArgumentError(() => reader.bytes(3), 'length');
    expectArgumentError(() => reader.bytes(-1), 'length');
    expect(reader.position).toBe(8);
    expect(reader.bytes(2)).toEqual(CONTENT.subarray(11, 13));
    expect(reader.bytes(0)).toHaveLength(0);
  });

  test('fills a target exactly, or leaves it and the position unchanged', () => {
    using file = MmapFile.memory('file', CONTENT);
    const reader = file.reader(3, 10);
    reader.skip(4);
    const target = Buffer.alloc(7, 0x55);
    expect(() => reader.readExact(target)).toThrow(MmapRangeError);
    expect(target).toEqual(Buffer.alloc(7, 0x55));
    expect(reader.position).toBe(4);
    reader.readExact(target.subarray(0, 6));
    expect(target).toEqual(Buffer.concat([CONTENT.subarray(7, 13), Buffer.alloc(1, 0x55)]));
    expectArgumentError(() => reader.readExact([] as never), 'target');
    expectArgumentError(() => reader.read('x' as never), 'target');
  });

  test('splits what remains into chunks, the last of them shorter', () => {
    using file = MmapFile.memory('file', CONTENT);
    const reader = file.reader(5, 3000);
    reader.skip(10);
    const chunks = [...reader.chunks(1024)];
    expect(chunks.map(({ length }) => length)).toEqual([1024, 1024, 942]);
    expect(Buffer.concat(chunks)).toEqual(CONTENT.subarray(15, 3005));
    expect([reader.remaining, [...reader.chunks(1)].length]).toEqual([0, 0]);
    for (const size of [0, -1, 1.5, Number.NaN, '1', null, undefined]) {
      expectArgumentError(() => reader.chunks(size as never), 'size');
    }
  });

  test('may be read between the chunks that it returns', () => {
    using file = MmapFile.memory('file', CONTENT);
    const reader = file.reader(0, 10);
    const chunks = reader.chunks(3);
    expect(chunks.next().value).toEqual(CONTENT.subarray(0, 3));
    expect(reader.readUInt8()).toBe(CONTENT[3]);
    expect(chunks.next().value).toEqual(CONTENT.subarray(4, 7));
    reader.seek(0, 'end');
    expect(chunks.next().done).toBe(true);
  });

  test('does not move if a value extends past its end', () => {
    using file = MmapFile.memory('file', CONTENT);
    const reader = file.reader(0, 7);
    expect(() => reader.readDoubleLE()).toThrow(MmapRangeError);
    expect(reader.readInt32BE()).toBe(CONTENT.readInt32BE());
    expect(() => reader.readUInt32LE()).toThrow(MmapRangeError);
    expect(reader.position).toBe(4);
    expect(reader.readUInt16LE()).toBe(CONTENT.readUInt16LE(4));
  });

  test('continues in a file that grew, and finds less in one that shrank', () => {
    using file = MmapFileMut.open(tempFile(CONTENT));
    const reader = file.reader();
    reader.skip(4000);
    file.truncate(20_000);
    expect(reader.length).toBe(10_000);
    expect(reader.bytes(10)).toEqual(CONTENT.subarray(4000, 4010));
    file.truncate(4020);
    expect(reader.peek(100)).toEqual(CONTENT.subarray(4010, 4020));
    expect(() => reader.bytes(11)).toThrow(MmapRangeError);
    expect(() => reader.readBigUInt128LE()).toThrow(MmapRangeError);
    expect(reader.read(Buffer.alloc(100))).toBe(10);
    expect([reader.read(Buffer.alloc(100)), reader.readLine(), reader.position]).toEqual([
      0,
      null,
      4020,
    ]);
    expect(() => reader.readUInt8()).toThrow(MmapRangeError);
    file.truncate(10);
    expect(reader.peek(100)).toHaveLength(0);
    expect([reader.read(Buffer.alloc(100)), reader.readLine()]).toEqual([0, null]);
  });
});

describe('lines', () => {
  test.each([
    ['one\ntwo\n', ['one', 'two']],
    ['no final newline\nhere', ['no final newline', 'here']],
    ['\n\n\nx\n\n', ['', '', '', 'x', '']],
    ['dos\r\n\r\nunix\n', ['dos', '', 'unix']],
    ['lone\rreturn\n\rfirst\r', ['lone\rreturn', '\rfirst\r']],
    ['two\r\r\nreturns', ['two\r', 'returns']],
    ['\r\n', ['']],
    ['\r', ['\r']],
    ['\n', ['']],
    ['', []],
    ['nul \0 stays\n', ['nul \0 stays']],
    ['grüße\n世界\r\n🎉 done', ['grüße', '世界', '🎉 done']],
  ])('of %j', (text, lines) => {
    using file = MmapFile.memory('lines', text);
    expect([...file.reader()]).toEqual(lines);
    const reader = file.reader();
    for (const line of lines) expect(reader.readLine()).toBe(line);
    expect([reader.readLine(), reader.readLine(), reader.remaining]).toEqual([null, null, 0]);
  });

  test('end at the end of the range, even where the file goes on', () => {
    using file = MmapFile.memory('lines', 'first\r\nsecond\nthird');
    const lines = (offset: number, length: number) => [...file.reader(offset, length)];
    expect(lines(0, 4)).toEqual(['firs']);
    expect(lines(0, 5)).toEqual(['first']);
    expect(lines(0, 6)).toEqual(['first\r']); // its \n is outside
    expect(lines(0, 7)).toEqual(['first']);
    expect(lines(6, 1)).toEqual(['']);
    expect(lines(6, 7)).toEqual(['', 'second'.slice(0, 6)]);
    expect(lines(7, 6)).toEqual(['second']);
    expect(lines(7, 9)).toEqual(['second', 'th']);
    expect(lines(13, 1)).toEqual(['']);
    expect(lines(3, 0)).toEqual([]);
  });

  test('are empty if the range starts within a \\r\\n', () => {
    using file = MmapFile.memory('lines', 'a\r\nb');
    expect([...file.reader(2)]).toEqual(['', 'b']);
  });

  test('that are not UTF-8 have a replacement character for each invalid byte', () => {
    const bytes = Buffer.from([0x61, 0xff, 0x0a, 0xc3, 0x0a, 0xa9]);
    using file = MmapFile.memory('lines', bytes);
    expect([...file.reader()]).toEqual(['a\ufffd', '\ufffd', '\ufffd']);
  });

  test('can be mixed with other reads, and the iteration continues from there', () => {
    using file = MmapFile.memory('lines', 'head\n\x05\x00bytes\ntail\n');
    const reader = file.reader();
    expect(reader.readLine()).toBe('head');
    expect(reader.readUInt16LE()).toBe(5);
    expect(reader.bytes(5).toString()).toBe('bytes');
    const iterator = reader[Symbol.iterator]();
    expect(iterator.next().value).toBe('');
    expect(reader.seek(0)).toBe(0);
    expect([...iterator]).toEqual(['head', '\x05\x00bytes', 'tail']);
  });

  test('are those of the text split at its line ends, in any part of a file', () => {
    const texts = fc
      .array(fc.constantFrom('a', 'é', '\n', '\r', '\r\n', '世', ''))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.string(), texts, fc.string(), (before, text, after) => {
        using file = MmapFile.memory('lines', `${before}${text}${after}`);
        const reader = file.reader(Buffer.byteLength(before), Buffer.byteLength(text));
        expect([...reader]).toEqual(linesOf(text));
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test('are searched for only in the range of the reader', () => {
    const path = tempFile('x'.repeat(100));
    fs.truncateSync(path, 64 << 20);
    using file = MmapFile.open(path);
    expect(file.reader(0, 50).readLine()).toBe('x'.repeat(50));
    expect(file.residency().at(-1)).toBe(0); // a search to the end would have read it in
  });
});

test('chunks end where the part did at the call, even if follow extends it', () => {
  using file = MmapFileMut.memory('log', Buffer.alloc(10));
  const reader = file.reader();
  const chunks = reader.chunks(8);
  const lengths = [chunks.next().value?.length];
  file.truncate(100);
  reader.follow();
  lengths.push(chunks.next().value?.length);
  expect([...lengths, chunks.next().done, reader.remaining]).toEqual([8, 2, true, 90]);
});
