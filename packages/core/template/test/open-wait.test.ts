// Opening that waits for a lock: on no thread of the pool, and until its timeout or its signal ends it.
import { getEventListeners } from 'node:events';
import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapLockError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { countDescriptors, countMappings, turn } from '../../test/helpers/process.js';
import { pattern, snapshot, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { openers } from './openers.js';
import { expectArgumentRejection, rejected } from './rejections.js';

const CONTENT = pattern(10_000);

describe.each(Object.entries(openers))('%s with lockTimeout', (_name, { open, lock }) => {
  test('opens the file once it is given up', async () => {
    const path = tempFile(CONTENT);
    const holder = await AsyncMmapFileMut.open(path);
    const waiting = open(path, { lockTimeout: 20_000 });
    await holder.flush();
    await holder.close();
    await using file = await waiting;
    expect(file.lockState).toBe(lock);
    expectBytes(file.asBuffer(), CONTENT);
  });

  test('ends with ETIMEDOUT when its time is over, and has left nothing', async () => {
    const path = tempFile(CONTENT);
    await using holder = await AsyncMmapFileMut.open(path);
    const before = [snapshot(path), countDescriptors(path), countMappings(path)];
    for (const lockTimeout of [0, 1, 30]) {
      const error = await rejected(open(path, { lockTimeout }));
      expect(error).toBeInstanceOf(MmapLockError);
      expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'flock', path });
      expect(error.message).toContain(`${lockTimeout} ms`);
    }
    expect([snapshot(path), countDescriptors(path), countMappings(path)]).toEqual(before);
    expect(holder.lockState).toBe('exclusive');
  });

  test('ends with the reason of its signal at any moment, and has left nothing', async () => {
    const path = tempFile(CONTENT);
    await using holder = await AsyncMmapFileMut.open(path);
    const before = [snapshot(path), countDescriptors(path), countMappings(path)];
    const reason = Object.freeze(new Error('for this test'));
    for (const turns of [0, 1, 3, 10, 30]) {
      const controller = new AbortController();
      const { signal } = controller;
      const waiting = rejected(open(path, { lockTimeout: 20_000, signal }));
      for (let i = 0; i < turns; ++i) await turn();
      controller.abort(reason);
      expect(await waiting).toBe(reason);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    }
    expect([snapshot(path), countDescriptors(path), countMappings(path)]).toEqual(before);
    await holder.close();
    await (await open(path, { lockTimeout: 0 })).close();
  });

  test('refuses what is no time', async () => {
    const path = tempFile(CONTENT);
    for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, 2 ** 31]) {
      const lockTimeout = bad as number;
      await expectArgumentRejection(() => open(path, { lockTimeout }), 'lockTimeout');
    }
    await expectArgumentRejection(() => open(path, { lock: 'read' as never }), 'lock');
  });
});

test('forty opens that wait leave the thread pool to others, and each has its turn', async () => {
  const path = tempFile(CONTENT);
  const holder = await AsyncMmapFileMut.open(path);
  let holders = 0;
  let count = 0;
  const waiting = Promise.all(
    Array.from({ length: 40 }, async () => {
      const file = await AsyncMmapFileMut.open(path, { lockTimeout: 60_000 });
      expect(++holders).toBe(1);
      count += 1;
      await file.checkFault();
      holders -= 1;
      await file.close();
    }),
  );
  for (let round = 0; round < 20; ++round) expectBytes(await fs.promises.readFile(path), CONTENT);
  await holder.flush();
  expect(count).toBe(0);
  await holder.close();
  await waiting;
  expect(count).toBe(40);
});

test('create waits for nobody: a file that is there is an error', async () => {
  const path = tempFile(CONTENT);
  await using _holder = await AsyncMmapFileMut.open(path);
  for (const create of [
    AsyncMmapFileMut.create(path, { lockTimeout: 20_000 }),
    AsyncMmapFileMut.open(path, { lockTimeout: 20_000, createNew: true }),
  ]) {
    expect(await rejected(create)).toMatchObject({ code: 'EEXIST' });
  }
});

test('the lock may be of either kind, or none, and sizes change under the exclusive one', async () => {
  const path = tempFile(CONTENT);
  await using one = await AsyncMmapFileMut.open(path, { lock: 'shared' });
  await using two = await AsyncMmapFileMut.open(path, { lock: 'shared' });
  await using none = await AsyncMmapFileMut.open(path, { lock: 'none' });
  await using attached = AsyncMmapFileMut.attach(two.share());
  expect([one, two, none, attached].map(({ lockState }) => lockState)).toEqual([
    'shared',
    'shared',
    'none',
    'shared',
  ]);
  const before = snapshot(path);
  for (const lock of ['shared', 'exclusive', 'none'] as const) {
    for (const options of [{ truncate: true }, { minSize: 20_000 }]) {
      const error = await rejected(AsyncMmapFileMut.open(path, { ...options, lock }));
      expect(error).toMatchObject({ name: 'MmapLockError', code: 'EWOULDBLOCK' });
    }
  }
  expect(snapshot(path)).toEqual(before);
  await one.close();
  await two.close();
  await using grown = await AsyncMmapFileMut.open(path, { lock: 'shared', minSize: 20_000 });
  expect([grown.length, grown.lockState]).toEqual([20_000, 'shared']);
  const alone = await rejected(AsyncMmapFile.open(path, { lock: 'exclusive' }));
  expect(alone).toMatchObject({ code: 'EWOULDBLOCK' });
});
