import { MmapFileMut } from '@fmmap/core';
import { withLock } from '@fmmap/recipes/wait-for-lock';
import { expect, test } from 'vitest';
import { outputOf, start } from './helpers/program.ts';
import { tempPath } from './helpers/temp.ts';

test('processes that add to the same number lose nothing', async () => {
  const path = tempPath();
  await Promise.all([1, 2, 3].map(() => outputOf(start('count', path, '50'))));
  const count = await withLock(path, async (file) => file.readUInt32LE(0));
  expect(count).toBe(150);
});

test('waiting ends with the signal, and nothing is left open', async () => {
  const path = tempPath();
  const other = MmapFileMut.open(path, { maxSize: 4096 });
  const signal = AbortSignal.timeout(20);
  await expect(withLock(path, async () => {}, signal)).rejects.toThrow(/aborted/);
  other.close();
  MmapFileMut.open(path).close();
});

test('the lock is released when the work fails', async () => {
  const path = tempPath();
  const fail = async () => {
    throw new Error('mine');
  };
  await expect(withLock(path, fail)).rejects.toThrow('mine');
  MmapFileMut.open(path).close();
});
