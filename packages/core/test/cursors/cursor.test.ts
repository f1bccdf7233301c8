import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut, MmapRangeError } from '../../src/index.js';
import { expectBytes } from '../helpers/bytes.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

describe('fileOffset', () => {
  test('is the offset at which the methods of the file find the next byte', () => {
    using file = MmapFile.open(tempFile(CONTENT), { offset: 5000 });
    const reader = file.reader(100, 50);
    reader.skip(7);
    expect([reader.offset, reader.position, reader.fileOffset]).toEqual([100, 7, 107]);
    expect(file.readUInt8(reader.fileOffset)).toBe(reader.readUInt8());
  });
});

describe('follow', () => {
  test('extends the part to the current end of the file', () => {
    using file = MmapFileMut.open(tempFile(CONTENT));
    for (const cursor of [file.reader(50), file.writer(50), file.reader(60, 5)]) {
      const { offset } = cursor;
      cursor.seek(3);
      const before = cursor.length;
      file.truncate(file.length + 100);
      expect(cursor.length).toBe(before);
      expect(cursor.follow()).toBe(file.length - offset - 3);
      expect([cursor.offset, cursor.position, cursor.length]).toEqual([
        offset,
        3,
        file.length - offset,
      ]);
    }
  });

  test('does not shorten a part whose file has become shorter', () => {
    using file = MmapFileMut.open(tempFile(CONTENT));
    const reader = file.reader(50);
    file.truncate(60);
    expect(reader.follow()).toBe(10);
    file.truncate(CONTENT.length);
    expect(reader.remaining).toBe(CONTENT.length - 50);
  });

  test('and reopen return the lines that another program appends, each of them whole', () => {
    const path = tempFile(Buffer.from('one\ntw'));
    using file = MmapFile.open(path);
    const reader = file.reader();
    const lines: string[] = [];
    const take = () => {
      file.reopen();
      reader.follow();
      for (let line = reader.readUntil('\n'); line; line = reader.readUntil('\n')) {
        lines.push(line.toString());
      }
      return lines.splice(0);
    };
    expect(take()).toEqual(['one\n']);
    fs.appendFileSync(path, 'o\nthree\nfo');
    expect(take()).toEqual(['two\n', 'three\n']);
    expect(take()).toEqual([]);
    fs.appendFileSync(path, 'ur\n');
    expect(take()).toEqual(['four\n']);
    expect(reader.remaining).toBe(0);
  });
});

describe('readUntil', () => {
  test('returns the bytes up to and including the delimiter that Buffer.indexOf would find', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ';', 'é') });
    const delimiter = fc.string({
      unit: fc.constantFrom('a', ';', 'é'),
      minLength: 1,
      maxLength: 3,
    });
    const check = fc.property(text, delimiter, fc.nat(5), (content, delimiter, start) => {
      using file = MmapFile.memory('text', content);
      const bytes = Buffer.from(content);
      const from = Math.min(start, bytes.length);
      const reader = file.reader(from);
      const records: Buffer[] = [];
      for (let record = reader.readUntil(delimiter); record; record = reader.readUntil(delimiter)) {
        expect(record.subarray(-Buffer.byteLength(delimiter)).toString()).toBe(delimiter);
        records.push(record);
      }
      const rest = bytes.subarray(bytes.length - reader.remaining);
      expect(rest.includes(delimiter)).toBe(false);
      expectBytes(Buffer.concat([...records, rest]), bytes.subarray(from));
    });
    fc.assert(check);
  });

  test('returns a view of the file', () => {
    using file = MmapFileMut.memory('text', 'one,two');
    const view = file.reader().readUntil(44);
    file.write('ONE');
    expect(view?.toString()).toBe('ONE,');
    expect(view?.buffer.byteLength).toBe(4);
  });

  test('does not search past the part', () => {
    using file = MmapFile.memory('text', 'one,two');
    expect(file.reader(0, 3).readUntil(',')).toBe(null);
    expect(file.reader(0, 4).readUntil(',')?.length).toBe(4);
    expect(file.reader(0, 4).readUntil(',t')).toBe(null);
    expect(() => file.reader().readUntil('')).toThrow(MmapRangeError);
  });
});

describe('readText', () => {
  test('decodes the next bytes in an encoding', () => {
    using file = MmapFile.memory('text', 'grün 5');
    const reader = file.reader();
    expect([reader.readText(2), reader.position]).toEqual(['gr', 2]);
    expect([reader.readText(2), reader.position]).toEqual(['ü', 4]);
    expect([reader.readText(), reader.remaining, reader.readText()]).toEqual(['n 5', 0, '']);
    expect(file.reader(2).readText(2, 'hex')).toBe('c3bc');
    expect(file.reader(2).readText(undefined, 'latin1')).toBe('Ã¼n 5');
    expect(() => file.reader(2).readText(6)).toThrow(MmapRangeError);
  });
});

describe('a writer reads back', () => {
  test('what it has written, and what follows', () => {
    using file = MmapFileMut.open(tempFile(CONTENT));
    const writer = file.writer(100, 50);
    writer.write('hello');
    writer.seek(0);
    expect(writer.bytes(5).toString()).toBe('hello');
    const target = Buffer.alloc(100);
    expect([writer.read(target), writer.position]).toEqual([45, 50]);
    expectBytes(target.subarray(0, 45), CONTENT.subarray(105, 150));
    expect([writer.read(target), writer.bytes(0).length]).toEqual([0, 0]);
    expect(() => writer.bytes(1)).toThrow(MmapRangeError);
    writer.flush();
  });
});

describe('write and writeAll', () => {
  test('return the next offset, or position', () => {
    using file = MmapFileMut.memory('file', CONTENT);
    for (const method of ['write', 'writeAll'] as const) {
      expect(file[method]('é', 7)).toBe(9);
      expect(file[method](Buffer.alloc(5))).toBe(5);
      expect(file[method]('', CONTENT.length)).toBe(CONTENT.length);
      const writer = file.writer(10, 10);
      expect([writer[method]('abc'), writer[method]('')]).toEqual([3, 3]);
    }
  });

  test('throw and write nothing if the source does not fit', () => {
    using file = MmapFileMut.memory('file', CONTENT);
    for (const method of ['write', 'writeAll'] as const) {
      expect(() => file[method]('abc', CONTENT.length - 2)).toThrow(MmapRangeError);
      expect(() => file[method]('', CONTENT.length + 1)).toThrow(MmapRangeError);
      const writer = file.writer(10, 2);
      expect(() => writer[method]('abc')).toThrow(MmapRangeError);
      expect(writer.position).toBe(0);
    }
    expectBytes(file.copyBytes(), CONTENT);
  });
});
