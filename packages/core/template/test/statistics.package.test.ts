import { expect, test } from 'vitest';
import { getStatistics } from '../../src/index.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';

test('statistics count the operations that are under way', async () => {
  await using file = await AsyncMmapFileMut.openExisting(tempFile(pattern(10_000)));
  const before = getStatistics().pendingOperations;
  const flushing = file.flush();
  const seen = new Set<number>();
  // The operation is sent in one of the next microtasks, and cannot end before them.
  for (let turn = 0; turn < 20; ++turn) {
    await Promise.resolve();
    seen.add(getStatistics().pendingOperations);
  }
  expect([...seen].at(-1)).toBe(before + 1);
  await flushing;
  expect(getStatistics().pendingOperations).toBe(before);
});
