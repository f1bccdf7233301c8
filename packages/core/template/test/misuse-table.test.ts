import { expect, test } from 'vitest';
import { expectTold, readMisuses, type SYNC } from '../../test/helpers/misuse.js';
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

test.each(readMisuses('misuses.txt'))('%s, as of the sync classes', async (...row) => {
  await expectTold(classes, ...row);
});

test.each(readMisuses('misuses-async.txt'))('%s', async (...row) => {
  await expectTold(classes, ...row);
});

test('what returns a promise throws nothing', async () => {
  await using file = AsyncMmapFileMut.memory('x', 'content');
  for (const call of [() => file.read(5 as never), () => file.flush(-1), () => file.truncate(-1)]) {
    const promise = call();
    expect(promise).toBeInstanceOf(Promise);
    await promise.catch(() => {});
  }
});
