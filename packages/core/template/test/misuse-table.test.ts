import { expect, test } from 'vitest';
import {
  byPlatform,
  expectTold,
  type Misuse,
  readMisuses,
  type SYNC,
} from '../../test/helpers/misuse.js';
import { outsideWindows } from '../../test/helpers/platform.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { AsyncMmapFileReader } from '../async-reader.js';
import { AsyncMmapFileWriter } from '../async-writer.js';

const classes = {
  MmapFile: AsyncMmapFile,
  MmapFileMut: AsyncMmapFileMut,
  MmapFileReader: AsyncMmapFileReader,
  MmapFileWriter: AsyncMmapFileWriter,
} as unknown as typeof SYNC;

const told = async (...row: Misuse) => {
  await expectTold(classes, ...row);
};
const [ofPosix, others] = byPlatform(readMisuses('misuses.txt'));

test.each(others)('%s, as of the sync classes', told);

outsideWindows.test.each(ofPosix)('%s, as of the sync classes', told);

test.each(readMisuses('misuses-async.txt'))('%s', told);

test('what returns a promise throws nothing', async () => {
  await using file = AsyncMmapFileMut.memory('x', 'content');
  for (const call of [() => file.read(5 as never), () => file.flush(-1), () => file.truncate(-1)]) {
    const promise = call();
    expect(promise).toBeInstanceOf(Promise);
    await promise.catch(() => {});
  }
});
