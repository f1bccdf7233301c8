import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapClosedError, MmapRangeError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { countDescriptors, countMappings } from '../../test/helpers/process.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { rejected } from './rejections.js';

const CONTENT = pattern(10_000);

const open = () => AsyncMmapFileMut.openExisting(tempFile(CONTENT));

describe.each(['freeze', 'freezeExec'] as const)('%s', (freeze) => {
  test('gives a file that cannot be written, and consumes this one', async () => {
    const file = await open();
    file.removeOnDispose = true;
    const view = file.asBuffer();
    file.writeUInt8(255, 0);
    await using frozen = await file[freeze]();
    expect(frozen).toBeInstanceOf(AsyncMmapFile);
    expect(frozen).not.toBeInstanceOf(AsyncMmapFileMut);
    expect(frozen).toMatchObject({ path: file.path, length: 10_000, lockState: 'exclusive' });
    expect(frozen.isExec).toBe(freeze === 'freezeExec');
    expect(frozen.readUInt8(0)).toBe(255);
    expect(view[0]).toBe(255);
    expect(file).toMatchObject({ isClosed: true, length: 0, removeOnDispose: false });
    expect(await rejected(file.truncate(1))).toBeInstanceOf(MmapClosedError);
    await file[Symbol.asyncDispose]();
    expect(frozen.readUInt8(0)).toBe(255);
    expect(fs.existsSync(frozen.path)).toBe(true);
  });

  test('is done once, and what comes after it finds the handle closed', async () => {
    const file = await open();
    const [frozen, ...late] = await Promise.allSettled([
      file[freeze](),
      file.freeze(),
      file.freezeExec(),
      file.truncate(5),
      file.flush(),
      file.remove(),
      file.closeWithTruncate(3),
      file.unlock(),
      file.stat(),
      file.close(),
    ]);
    expect(late.pop()).toMatchObject({ status: 'fulfilled' });
    for (const result of late)
      expect(result).toMatchObject({ reason: { name: 'MmapClosedError', path: file.path } });
    expect(frozen).toMatchObject({ status: 'fulfilled' });
    await using left = (frozen as PromiseFulfilledResult<AsyncMmapFile>).value;
    expect(left).toMatchObject({ isClosed: false, isPoisoned: false, lockState: 'exclusive' });
    expectBytes(left.asBuffer(), CONTENT);
    expectBytes(fs.readFileSync(file.path), CONTENT);
  });
});

describe('closeWithTruncate', () => {
  test.each([0, 1, 5000, 20_000])('to %i bytes', async (size) => {
    const file = await open();
    await file.closeWithTruncate(size);
    expect(file.isClosed).toBe(true);
    const expected = CONTENT.subarray(0, size);
    const zeroes = Buffer.alloc(size - expected.length);
    expectBytes(fs.readFileSync(file.path), Buffer.concat([expected, zeroes]));
  });

  test('that cannot truncate leaves the handle open', async () => {
    await using file = await open();
    expect(await rejected(file.closeWithTruncate(-1))).toBeInstanceOf(MmapRangeError);
    expect(file.isClosed).toBe(false);
    expectBytes(file.asBuffer(), CONTENT);
  });
});

describe('await using', () => {
  test('closes, and gives the descriptor, the mapping and the lock back', async () => {
    const path = tempFile(CONTENT);
    const before = [countDescriptors(path), countMappings(path)];
    for (const make of [AsyncMmapFile.open, AsyncMmapFileMut.openCow, AsyncMmapFileMut.open]) {
      let left: AsyncMmapFile;
      {
        await using file = await make(path);
        left = file;
        expect(file.isClosed).toBe(false);
      }
      expect(left.isClosed).toBe(true);
      expect([countDescriptors(path), countMappings(path)]).toEqual(before);
    }
  });
});
