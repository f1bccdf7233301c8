import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import * as fs from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { whereFilesAreCut } from '../../core/test/helpers/platform.js';
import { countDescriptors, countMappings } from '../../core/test/helpers/process.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import {
  AsyncMmapFile,
  AsyncMmapFileMut,
  MmapClosedError,
  MmapFaultError,
  MmapRangeError,
} from '../src/index.js';
import { coldFile } from './generated/cold.js';
import { collect, expectArgumentError, opened } from './helpers/files.js';

const SIZE = 300_001;
const content = pattern(SIZE);
const CHUNK = 65_536;

describe('a readable', () => {
  test.each([
    ['views', {}],
    ['copies', { copy: true }],
  ])('gives all bytes in order as %s', async (_, options) => {
    const file = await opened(content);
    const chunks = await collect(file.readable({ chunkSize: CHUNK, ...options }));
    expect(chunks.map(({ length }) => length)).toEqual([CHUNK, CHUNK, CHUNK, CHUNK, SIZE % CHUNK]);
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });

  test('gives a range', async () => {
    const file = await opened(content);
    const chunks = await collect(
      file.readable({ offset: 12_345, length: 100_001, chunkSize: 999 }),
    );
    expect(Buffer.concat(chunks).equals(content.subarray(12_345, 112_346))).toBe(true);
  });

  test('of a mapping that does not begin at a page counts from the mapping', async () => {
    const file = await AsyncMmapFile.open(tempFile(content), { offset: 5_001 });
    onTestFinished(() => file.close());
    const chunks = await collect(file.readable({ offset: 7 }));
    expect(Buffer.concat(chunks).equals(content.subarray(5_008))).toBe(true);
  });

  test.each([
    ['an empty file', '', {}],
    ['an empty range', 'some', { offset: 2, length: 0 }],
    ['the very end', 'some', { offset: 4 }],
  ])('of %s ends at once, for either kind of reader', async (_, text, range) => {
    const file = await opened(text);
    expect(await collect(file.readable(range))).toEqual([]);
    const reader = file.readable(range).getReader({ mode: 'byob' });
    expect(await reader.read(new Uint8Array(10))).toMatchObject({ done: true });
  });

  test('fills the buffers of a BYOB reader, and uses them again', async () => {
    const file = await opened(content);
    const reader = file.readable({ chunkSize: 10 }).getReader({ mode: 'byob' });
    const found: Buffer[] = [];
    let buffer = new Uint8Array(70_000);
    for (;;) {
      const { done, value } = await reader.read(buffer);
      if (done) break;
      expect(value.length).toBe(Math.min(70_000, SIZE - found.length * 70_000));
      found.push(Buffer.from(value));
      buffer = new Uint8Array(value.buffer);
    }
    expect(Buffer.concat(found).equals(content)).toBe(true);
  });

  test('serves both kinds of reader one after the other', async () => {
    const file = await opened(content);
    const stream = file.readable({ chunkSize: 1000 });
    const first = stream.getReader();
    const { value: view } = await first.read();
    first.releaseLock();
    const second = stream.getReader({ mode: 'byob' });
    const { value: filled } = await second.read(new Uint8Array(500));
    second.releaseLock();
    const rest = await collect(stream);
    const all = [view, filled, ...rest].map((chunk) => chunk ?? new Uint8Array());
    expect(Buffer.concat(all).equals(content)).toBe(true);
  });

  test('can be teed', async () => {
    const file = await opened(content);
    const branches = file.readable({ chunkSize: CHUNK }).tee();
    const both = await Promise.all(branches.map((branch) => collect(branch)));
    for (const chunks of both) expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });

  test('shows the file itself, and a copy does not', async () => {
    const file = await opened(content);
    const view = (await file.readable().getReader().read()).value as Uint8Array;
    const copy = (await file.readable({ copy: true }).getReader().read()).value as Uint8Array;
    file.writeUInt8(content[5] === 1 ? 2 : 1, 5);
    expect(view[5]).toBe(file.readUInt8(5));
    expect(copy[5]).toBe(content[5]);
    view[6] = 99;
    expect(file.readUInt8(6)).toBe(99);
  });

  test('has views that stay with the file as it grows, and read zeroes once it is closed', async () => {
    const file = await opened(content);
    const view = (await file.readable().getReader().read()).value as Uint8Array;
    await file.truncate(8 * 2 ** 20);
    await file.truncate(64 * 2 ** 20);
    file.writeUInt8(7, 0);
    expect(view[0]).toBe(7);
    await file.close();
    expect(view[0]).toBe(0);
    const other = await opened(pattern(64 * 2 ** 20).fill(5)); // which may use the memory again
    expect(view[0]).toBe(0);
    expect(other.readUInt8(0)).toBe(5);
  });

  test('of a read-only file has views that cannot change it', async () => {
    const path = tempFile(content);
    const file = await AsyncMmapFile.open(path);
    onTestFinished(() => file.close());
    const reader = file.readable({ chunkSize: 4096 }).getReader();
    const { value } = await reader.read();
    if (value) value[0] = 99;
    await expect(reader.read()).rejects.toThrow(MmapFaultError);
    expect(fs.readFileSync(path).equals(content)).toBe(true);
  });

  test('has what it gives in memory before anybody touches it', async () => {
    const file = await AsyncMmapFile.open(coldFile(pattern(8 * 2 ** 20)));
    onTestFinished(() => file.close());
    const isThere = () => file.residency(0, 2 ** 20).every((page) => page === 1);
    expect(isThere()).toBe(false);
    await file
      .readable({ chunkSize: 2 ** 20 })
      .getReader()
      .read();
    expect(isThere()).toBe(true);
  });

  test('goes on where several run at once', async () => {
    const file = await opened(content);
    const expected = createHash('sha256').update(content).digest('hex');
    const sums = Array.from({ length: 50 }, async (_, index) => {
      const hash = createHash('sha256');
      for await (const chunk of file.readable({ chunkSize: 1000 + index })) hash.update(chunk);
      return hash.digest('hex');
    });
    expect(new Set(await Promise.all(sums))).toEqual(new Set([expected]));
  });
});

describe('a readable that does not get to its end', () => {
  test('fails with MmapClosedError once the file is closed, and closing does not wait for it', async () => {
    const file = await opened(content);
    const reader = file.readable({ chunkSize: 4096 }).getReader();
    await reader.read();
    await file.close();
    await expect(reader.read()).rejects.toThrow(MmapClosedError);
    await expect(reader.closed).rejects.toThrow(MmapClosedError);
  });

  test('fails when the file is closed while a chunk is on its way', async () => {
    const file = await opened(content);
    const reader = file.readable({ chunkSize: 4096 }).getReader();
    const read = reader.read().then(
      ({ value }) => value?.length,
      (error) => error,
    );
    await file.close();
    expect([4096, MmapClosedError]).toContain(
      await read.then((found) => (found instanceof Error ? found.constructor : found)),
    );
    await expect(reader.read()).rejects.toThrow(MmapClosedError);
  });

  test.each([
    ['default', undefined],
    ['byob', 'byob'],
  ] as const)(
    'fails with MmapRangeError where truncate has taken the rest: %s',
    async (_, mode) => {
      const file = await opened(content);
      const stream = file.readable({ chunkSize: 4096 });
      const reader = mode ? stream.getReader({ mode }) : stream.getReader();
      await reader.read(new Uint8Array(4096));
      await file.truncate(6000);
      await expect(reader.read(new Uint8Array(4096))).rejects.toThrow(MmapRangeError);
    },
  );

  test('fails with MmapRangeError where truncate has taken what was given last', async () => {
    const file = await opened(content);
    const reader = file.readable({ chunkSize: SIZE }).getReader();
    await reader.read();
    await file.truncate(10);
    await expect(reader.read()).rejects.toThrow(MmapRangeError);
  });

  whereFilesAreCut.test.each([
    ['a page that is gone', 8192],
    ['what is left of the last page', SIZE - 10],
  ])('fails with MmapFaultError where somebody else has taken %s', async (_, left) => {
    const path = tempFile(content);
    const file = await AsyncMmapFile.open(path);
    onTestFinished(() => file.close());
    const reader = file.readable({ chunkSize: SIZE }).getReader();
    const { value } = await reader.read();
    fs.truncateSync(path, left);
    expect(value?.[SIZE - 1]).toBe(0);
    await expect(reader.read()).rejects.toThrow(MmapFaultError);
  });

  whereFilesAreCut.test(
    'fails with MmapFaultError instead of giving zeroes to a BYOB reader',
    async () => {
      const path = tempFile(content);
      const file = await AsyncMmapFile.open(path);
      onTestFinished(() => file.close());
      const reader = file.readable().getReader({ mode: 'byob' });
      await reader.read(new Uint8Array(100));
      fs.truncateSync(path, 50);
      await expect(reader.read(new Uint8Array(SIZE))).rejects.toThrow(MmapFaultError);
    },
  );

  test('ends when it is cancelled, and the file stays usable', async () => {
    const file = await opened(content);
    const { signal } = new AbortController();
    const stream = file.readable({ chunkSize: 4096, signal });
    for await (const chunk of stream) {
      expect(chunk.length).toBe(4096);
      break;
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(file.readUInt8(1)).toBe(content[1]);
  });

  test('fails with the reason of its signal, and stops listening', async () => {
    const file = await opened(content);
    const controller = new AbortController();
    const { signal } = controller;
    const reader = file.readable({ chunkSize: 4096, signal }).getReader();
    await reader.read();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(reader.read()).rejects.toBe(reason);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(() => file.readable({ signal })).toThrow(reason);
  });

  test('stops listening to its signal at its end, too', async () => {
    const file = await opened(content);
    const { signal } = new AbortController();
    await collect(file.readable({ signal }));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('leaves nothing behind', async () => {
    const path = tempFile(content);
    const round = async () => {
      const file = await AsyncMmapFile.open(path);
      const reader = file.readable({ chunkSize: 4096 }).getReader();
      await reader.read();
      await file.readable().cancel();
      await file.close();
      await reader.read().catch(() => {});
    };
    await round();
    const before = countDescriptors();
    for (let i = 0; i < 50; ++i) await round();
    expect(countDescriptors()).toBe(before);
    expect(countMappings(path)).toBe(0);
  });
});

describe('the options of a readable', () => {
  test.each([
    ['offset', -1],
    ['offset', 1.5],
    ['offset', '1'],
    ['offset', SIZE + 1],
    ['length', -1],
    ['length', SIZE + 1],
    ['chunkSize', 0],
    ['chunkSize', 1.5],
    ['chunkSize', 2 ** 31],
    ['chunkSize', '1'],
    ['copy', 1],
    ['chunksize', 1],
  ])('refuse %s %s', async (name, value) => {
    const file = await opened(content);
    expectArgumentError(() => file.readable({ [name]: value }), name);
  });

  test.each([1, null, 'x'])('refuse %s', async (options) => {
    const file = await opened(content);
    expectArgumentError(() => file.readable(options as never), 'options');
    expectArgumentError(() => file.readable({ signal: options as never }), 'options.signal');
  });

  test('are checked before the state of the file', async () => {
    const file = AsyncMmapFileMut.memory('gone', 'gone');
    await file.close();
    expectArgumentError(() => file.readable({ chunkSize: 0 }), 'chunkSize');
    expect(() => file.readable()).toThrow(MmapClosedError);
  });
});
