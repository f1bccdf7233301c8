import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapLockError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { isWindows } from '../../test/helpers/platform.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { expectArgumentRejection, rejected } from './rejections.js';

const CONTENT = pattern(10_000);

/** A handle without a lock. */
async function unlocked(path: string): Promise<AsyncMmapFile> {
  const file = await AsyncMmapFile.open(path);
  await file.unlock();
  return file;
}

describe('the lock', () => {
  test('is given back and taken again', async () => {
    const path = tempFile(CONTENT);
    await using file = await AsyncMmapFileMut.open(path);
    await using other = AsyncMmapFileMut.attach(file.share());
    expect(await file.unlock()).toBeUndefined();
    expect([file.lockState, other.lockState]).toEqual(['none', 'none']);
    await file.unlock();
    expect(await file.lockShared()).toBeUndefined();
    expect(file.lockState).toBe('shared');
    await file.unlock();
    expect(await file.lock()).toBeUndefined();
    expect([file.lockState, other.lockState]).toEqual(['exclusive', 'exclusive']);
  });

  test('that open took goes to the first who asks, and belongs to nobody before', async () => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    expect([await file.tryLock(), await file.tryLock()]).toEqual([true, true]);
    await file.lock();
    expect(await file.tryLock()).toBe(false);
    await file.unlock();
    expect(file.lockState).toBe('none');
  });

  test('is refused while another handle holds one that conflicts', async () => {
    const path = tempFile(CONTENT);
    await using file = await unlocked(path);
    await using holder = await AsyncMmapFileMut.open(path);
    expect(await file.tryLock()).toBe(false);
    expect(await file.tryLockShared()).toBe(false);
    expect(file.lockState).toBe('none');
    await holder.unlock();
    await holder.lockShared();
    expect(await file.tryLock()).toBe(false);
    expect(await file.tryLockShared()).toBe(true);
    expect(file.lockState).toBe('shared');
  });

  test('does not change its kind', async () => {
    const path = tempFile(CONTENT);
    await using shared = await AsyncMmapFile.open(path);
    const changes = [shared.lock(), shared.tryLock(), shared.lock({ timeout: 10_000 })];
    for (const error of await Promise.all(changes.map(rejected))) {
      expect(error).toBeInstanceOf(MmapLockError);
      expect(error).toMatchObject({ code: 'ERR_MMAP_LOCK_STATE', path });
      expect(error.message).toContain('unlock');
    }
    await shared.unlock();
    await shared.lock();
    expect(await rejected(shared.lockShared())).toMatchObject({ code: 'ERR_MMAP_LOCK_STATE' });
    expect(shared.lockState).toBe('exclusive');
  });

  test('of memory is nothing, and takes every call', async () => {
    await using file = AsyncMmapFile.memory('memory', CONTENT);
    await file.lock();
    await file.lockShared({ timeout: 0 });
    expect(await file.tryLock()).toBe(true);
    expect(await file.tryLockShared()).toBe(true);
    await file.unlock();
    expect(file.lockState).toBe('none');
  });
});

describe('waiting for the lock', () => {
  test('ends when the other handle gives it back, or is closed', async () => {
    const path = tempFile(CONTENT);
    await using file = await unlocked(path);
    const holder = await AsyncMmapFileMut.open(path);
    const waiting = file.lock();
    await holder.unlock();
    await waiting;
    expect(file.lockState).toBe('exclusive');
    const other = holder.lockShared();
    await file.close();
    await other;
    expect(holder.lockState).toBe('shared');
    await holder.close();
  });

  test('ends with ETIMEDOUT when its time is up', async () => {
    const path = tempFile(CONTENT);
    await using file = await unlocked(path);
    await using holder = await AsyncMmapFileMut.open(path);
    for (const timeout of [0, 1, 30]) {
      const waiting = [file.lock({ timeout }), file.lockShared({ timeout })].map(rejected);
      for (const error of await Promise.all(waiting)) {
        expect(error).toBeInstanceOf(MmapLockError);
        expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'flock', path });
        expect(error.message).toContain(`'${path}'`);
      }
    }
    expect(file.lockState).toBe('none');
    expect(holder.lockState).toBe('exclusive');
    await holder.unlock();
    await file.lock({ timeout: 0 });
    expect(file.lockState).toBe('exclusive');
  });

  test('does not hold up what else is done with the file', async () => {
    const path = tempFile(CONTENT);
    await using file = await unlocked(path);
    await using holder = await AsyncMmapFileMut.open(path);
    const waiting = file.lock();
    // Windows cuts no file that another handle has mapped.
    await holder.truncate(isWindows ? 20_000 : 5000);
    await file.reopen();
    const target = Buffer.alloc(5000);
    expect(await file.read(target)).toBe(5000);
    await file.prefetch();
    await file.writeToNewFile(`${path}.new`);
    expect(file.lockState).toBe('none');
    await holder.unlock();
    await waiting;
    expectBytes(target, CONTENT.subarray(0, 5000));
  });

  test('of forty leaves the thread pool to others, and each gets it in the end', async () => {
    const path = tempFile(CONTENT);
    const files = await Promise.all(Array.from({ length: 40 }, () => unlocked(path)));
    const holder = await AsyncMmapFileMut.open(path);
    let holders = 0;
    let count = 0;
    const waiting = Promise.all(
      files.map(async (file) => {
        await file.lock();
        expect(++holders).toBe(1);
        expect(file.lockState).toBe('exclusive');
        count += 1;
        await file.checkFault();
        holders -= 1;
        await file.unlock();
      }),
    );
    for (let round = 0; round < 20; ++round) expectBytes(await fs.promises.readFile(path), CONTENT);
    await holder.flush();
    expect(count).toBe(0);
    await holder.close();
    await waiting;
    expect(count).toBe(40);
    await Promise.all(files.map((file) => file.close()));
  });

  test('of many readers ends for all of them at once', async () => {
    const path = tempFile(CONTENT);
    const files = await Promise.all(Array.from({ length: 10 }, () => unlocked(path)));
    const holder = await AsyncMmapFileMut.open(path);
    const waiting = Promise.all(files.map((file) => file.lockShared()));
    await holder.close();
    await waiting;
    expect(files.map(({ lockState }) => lockState)).toEqual(new Array(10).fill('shared'));
    await Promise.all(files.map((file) => file.close()));
  });
});

describe('tasks that share a handle', () => {
  test('exclude each other between lock and unlock, in the order in which they asked', async () => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    const order: number[] = [];
    let inside = 0;
    const tasks = Array.from({ length: 20 }, async (_, task) => {
      for (let round = 0; round < 5; ++round) {
        await file.lock();
        expect(++inside).toBe(1);
        order.push(task);
        await file.checkFault();
        inside -= 1;
        await file.unlock();
      }
    });
    await Promise.all(tasks);
    expect(order.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, task) => task));
    expect(order).toHaveLength(100);
    expect(file.lockState).toBe('none');
  });

  test('may own the shared lock together, until the last of them gives it back', async () => {
    await using file = await unlocked(tempFile(CONTENT));
    await Promise.all([file.lockShared(), file.lockShared(), file.lockShared()]);
    for (const state of ['shared', 'shared', 'none']) {
      await file.unlock();
      expect(file.lockState).toBe(state);
    }
  });

  test('are passed over when they give up, and the next one has its turn', async () => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    await file.lock();
    const controller = new AbortController();
    const { signal } = controller;
    const timed = rejected(file.lock({ timeout: 5 }));
    const aborted = rejected(file.lock({ signal }));
    const last = file.lock();
    controller.abort(new Error('no more'));
    expect((await aborted).message).toBe('no more');
    expect(await timed).toMatchObject({ code: 'ETIMEDOUT' });
    await file.unlock();
    await last;
    expect(await file.tryLock()).toBe(false);
  });

  test('wait for those of other handles on the same mapping, too', async () => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    await using other = AsyncMmapFileMut.attach(file.share());
    await file.lock();
    expect(await rejected(other.lock({ timeout: 5 }))).toMatchObject({ code: 'ETIMEDOUT' });
    const waiting = other.lock();
    await file.unlock();
    await waiting;
    await other.close(); // gives back what it owns
    expect(file.lockState).toBe('none');
  });
});

test('bad options are rejections', async () => {
  await using file = await unlocked(tempFile(CONTENT));
  for (const lock of ['lock', 'lockShared'] as const) {
    for (const timeout of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, 2 ** 31])
      await expectArgumentRejection(() => file[lock]({ timeout: timeout as never }), 'timeout');
    await expectArgumentRejection(() => file[lock](5 as never), 'options');
    await expectArgumentRejection(() => file[lock](null as never), 'options');
    await expectArgumentRejection(() => file[lock]({ signal: {} as never }), 'options.signal');
  }
  expect(file.lockState).toBe('none');
});
