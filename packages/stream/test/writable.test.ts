import { getEventListeners } from 'node:events';
import * as fs from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { whereFilesAreCut } from '../../core/test/helpers/platform.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import {
  AsyncMmapFileMut,
  MmapClosedError,
  MmapFaultError,
  MmapRangeError,
  MmapUnsupportedError,
} from '../src/index.js';
import { expectArgumentError, opened } from './helpers/files.js';

const MIB = 2 ** 20;

describe('a writable', () => {
  test('writes bytes and text one after the other, from its offset on', async () => {
    const file = await opened('0123456789abcdef');
    const writer = file.writable({ offset: 3 }).getWriter();
    await writer.write(Buffer.from('AB'));
    await writer.write('é');
    await writer.write(new Uint8Array());
    await writer.write('Z');
    await writer.close();
    expect(file.copyBytes().toString()).toBe('012ABéZ89abcdef');
    expect(fs.readFileSync(file.path, 'utf8')).toBe('012ABéZ89abcdef');
  });

  test('takes chunks of any size', async () => {
    const content = pattern(5 * MIB + 17);
    const file = await opened(Buffer.alloc(content.length));
    const writer = file.writable().getWriter();
    for (const [from, to] of [
      [0, 1],
      [1, 3 * MIB + 5],
      [3 * MIB + 5, content.length],
    ]) {
      await writer.write(content.subarray(from, to));
    }
    await writer.close();
    expect(fs.readFileSync(file.path).equals(content)).toBe(true);
  });

  test('asks its producer to wait', async () => {
    const file = await opened(Buffer.alloc(2 * MIB));
    const writer = file.writable().getWriter();
    expect(writer.desiredSize).toBeGreaterThan(0);
    const written = writer.write(Buffer.alloc(MIB, 1));
    expect(writer.desiredSize).toBeLessThanOrEqual(0);
    await writer.ready;
    expect(writer.desiredSize).toBeGreaterThan(0);
    await written;
    await writer.close();
  });

  test('refuses a chunk that does not fit, and writes nothing of it', async () => {
    const file = await opened('0123456789');
    const writer = file.writable({ offset: 4 }).getWriter();
    await writer.write('AB');
    await expect(writer.write('CDEFG')).rejects.toThrow(MmapRangeError);
    await expect(writer.closed).rejects.toThrow(MmapRangeError);
    await expect(writer.write('C')).rejects.toThrow(MmapRangeError);
    expect(file.copyBytes().toString()).toBe('0123AB6789');
  });

  test.each([1, null, undefined, [1], new Uint16Array(2)])(
    'refuses the chunk %s',
    async (chunk) => {
      const file = await opened('0123456789');
      const writer = file.writable().getWriter();
      await expect(writer.write(chunk as never)).rejects.toMatchObject({
        name: 'TypeError',
        argument: 'chunk',
      });
      await expect(writer.closed).rejects.toThrow('chunk');
    },
  );

  test('fails once the file is closed or frozen', async () => {
    const closed = await opened('0123456789');
    const first = closed.writable().getWriter();
    await first.write('A');
    await closed.close();
    await expect(first.write('B')).rejects.toThrow(MmapClosedError);

    const frozen = await opened('0123456789');
    const second = frozen.writable({ grow: true }).getWriter();
    await second.write('A');
    const reader = await frozen.freeze();
    onTestFinished(() => reader.close());
    await expect(second.write('B'.repeat(20))).rejects.toThrow(MmapClosedError);
    expect(reader.copyBytes().toString()).toBe('A123456789');
  });

  test('cannot be closed well once the file is closed: it might not be on the disk', async () => {
    const file = await opened('0123456789');
    const writer = file.writable().getWriter();
    writer.closed.catch(() => {});
    await writer.write('A');
    await file.close();
    await expect(writer.close()).rejects.toThrow(MmapClosedError);
  });

  test('fails with MmapRangeError where truncate has taken the room', async () => {
    const file = await opened('0123456789');
    const writer = file.writable().getWriter();
    writer.closed.catch(() => {});
    await writer.write('A');
    await file.truncate(3);
    await expect(writer.write('BCD')).rejects.toThrow(MmapRangeError);
    expect(file.copyBytes().toString()).toBe('A12');
  });

  whereFilesAreCut.test('fails with MmapFaultError where somebody else has', async () => {
    const file = await opened(pattern(20_000));
    const writer = file.writable().getWriter();
    writer.closed.catch(() => {});
    await writer.write('A');
    fs.truncateSync(file.path, 0);
    await expect(writer.write(Buffer.alloc(10_000))).rejects.toThrow(MmapFaultError);
  });

  test('leaves what was written when it is aborted', async () => {
    const file = await opened('0123456789');
    const { signal } = new AbortController();
    const stream = file.writable({ signal });
    const writer = stream.getWriter();
    writer.closed.catch(() => {});
    await writer.write('AB');
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await writer.abort(new Error('enough'));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(file.copyBytes().toString()).toBe('AB23456789');
  });

  test('fails with the reason of its signal, and stops listening', async () => {
    const file = await opened('0123456789');
    const controller = new AbortController();
    const { signal } = controller;
    const writer = file.writable({ signal }).getWriter();
    writer.closed.catch(() => {});
    await writer.write('AB');
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(writer.write('C')).rejects.toBe(reason);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(() => file.writable({ signal })).toThrow(reason);
    expect(file.copyBytes().toString()).toBe('AB23456789');
  });

  test('stops listening to its signal when it is closed', async () => {
    const file = await opened('0123456789');
    const { signal } = new AbortController();
    await file.writable({ signal }).close();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('a writable that grows', () => {
  test('makes the file larger than it needs, and trims it when it is closed', async () => {
    const content = pattern(3 * MIB + 11);
    const file = await opened('');
    const writer = file.writable({ grow: true }).getWriter();
    const lengths = new Set<number>();
    for (let at = 0; at < content.length; at += 10_000) {
      await writer.write(content.subarray(at, at + 10_000));
      lengths.add(file.length);
    }
    expect(lengths.size).toBeLessThan(10);
    await writer.close();
    expect(file.length).toBe(content.length);
    expect(fs.readFileSync(file.path).equals(content)).toBe(true);
  });

  test('keeps what was there behind it', async () => {
    const file = await opened('0123456789');
    const writer = file.writable({ grow: true, offset: 2 }).getWriter();
    await writer.write('AB');
    await writer.close();
    expect(fs.readFileSync(file.path, 'utf8')).toBe('01AB456789');
  });

  test('may begin behind the end, and leaves zeroes between', async () => {
    const file = await opened('01');
    const writer = file.writable({ grow: true, offset: 5 }).getWriter();
    await writer.write('AB');
    await writer.close();
    expect(fs.readFileSync(file.path, 'latin1')).toBe('01\0\0\0AB');
  });

  test('counts from the offset of the mapping', async () => {
    const path = tempFile('0123456789');
    const file = await AsyncMmapFileMut.open(path, { offset: 4 });
    onTestFinished(() => file.close());
    const writer = file.writable({ grow: true, offset: 5 }).getWriter();
    await writer.write('ABC');
    await writer.close();
    expect(fs.readFileSync(path, 'utf8')).toBe('012345678ABC');
  });

  test('refuses to cut off what lies behind a mapping of a part of the file', async () => {
    const path = tempFile('0123456789');
    const file = await AsyncMmapFileMut.open(path, { length: 4 });
    onTestFinished(() => file.close());
    const writer = file.writable({ grow: true }).getWriter();
    writer.closed.catch(() => {});
    await expect(writer.write('ABCDE')).rejects.toThrow(MmapUnsupportedError);
    expect(fs.readFileSync(path, 'utf8')).toBe('0123456789');
  });

  test('is refused by a copy-on-write mapping', async () => {
    const file = await AsyncMmapFileMut.openCow(tempFile('0123'));
    onTestFinished(() => file.close());
    expect(() => file.writable({ grow: true })).toThrow(MmapUnsupportedError);
  });

  test('grows memory', async () => {
    const file = AsyncMmapFileMut.memory('memory', 'ab');
    onTestFinished(() => file.close());
    const writer = file.writable({ grow: true, offset: 1 }).getWriter();
    await writer.write('x'.repeat(100_000));
    await writer.close();
    expect(file.length).toBe(100_001);
  });

  test.each(['abort', 'signal', 'error'])('trims when it ends early, by %s', async (how) => {
    const file = await opened('');
    const controller = new AbortController();
    const writer = file.writable({ grow: true, signal: controller.signal }).getWriter();
    writer.closed.catch(() => {});
    await writer.write('x'.repeat(60_000));
    await writer.write('x'.repeat(10_000));
    expect(file.length).toBeGreaterThan(70_000);
    if (how === 'abort') void writer.abort();
    if (how === 'signal') controller.abort();
    if (how === 'error') await writer.write(1 as never).catch(() => {});
    // What is asked of the file now comes after the trimming.
    await file.close();
    expect(fs.statSync(file.path).size).toBe(70_000);
  });

  test('does not trim what another one has written, nor a length that the user gave', async () => {
    const file = await opened('');
    const [low, high] = [0, 200_000].map((offset) => file.writable({ grow: true, offset }));
    const [first, second] = [low, high].map((stream) => stream?.getWriter());
    await first?.write('low');
    await second?.write('high');
    await second?.close();
    await first?.write('er');
    await first?.close();
    expect(file.length).toBe(200_004);
    expect(file.copyBytes(0, 5).toString()).toBe('lower');

    const third = file.writable({ grow: true, offset: 200_004 }).getWriter();
    await third.write('end');
    await file.truncate(300_000);
    await third.close();
    expect(file.length).toBe(300_000);
  });

  test('grows by no more than it needs where there is no room for more', async () => {
    const file = await opened(pattern(3000));
    const mapping = file._mapping;
    const { resize } = mapping;
    const asked: number[] = [];
    mapping.resize = function (size) {
      asked.push(size);
      if (size > 4000) throw new MmapRangeError('too large');
      return resize.call(this, size);
    };
    const writer = file.writable({ grow: true, offset: 3000 }).getWriter();
    await writer.write('x'.repeat(1000));
    await writer.close();
    expect(asked).toEqual([3000 + 65_536, 4000]);
    expect(file.length).toBe(4000);
  });
});

describe('the options of a writable', () => {
  test.each([
    ['offset', -1],
    ['offset', 1.5],
    ['offset', '1'],
    ['offset', 11],
    ['grow', 1],
  ])('refuse %s %s', async (name, value) => {
    const file = await opened('0123456789');
    expectArgumentError(() => file.writable({ [name]: value }), name);
  });

  test('are checked before the state of the file', async () => {
    const file = AsyncMmapFileMut.memory('gone', 'gone');
    await file.close();
    expectArgumentError(() => file.writable({ offset: -1 }), 'offset');
    expect(() => file.writable()).toThrow(MmapClosedError);
  });
});

describe('a chunk that is taken away', () => {
  const taken = (chunk: Uint8Array<ArrayBuffer>) =>
    structuredClone(chunk, { transfer: [chunk.buffer] });

  test('before it is written fails the stream', async () => {
    const file = await opened(Buffer.alloc(3));
    const writer = file.writable().getWriter();
    writer.closed.catch(() => {});
    const chunk = Uint8Array.of(1, 2, 3);
    const writing = writer.write(chunk);
    taken(chunk);
    await expect(writing).rejects.toMatchObject({ name: 'TypeError', argument: 'chunk' });
    expect(file.copyBytes()).toEqual(Buffer.alloc(3));
  });

  test('or resized while it is written fails the stream', async () => {
    const file = await opened(Buffer.alloc(4 * MIB));
    const writer = file.writable().getWriter();
    writer.closed.catch(() => {});
    const chunk = new Uint8Array(4 * MIB).fill(1);
    const writing = writer.write(chunk);
    await Promise.resolve();
    taken(chunk);
    await expect(writing).rejects.toMatchObject({ name: 'TypeError', argument: 'chunk' });
  });
});

test('a close waits for an earlier truncate, and needs nothing of what that cuts off', async () => {
  const file = await opened(Buffer.alloc(8192));
  const writer = file.writable().getWriter();
  await writer.write(Buffer.alloc(8192, 1));
  await Promise.all([file.truncate(4096), writer.close()]);
  expect(fs.readFileSync(file.path)).toEqual(Buffer.alloc(4096, 1));
});
