import * as fs from 'node:fs';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { expectBytes } from '../../core/test/helpers/bytes.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { AsyncMmapFile, AsyncMmapFileMut, MmapRangeError } from '../src/index.js';

const CONTENT = pattern(100_000);

test('writable of a buffered writer comes after what it has collected', async () => {
  await using file = AsyncMmapFileMut.memory('file', Buffer.alloc(6));
  const writer = file.writer(0, undefined, { buffered: true });
  writer.write('abc');
  const stream = writer.writable().getWriter();
  await stream.write('def');
  await stream.close();
  expect(file.asBuffer().toString()).toBe('abcdef');
});

describe('readable of a reader', () => {
  test('gives what remains, and leaves the reader at its end', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    for (const copy of [false, true]) {
      const reader = file.reader(100, 50_000);
      reader.skip(11);
      const stream = reader.readable({ copy, chunkSize: 777 });
      expect([reader.position, reader.remaining]).toEqual([50_000, 0]);
      expectBytes(await buffer(stream), CONTENT.subarray(111, 50_100));
      expect(await text(reader.readable())).toBe('');
    }
  });

  test('takes no range, and stays where it is if it is refused', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    const reader = file.reader(100);
    for (const bad of [{ offset: 1 }, { length: 1 }, { chunkSize: 0 }, { copy: 1 }, 5]) {
      expect(() => reader.readable(bad as never)).toThrow();
    }
    expect(() => reader.readable({ signal: AbortSignal.abort(new Error('no')) })).toThrow('no');
    expect(reader.position).toBe(0);
  });

  test('is empty where the file has become so short', async () => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    const reader = file.reader(100);
    reader.skip(5000);
    await file.truncate(1000);
    expect(await text(reader.readable())).toBe('');
  });
});

test('lines of a reader are those that remain', async () => {
  await using file = AsyncMmapFile.memory('text', 'head\none\ntwo\r\nthree');
  const reader = file.reader();
  await reader.readLine();
  const lines: string[] = [];
  for await (const line of reader.lines()) lines.push(line);
  expect(lines).toEqual(['one', 'two', 'three']);
  expect(reader.remaining).toBe(0);
});

describe('a writable with an end', () => {
  test.each(['file', 'writer'])('of a %s takes what there is room for, and no more', async (of) => {
    const path = tempFile(CONTENT);
    await using file = await AsyncMmapFileMut.open(path);
    const cursor = file.writer(100, 30);
    cursor.skip(20);
    const stream = of === 'file' ? file.writable({ offset: 120, length: 10 }) : cursor.writable();
    if (of === 'writer') expect(cursor.remaining).toBe(0);
    const writer = stream.getWriter();
    await writer.write('hello');
    await expect(writer.write('world!')).rejects.toThrow(MmapRangeError);
    const expected = Buffer.from(CONTENT);
    expected.write('hello', 120);
    expectBytes(fs.readFileSync(path), expected);
  });

  test('grows the file up to there', async () => {
    const path = tempFile(Buffer.alloc(5, 'a'));
    await using file = await AsyncMmapFileMut.open(path);
    const writer = file.writable({ offset: 5, length: 10, grow: true }).getWriter();
    await writer.write('0123456789');
    await writer.close();
    expect(fs.readFileSync(path, 'utf8')).toBe('aaaaa0123456789');
    const second = file.writable({ offset: 15, length: 3, grow: true }).getWriter();
    await expect(second.write('abcd')).rejects.toThrow(MmapRangeError);
    expect(fs.statSync(path).size).toBe(15);
  });

  test('must lie in the file, if it does not grow', async () => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    expect(() => file.writable({ offset: 99_999, length: 2 })).toThrow(MmapRangeError);
    for (const length of [-1, 0.5, '1', null]) {
      expect(() => file.writable({ length } as never)).toThrow(
        expect.objectContaining({ argument: 'length' }),
      );
    }
  });
});
