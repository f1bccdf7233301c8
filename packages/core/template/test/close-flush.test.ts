import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { isAdviceSupported, MmapUnsupportedError, pageSize } from '../../src/index.js';
import { whereFilesAreCut, whereMadvise } from '../../test/helpers/platform.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { expectArgumentRejection, rejected } from './rejections.js';

const CONTENT = pattern(5000);

test('close with flush closes, whatever kind it is, and does nothing a second time', async () => {
  for (const file of [
    await AsyncMmapFileMut.open(tempFile(CONTENT)),
    await AsyncMmapFileMut.openCow(tempFile(CONTENT)),
    AsyncMmapFileMut.memory('memory', CONTENT),
    AsyncMmapFileMut.anonymous(0),
  ]) {
    const [first, second] = [file.close({ flush: true }), file.close({ flush: true })];
    expect(await first).toBeUndefined();
    await second;
    expect(file.isClosed).toBe(true);
    await file.close({ flush: true });
  }
});

whereFilesAreCut.test(
  'a flush that fails leaves the file open, and close without it closes',
  async () => {
    const path = tempFile(CONTENT);
    const file = await AsyncMmapFileMut.open(path);
    fs.truncateSync(path, 10);
    await rejected(file.checkFault());
    expect(await rejected(file.close({ flush: true }))).toMatchObject({ code: 'ERR_MMAP_FAULT' });
    expect(file.isClosed).toBe(false);
    await file.close({ flush: false });
    expect(file.isClosed).toBe(true);
  },
);

test('close takes no other options', async () => {
  await using file = AsyncMmapFileMut.memory('memory', CONTENT);
  for (const bad of [null, 0, 'true', {}]) {
    await expectArgumentRejection(() => file.close({ flush: bad as never }), 'flush');
  }
  await expectArgumentRejection(() => file.close({ flsh: true } as never), 'flsh');
  await expectArgumentRejection(() => file.close(true as never), 'options');
  expect(file.isClosed).toBe(false);
});

whereMadvise.test('advice that empties a file is taken by writable files only', async () => {
  expect(isAdviceSupported('free')).toBe(false);
  const content = pattern(3 * pageSize);
  const path = tempFile(content);
  await using file = await AsyncMmapFileMut.open(path);
  await file.advise('remove', 1, 2 * pageSize);
  content.fill(0, pageSize, 2 * pageSize);
  expect(fs.readFileSync(path).equals(content)).toBe(true);
  await file.advise('populate-write');
  await using memory = AsyncMmapFile.memory('memory', content);
  await using cow = await AsyncMmapFileMut.openCow(tempFile(content));
  for (const each of [memory, cow]) {
    expect(await rejected(each.advise('remove'))).toBeInstanceOf(MmapUnsupportedError);
    expect(await rejected(each.advise('free'))).toBeInstanceOf(MmapUnsupportedError);
    expect(each.copyBytes().equals(content)).toBe(true);
  }
});
