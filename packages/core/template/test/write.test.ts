import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapRangeError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { expectArgumentRejection } from './rejections.js';

const CONTENT = pattern(20_000);

test('writing to memory is done at once, and is in the file', async () => {
  const path = tempFile(CONTENT);
  const model = Buffer.from(CONTENT);
  await using file = await AsyncMmapFileMut.openExisting(path);

  expect(file.writeUInt8(200, 0)).toBe(model.writeUInt8(200, 0));
  expect(file.writeInt16BE(-2, 4095)).toBe(model.writeInt16BE(-2, 4095));
  expect(file.writeUInt32LE(0xdeadbeef, 9)).toBe(model.writeUInt32LE(0xdeadbeef, 9));
  expect(file.writeBigInt64BE(-5n, 100)).toBe(model.writeBigInt64BE(-5n, 100));
  expect(file.writeFloatLE(0.5, 200)).toBe(model.writeFloatLE(0.5, 200));
  expect(file.writeBigUInt128LE(2n ** 64n + 3n, 300)).toBe(316);
  model.writeBigUInt64LE(3n, 300);
  model.writeBigUInt64LE(1n, 308);
  expect(file.readBigUInt128LE(300)).toBe(2n ** 64n + 3n);

  expect(file.writeSome('end', 19_998)).toBe(2);
  model.write('en', 19_998);
  file.writeAll(Buffer.from('all'), 400);
  model.write('all', 400);
  file.fill('ab', 500, 505);
  model.fill('ab', 500, 505);
  file.zeroRange(600, 5000);
  model.fill(0, 600, 5000);
  file.copyWithin(7000, 7001, 12_000);
  model.copyWithin(7000, 7001, 12_000);

  expectBytes(file.copyBytes(), model);
  expectBytes(fs.readFileSync(path), model);
});

test('a value that does not fit throws, and nothing is written', async () => {
  await using file = AsyncMmapFileMut.memory('memory', CONTENT);
  expect(() => file.writeUInt8(256, 0)).toThrow(MmapRangeError);
  expect(() => file.writeUInt32LE(0, 19_997)).toThrow(MmapRangeError);
  expect(() => file.writeAll('abc', 19_998)).toThrow(MmapRangeError);
  expect(() => file.writeBigInt64LE(1 as never, 0)).toThrow(TypeError);
  expectBytes(file.copyBytes(), CONTENT);
});

describe('flush and startFlush', () => {
  test('take any range, of every kind of mapping', async () => {
    const path = tempFile(CONTENT);
    await using disk = await AsyncMmapFileMut.openExisting(path, { offset: 5 });
    await using copy = AsyncMmapFileMut.memory('memory', CONTENT.subarray(5));
    await using nothing = AsyncMmapFileMut.anonymous(0);
    for (const file of [disk, copy]) {
      file.fill(9, 10, 10_000);
      expect(await file.flush()).toBeUndefined();
      expect(await file.startFlush()).toBeUndefined();
      for (const range of [[4090, 20], [19_994, 1], [19_995], [1, 0]] as const) {
        await file.flush(...range);
        await file.startFlush(...range);
      }
    }
    await nothing.flush();
    expectBytes(fs.readFileSync(path), Buffer.from(CONTENT).fill(9, 15, 10_005));
  });

  test('reject what is no range', async () => {
    await using file = await AsyncMmapFileMut.openExisting(tempFile(CONTENT));
    for (const flush of [file.flush, file.startFlush]) {
      await expectArgumentRejection(() => flush.call(file, 20_001), 'offset');
      await expectArgumentRejection(() => flush.call(file, 1, 20_000), 'length');
      await expectArgumentRejection(() => flush.call(file, -1), 'offset');
      await expectArgumentRejection(() => flush.call(file, '0' as never), 'offset');
      await expectArgumentRejection(() => flush.call(file, 0, null as never), 'length');
    }
  });
});
