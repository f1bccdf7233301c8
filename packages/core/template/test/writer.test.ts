import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapRangeError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { AsyncMmapFileWriter } from '../async-writer.js';
import { expectArgumentRejection, rejected } from './rejections.js';

const PAGE = 4096;
const CONTENT = pattern(10 * PAGE);

test('a writer writes from a position that moves, and flushes', async () => {
  const path = tempFile(CONTENT);
  const model = Buffer.from(CONTENT);
  await using file = await AsyncMmapFileMut.openExisting(path);
  const writer = file.writer(10, 100);
  expect(writer).toBeInstanceOf(AsyncMmapFileWriter);
  expect(writer).toMatchObject({ offset: 10, length: 100, position: 0, remaining: 100 });

  writer.writeUInt32BE(0xdeadbeef);
  writer.writeBigInt64LE(-9n);
  writer.writeAll('hello');
  model.writeUInt32BE(0xdeadbeef, 10);
  model.writeBigInt64LE(-9n, 14);
  model.write('hello', 22);
  expect(writer.position).toBe(17);
  expect(await writer.flush()).toBeUndefined();
  expect(writer.seek(-3, 'end')).toBe(97);
  expect(writer.writeSome('abcdef')).toBe(3);
  model.write('abc', 107);
  expect(writer.writeSome('more')).toBe(0);
  expect(() => writer.writeUInt8(1)).toThrow(MmapRangeError);
  await writer.flush();
  await writer.flush();

  expectBytes(file.copyBytes(), model);
  expectBytes(fs.readFileSync(path), model);
});

test('a writer over what is not there is refused', async () => {
  await using file = AsyncMmapFileMut.memory('memory', CONTENT);
  expect(() => file.writer(CONTENT.length + 1)).toThrow(MmapRangeError);
  expect(() => file.writer(1, CONTENT.length)).toThrow(MmapRangeError);
  expect(() => file.writer('1' as never)).toThrow(TypeError);
});

describe('what a flush of a writer covers', () => {
  /** A file whose flushes are recorded, and may be made to fail. */
  async function recorded() {
    const file = await AsyncMmapFileMut.openExisting(tempFile(CONTENT));
    const ranges: unknown[] = [];
    const flush = file.flush.bind(file);
    const failures: Error[] = [];
    Object.assign(file, {
      flush: async (...[offset, length, options]: Parameters<typeof flush>) => {
        ranges.push([offset, length]);
        const failure = failures.pop();
        if (failure) throw failure;
        await flush(offset, length, options);
      },
    });
    return { file, ranges, failures };
  }

  test('is what was written since the last one', async () => {
    const { file, ranges } = await recorded();
    const writer = file.writer(100);
    writer.seek(50);
    writer.writeAll('hello');
    writer.seek(20);
    writer.writeUInt16LE(1);
    await writer.flush();
    writer.writeUInt8(1);
    await writer.flush();
    expect(ranges).toEqual([
      [120, 35],
      [122, 1],
    ]);
    await file.close();
  });

  test('is not lost where something is written during a flush', async () => {
    const { file, ranges } = await recorded();
    const writer = file.writer();
    writer.writeAll('one');
    const flushing = writer.flush();
    writer.writeAll('two');
    await flushing;
    await writer.flush();
    expect(ranges).toEqual([
      [0, 3],
      [3, 3],
    ]);
    await file.close();
  });

  test('is not lost where a flush fails', async () => {
    const { file, ranges, failures } = await recorded();
    const writer = file.writer();
    writer.writeAll('one');
    const failure = new Error('for this test');
    failures.push(failure);
    expect(await rejected(writer.flush())).toBe(failure);
    writer.writeAll('two');
    await writer.flush();
    expect(ranges).toEqual([
      [0, 3],
      [0, 6],
    ]);
    await file.close();
  });

  test('is nothing where a truncate has taken it away', async () => {
    const { file, ranges } = await recorded();
    const writer = file.writer();
    writer.seek(5 * PAGE);
    writer.writeAll('gone');
    await file.truncate(PAGE);
    await writer.flush();
    expect(ranges).toEqual([[PAGE, 0]]);
    expect(() => writer.writeUInt8(1)).toThrow(MmapRangeError);
    await file.close();
  });
});

test('flush rejects what are no options', async () => {
  await using file = AsyncMmapFileMut.memory('memory', CONTENT);
  const writer = file.writer();
  await expectArgumentRejection(() => writer.flush(1 as never), 'options');
  await expectArgumentRejection(() => writer.flush({ signal: 1 as never }), 'options.signal');
});

test('flush waits for an earlier truncate, and needs nothing of what that cuts off', async () => {
  await using file = await AsyncMmapFileMut.create(tempFile(), { maxSize: 8192 });
  const writer = file.writer();
  writer.write(Buffer.alloc(8192, 1));
  await Promise.all([file.truncate(4096), writer.flush()]);
  expect(file.length).toBe(4096);
});
