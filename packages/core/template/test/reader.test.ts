import { describe, expect, test } from 'vitest';
import { MmapClosedError, MmapRangeError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { pattern } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { AsyncMmapFileReader } from '../async-reader.js';
import { coldFile } from './cold.js';
import { expectArgumentRejection, rejected } from './rejections.js';

const PAGE = 4096;
const CONTENT = pattern(10 * PAGE + 5);

const open = (content: Uint8Array | string) => AsyncMmapFile.open(coldFile(Buffer.from(content)));

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('a reader reads from a position that moves', async () => {
  await using file = await open(CONTENT);
  const reader = file.reader(100, 5000);
  expect(reader).toBeInstanceOf(AsyncMmapFileReader);
  expect(reader).toMatchObject({ offset: 100, length: 5000, position: 0, remaining: 5000 });
  expect(reader.readUInt8()).toBe(CONTENT[100]);
  expect(reader.readBigInt64BE()).toBe(CONTENT.readBigInt64BE(101));
  expectBytes(reader.peek(3), CONTENT.subarray(109, 112));
  expectBytes(reader.bytes(PAGE), CONTENT.subarray(109, 109 + PAGE));
  expect(reader.skip(100)).toBe(100);
  expect(reader.position).toBe(9 + PAGE + 100);
  expect(reader.seek(-1, 'end')).toBe(4999);
  expect(reader.readUInt8()).toBe(CONTENT[5099]);
  expect(() => reader.readUInt8()).toThrow(MmapRangeError);
  expect(() => file.reader(CONTENT.length + 1)).toThrow(MmapRangeError);
});

describe('read', () => {
  test('fills a target with what remains, and reads nothing at the end', async () => {
    await using file = await open(CONTENT);
    const reader = file.reader(7, 3 * PAGE);
    const target = Buffer.alloc(2 * PAGE);
    expect(await reader.read(target)).toBe(2 * PAGE);
    expectBytes(target, CONTENT.subarray(7, 7 + 2 * PAGE));
    expect(await reader.read(target)).toBe(PAGE);
    expectBytes(target.subarray(0, PAGE), CONTENT.subarray(7 + 2 * PAGE, 7 + 3 * PAGE));
    expect(reader.remaining).toBe(0);
    expect(await reader.read(target)).toBe(0);
  });

  test('of many at once each gets bytes of its own', async () => {
    await using file = await open(CONTENT);
    const reader = file.reader();
    const targets = Array.from({ length: 11 }, () => Buffer.alloc(PAGE));
    const counts = await Promise.all(targets.map((target) => reader.read(target)));
    expect(counts).toEqual([...new Array(10).fill(PAGE), 5]);
    expectBytes(Buffer.concat(targets).subarray(0, CONTENT.length), CONTENT);
  });
});

describe('readExact', () => {
  test('fills all of a target, or none of it', async () => {
    await using file = await open(CONTENT);
    const reader = file.reader(0, 2 * PAGE);
    const target = Buffer.alloc(PAGE + 1);
    expect(await reader.readExact(target)).toBeUndefined();
    expectBytes(target, CONTENT.subarray(0, PAGE + 1));
    target.fill(0xaa);
    expect(await rejected(reader.readExact(target))).toBeInstanceOf(MmapRangeError);
    expectBytes(target, Buffer.alloc(PAGE + 1, 0xaa));
    expect(reader.position).toBe(PAGE + 1);
    await reader.readExact(target.subarray(2));
    expect(reader.remaining).toBe(0);
  });
});

describe('lines', () => {
  const texts: Readonly<Record<string, [text: string, lines: string[]]>> = {
    'of any kind': ['one\ntwo\r\n\nvier grün\n', ['one', 'two', '', 'vier grün']],
    'without an end': ['one\ntwo', ['one', 'two']],
    'that end with a carriage return alone': ['one\rtwo\r', ['one\rtwo\r']],
    'of nothing but ends': ['\n\r\n\n', ['', '', '']],
    'longer than what is read ahead': [
      `${'x'.repeat(600_000)}\n${'y'.repeat(300_000)}\nz`,
      ['x'.repeat(600_000), 'y'.repeat(300_000), 'z'],
    ],
    'that are many': ['line\n'.repeat(100_000), new Array(100_000).fill('line')],
  };
  test.each(Object.entries(texts))('%s', async (_name, [text, lines]) => {
    await using file = await open(text);
    const found = await collect(file.reader());
    expect(found.length).toBe(lines.length);
    expect(found.every((line, index) => line === lines[index])).toBe(true);
  });

  test('one by one, then null, and on from any position', async () => {
    await using file = await open('one\ntwo\nthree');
    const reader = file.reader(1, 11);
    expect(await reader.readLine()).toBe('ne');
    expect(reader.position).toBe(3);
    expect(await reader.readLine()).toBe('two');
    expect(await reader.readLine()).toBe('thre');
    expect(await reader.readLine()).toBe(null);
    expect(await reader.readLine()).toBe(null);
    reader.seek(1);
    expect(await reader.readLine()).toBe('e');
    await using empty = AsyncMmapFile.memory('empty');
    expect(await empty.reader().readLine()).toBe(null);
  });

  test('may be left, and gone on with', async () => {
    await using file = await open('one\ntwo\nthree\n');
    const reader = file.reader();
    for await (const line of reader) if (line === 'two') break;
    expect(await collect(reader)).toEqual(['three']);
  });

  test('end with an error if the file is closed meanwhile', async () => {
    const file = await open('one\ntwo\nthree\n');
    const reading = (async () => {
      for await (const _line of file.reader()) await file.close();
    })();
    expect(await rejected(reading)).toBeInstanceOf(MmapClosedError);
  });
});

describe('chunks', () => {
  test('are views, the last one shorter', async () => {
    await using file = await AsyncMmapFileMut.open(coldFile(CONTENT));
    const chunks = await collect(file.reader(5).chunks(3 * PAGE));
    expect(chunks.map(({ length }) => length)).toEqual([3 * PAGE, 3 * PAGE, 3 * PAGE, PAGE]);
    expectBytes(Buffer.concat(chunks), CONTENT.subarray(5));
    file.writeUInt8(255, 5);
    expect(chunks[0]?.[0]).toBe(255);
    expect(await collect(file.reader(CONTENT.length).chunks(1))).toEqual([]);
  });

  test('follow the position', async () => {
    await using file = await open(CONTENT);
    const reader = file.reader();
    const chunks = reader.chunks(PAGE);
    await chunks.next();
    reader.seek(5 * PAGE);
    const { value } = await chunks.next();
    expectBytes(value as Buffer, CONTENT.subarray(5 * PAGE, 6 * PAGE));
    expect(reader.position).toBe(6 * PAGE);
  });

  test('end with an error if the file is closed or becomes too short', async () => {
    const file = await AsyncMmapFileMut.open(coldFile(CONTENT));
    const chunks = file.reader().chunks(PAGE);
    await chunks.next();
    await file.truncate(PAGE);
    expect(await rejected(chunks.next())).toBeInstanceOf(MmapRangeError);
    const others = file.reader().chunks(1);
    await others.next();
    await file.close();
    expect(await rejected(others.next())).toBeInstanceOf(MmapClosedError);
  });

  test('have a size', async () => {
    await using file = await open(CONTENT);
    for (const bad of [0, -1, 0.5, Number.NaN]) {
      expect(() => file.reader().chunks(bad)).toThrow(MmapRangeError);
    }
    expect(() => file.reader().chunks('1' as never)).toThrow(TypeError);
  });
});

test('bad arguments are rejections', async () => {
  await using file = await open(CONTENT);
  const reader = file.reader();
  const target = Buffer.alloc(5);
  for (const method of ['read', 'readExact'] as const) {
    await expectArgumentRejection(() => reader[method]('abc' as never), 'target');
    await expectArgumentRejection(() => reader[method](target, 1 as never), 'options');
    await expectArgumentRejection(
      () => reader[method](target, { signal: {} as never }),
      'options.signal',
    );
  }
  await expectArgumentRejection(() => reader.readLine({ signal: 'x' as never }), 'options.signal');
  expect(reader.position).toBe(0);
});

test('calls that are not waited for take one line, or record, after the other', async () => {
  const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
  await using file = AsyncMmapFile.memory('lines', `${lines.join('\n')}\n`);
  const reader = file.reader();
  const read = lines.map((_, index) =>
    index % 2 === 0
      ? reader.readLine()
      : reader.readUntil('\n').then((record) => record?.toString().trimEnd()),
  );
  expect((await Promise.all(read)).sort()).toEqual([...lines].sort());
  expect(reader.remaining).toBe(0);
});

test.each(['read', 'readExact', 'readText'] as const)(
  'a failed %s leaves the position where it was',
  async (name) => {
    await using file = AsyncMmapFile.memory('memory', Buffer.alloc(2 ** 22, 1));
    const reader = file.reader(10);
    reader.skip(5);
    const controller = new AbortController();
    const { signal } = controller;
    const reading = {
      read: () => reader.read(Buffer.alloc(2 ** 21), { signal }),
      readExact: () => reader.readExact(Buffer.alloc(2 ** 21), { signal }),
      readText: () => reader.readText(2 ** 21, 'latin1', { signal }),
    }[name]();
    controller.abort();
    expect(await rejected(reading)).toMatchObject({ name: 'AbortError' });
    expect(reader.position).toBe(5);
  },
);

test('chunks end where the part did at the call, even if follow extends it', async () => {
  await using file = AsyncMmapFileMut.memory('log', Buffer.alloc(10));
  const reader = file.reader();
  const chunks = reader.chunks(8);
  const lengths = [(await chunks.next()).value?.length];
  await file.truncate(100);
  reader.follow();
  lengths.push((await chunks.next()).value?.length);
  expect([...lengths, (await chunks.next()).done, reader.remaining]).toEqual([8, 2, true, 90]);
});

test.each(['first', 'last', 'all'] as const)(
  'reads at the same time, of which the %s fail, leave no gap but one that was read later',
  async (which) => {
    await using file = await AsyncMmapFileMut.open(coldFile(pattern(2 ** 20)));
    const reader = file.reader(10);
    const controller = new AbortController();
    const { signal } = controller;
    const reads = Array.from({ length: 5 }, (_, n) => {
      const isAborted = which === 'all' || (which === 'first' ? n < 3 : n >= 3);
      return reader.read(Buffer.alloc(100), isAborted ? { signal } : {});
    });
    const outcomes = Promise.allSettled(reads);
    controller.abort();
    const read = (await outcomes).filter(({ status }) => status === 'fulfilled');
    expect(read).toHaveLength({ first: 2, last: 3, all: 0 }[which]);
    expect(reader.position).toBe({ first: 500, last: 300, all: 0 }[which]);
  },
);

test('a read that finds fewer bytes than there were at the call ends after those', async () => {
  await using file = await AsyncMmapFileMut.open(coldFile(pattern(2 ** 20)));
  const reader = file.reader(2 ** 19);
  const cut = file.truncate(2 ** 19 + 4);
  const count = await reader.read(Buffer.alloc(10));
  await cut;
  expect(reader.position).toBe(count);
});
