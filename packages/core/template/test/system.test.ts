import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Advice,
  isAdviceSupported,
  MmapRangeError,
  MmapUnsupportedError,
} from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import {
  BELOW_FILE,
  whereFilesAreCut,
  whereMadvise,
  whereOpenFilesAreReplaced,
  whereProc,
} from '../../test/helpers/platform.js';
import { pattern, snapshot, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { expectArgumentRejection, rejected } from './rejections.js';

const PAGE = 4096;
const CONTENT = pattern(10 * PAGE);

describe('writeToNewFile', () => {
  test('copies any range of any kind of mapping', async () => {
    await using disk = await AsyncMmapFile.open(tempFile(CONTENT));
    await using cow = await AsyncMmapFileMut.openCow(tempFile(Buffer.alloc(CONTENT.length)));
    cow.writeAll(CONTENT);
    await using memory = AsyncMmapFileMut.memory('memory', CONTENT);
    for (const file of [disk, cow, memory]) {
      for (const [offset, length] of [[], [5], [4095, 5000], [CONTENT.length], [0, 0]]) {
        const path = tempFile();
        expect(await file.writeToNewFile(path, offset, length)).toBeUndefined();
        const from = offset ?? 0;
        const to = length === undefined ? CONTENT.length : from + length;
        expectBytes(fs.readFileSync(path), CONTENT.subarray(from, to));
      }
    }
  });

  test('that is rejected leaves no file, and an existing one as it was', async () => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    await using file = await AsyncMmapFile.open(path);
    const error = await rejected(file.writeToNewFile(path));
    expect(error).toMatchObject({ code: 'EEXIST', syscall: 'open', path, dest: path });
    const below = await rejected(file.writeToNewFile(join(path, 'below')));
    expect(below).toMatchObject({ code: BELOW_FILE });
    const target = `${path}.new`;
    await expectArgumentRejection(() => file.writeToNewFile(target, 1, CONTENT.length), 'length');
    await expectArgumentRejection(() => file.writeToNewFile(target, -1), 'offset');
    await expectArgumentRejection(() => file.writeToNewFile(5 as never), 'path');
    await expectArgumentRejection(() => file.writeToNewFile('a\0b'), 'path');
    expect(snapshot(path)).toEqual(before);
    expect(fs.readdirSync(dirname(path))).toHaveLength(1);
  });
});

describe('advise', () => {
  const advices = ['normal', 'random', 'sequential', 'willneed', 'dontneed', 'cold', 'pageout'];
  for (const advice of advices as Advice[]) {
    const where = isAdviceSupported(advice) ? test : whereMadvise.test;
    where(`${advice} leaves the content as it is, in any range`, async () => {
      await using file = await AsyncMmapFileMut.open(tempFile(CONTENT), { offset: 1 });
      file.writeAll('changed', 5000);
      const expected = file.copyBytes();
      for (const range of [[], [4999, 3], [10 * PAGE - 1], [7, 0]]) {
        expect(await file.advise(advice, ...range)).toBeUndefined();
        expectBytes(file.copyBytes(), expected);
      }
    });
  }

  test('has to be one that there is, for a range that there is', async () => {
    await using file = AsyncMmapFile.memory('memory', CONTENT);
    for (const bad of ['WILLNEED', '', 'toString', 0, undefined, null])
      await expectArgumentRejection(() => file.advise(bad as never), 'advice');
    await expectArgumentRejection(() => file.advise('willneed', CONTENT.length + 1), 'offset');
    await expectArgumentRejection(() => file.advise('willneed', 0, 1.5), 'length');
    await using cow = await AsyncMmapFileMut.openCow(tempFile(CONTENT));
    expect(await rejected(cow.advise('dontneed'))).toBeInstanceOf(MmapUnsupportedError);
  });
});

whereProc.test('lockMemory and unlockMemory keep a range in memory, and let it go', async () => {
  const lockedKiB = () =>
    Number(/^VmLck:\s+(\d+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const before = lockedKiB();
  await using file = await AsyncMmapFile.open(tempFile(CONTENT));
  await file.lockMemory(PAGE, 2 * PAGE);
  expect(lockedKiB() - before).toBe(8);
  await file.lockMemory();
  expect(lockedKiB() - before).toBe(40);
  await file.unlockMemory(0, PAGE);
  expect(lockedKiB() - before).toBe(36);
  await file.unlockMemory();
  expect(lockedKiB()).toBe(before);
  await file.lockMemory();
  await file.close();
  expect(lockedKiB()).toBe(before);
});

test('lockMemory and unlockMemory take a range that there is', async () => {
  await using file = await AsyncMmapFile.open(tempFile(CONTENT));
  await file.lockMemory(PAGE, 2 * PAGE);
  await file.lockMemory();
  await file.unlockMemory(0, PAGE);
  await file.unlockMemory();
  expectBytes(file.copyBytes(), CONTENT);
  await using other = AsyncMmapFile.memory('memory', CONTENT);
  await expectArgumentRejection(() => other.lockMemory(CONTENT.length + 1), 'offset');
  await expectArgumentRejection(() => other.unlockMemory(0, '1' as never), 'length');
});

describe('stat', () => {
  test('is of the open file', async () => {
    const path = tempFile(CONTENT);
    await using file = await AsyncMmapFile.open(path);
    const expected = fs.statSync(path);
    const stats = await file.stat();
    expect(stats).toBeInstanceOf(fs.Stats);
    expect(stats).toMatchObject({ ino: expected.ino, dev: expected.dev, size: CONTENT.length });
    const { ino, mtimeNs } = fs.statSync(path, { bigint: true });
    expect(await file.stat({ bigint: true })).toMatchObject({ ino, mtimeNs });
  });

  whereOpenFilesAreReplaced.test('does not mind what is at its path by now', async () => {
    const path = tempFile(CONTENT);
    await using file = await AsyncMmapFile.open(path);
    const expected = fs.statSync(path);
    fs.writeFileSync(`${path}.other`, 'another');
    fs.renameSync(`${path}.other`, path);
    expect(await file.stat({ bigint: false })).toMatchObject({ ino: expected.ino, nlink: 0 });
  });

  test('knows the size of memory, and what a truncate before it has made of a file', async () => {
    await using memory = AsyncMmapFileMut.memory('memory', CONTENT);
    expect((await memory.stat()).size).toBe(CONTENT.length);
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    const [, stats] = await Promise.all([file.truncate(5), file.stat()]);
    expect(stats.size).toBe(5);
  });
});

describe('reopen', () => {
  test('maps what others have appended', async () => {
    const path = tempFile(CONTENT);
    await using file = await AsyncMmapFile.open(path, { offset: 5 });
    const view = file.asBuffer();
    fs.appendFileSync(path, 'appended');
    expect(file.length).toBe(CONTENT.length - 5);
    expect(await file.reopen()).toBeUndefined();
    expect(file.length).toBe(CONTENT.length + 3);
    expect(file.copyBytes(CONTENT.length - 5).toString()).toBe('appended');
    expect(file.lockState).toBe('shared');
    expectBytes(view, CONTENT.subarray(5));
  });

  whereFilesAreCut.test('needs a file that reaches to the mapping', async () => {
    const path = tempFile(CONTENT);
    await using file = await AsyncMmapFile.open(path, { offset: 5000 });
    fs.truncateSync(path, 4999);
    expect(await rejected(file.reopen())).toBeInstanceOf(MmapRangeError);
    fs.writeFileSync(path, CONTENT);
    await file.reopen();
    expectBytes(file.copyBytes(), CONTENT.subarray(5000));
  });
});
