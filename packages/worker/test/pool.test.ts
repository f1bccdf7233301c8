import * as fs from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import {
  AsyncMmapFile,
  AsyncMmapFileMut,
  getDefaultPool,
  MmapError,
  setDefaultPool,
  WorkerPool,
} from '../src/index.js';
import { rejected } from './helpers/rejected.js';

const CONTENT = pattern(10_000);

/** A pool that files use until the test ends. */
function usePool(options?: ConstructorParameters<typeof WorkerPool>[0]): WorkerPool {
  const before = getDefaultPool();
  const pool = new WorkerPool(options);
  setDefaultPool(pool);
  onTestFinished(async () => {
    setDefaultPool(before);
    await pool.destroy();
  });
  return pool;
}

describe('a pool', () => {
  test('starts threads when they are needed, and not more than its size', async () => {
    const pool = usePool({ size: 2 });
    expect(pool).toMatchObject({ size: 2, threads: 0, queued: 0, isDestroyed: false });
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    expect(pool.threads).toBe(1);
    const all = Array.from({ length: 50 }, () => file.run((file) => file.length));
    await vi.waitUntil(() => pool.queued > 0);
    expect(pool.queued).toBeLessThanOrEqual(49); // the second thread has to start first
    await Promise.all(all);
    expect(pool).toMatchObject({ threads: 2, queued: 0 });
  });

  test('lets threads end that have nothing to do, and starts others', async () => {
    const pool = usePool({ size: 1, idleTimeout: 0 });
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    await vi.waitUntil(() => pool.threads === 0, { timeout: 20_000 });
    expect(file.readUInt8(1)).toBe(CONTENT[1]); // the handle did not end with them
    await file.flush();
    expect(await file.run((file) => file.readUInt8(1))).toBe(CONTENT[1]);
  });

  test('does operations before tasks', async () => {
    const pool = usePool({ size: 1 });
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    const order: string[] = [];
    const all = [
      file.run(() => {}).then(() => order.push('first')),
      file.run(() => {}).then(() => order.push('second')),
      file.flush().then(() => order.push('flush')),
    ];
    await Promise.all(all);
    expect(order).toEqual(['first', 'flush', 'second']);
    expect(pool.threads).toBe(1);
  });

  test('is shared by default, and can be another one', async () => {
    expect(getDefaultPool()).toBe(getDefaultPool());
    const pool = usePool({ size: 1 });
    expect(getDefaultPool()).toBe(pool);
    await using file = AsyncMmapFile.memory('x', CONTENT);
    await using other = new WorkerPool({ size: 1 });
    await file.runWith({ pool: other }, () => {});
    expect([pool.threads, other.threads]).toEqual([0, 1]);
  });

  test.each([
    [{ size: 0 }, 'size'],
    [{ size: '2' }, 'size'],
    [{ idleTimeout: -1 }, 'idleTimeout'],
    [{ idleTimeout: Number.NaN }, 'idleTimeout'],
    [null, 'options'],
  ])('refuses the options %o', (options, argument) => {
    expect(() => new WorkerPool(options as never)).toThrow(
      expect.objectContaining({ argument }) as never,
    );
    expect(() => setDefaultPool({} as never)).toThrow(TypeError);
  });
});

describe('a destroyed pool', () => {
  test('rejects what waits, and lets the system finish what it is at', async () => {
    const pool = usePool({ size: 1 });
    const file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    const [flush, prefetch, ...waiting] = [
      file.flush(),
      file.prefetch(), // done at once where the system tells that the pages are in memory
      file.flush(),
      file.run(() => {}),
    ];
    const prefetched = prefetch.catch(({ code }: { code: string }) => code);
    const late = waiting.map((promise) => rejected(promise));
    const destroyed = pool.destroy();
    await flush;
    for (const error of await Promise.all(late)) {
      expect(error).toBeInstanceOf(MmapError);
      expect(error).toMatchObject({ code: 'ERR_MMAP_POOL_DESTROYED' });
      expect(error.message).toContain('setDefaultPool');
    }
    expect([undefined, 'ERR_MMAP_POOL_DESTROYED']).toContain(await prefetched);
    await destroyed;
    expect(pool).toMatchObject({ isDestroyed: true, threads: 0, queued: 0 });
    await pool.destroy();
    expect(await rejected(file.flush())).toMatchObject({ code: 'ERR_MMAP_POOL_DESTROYED' });
    await file.close();
  });

  test('still closes files, whose locks are free then', async () => {
    const pool = usePool({ size: 1 });
    const path = tempFile(CONTENT);
    const file = await AsyncMmapFileMut.open(path);
    await pool.destroy();
    await file.close();
    expect(file.isClosed).toBe(true);
    expect(await rejected(AsyncMmapFile.open(path))).toMatchObject({
      code: 'ERR_MMAP_POOL_DESTROYED',
    });
    setDefaultPool(new WorkerPool({ size: 1 }));
    const successor = getDefaultPool();
    onTestFinished(() => successor.destroy());
    await using again = await AsyncMmapFileMut.open(path);
    expect(again.lockState).toBe('exclusive');
  });

  test('leaves nothing of a file whose opening it interrupts', async () => {
    const pool = usePool({ size: 1 });
    const paths = Array.from({ length: 5 }, () => tempFile(CONTENT));
    const opening = Promise.allSettled(paths.map((path) => AsyncMmapFileMut.open(path)));
    await pool.destroy();
    for (const result of await opening) {
      expect(result).toMatchObject({ reason: { code: 'ERR_MMAP_POOL_DESTROYED' } });
    }
    usePool({ size: 1 });
    for (const path of paths) {
      await using file = await AsyncMmapFileMut.open(path); // nobody has the lock
      expect(file.length).toBe(10_000);
    }
  });

  test('leaves no file whose creation it interrupts', async () => {
    const pool = usePool({ size: 2 });
    const paths = Array.from({ length: 20 }, () => tempFile());
    const creating = Promise.allSettled(
      paths.map((path) => AsyncMmapFileMut.create(path, { maxSize: 5000 })),
    );
    const first = AsyncMmapFile.memory('x', CONTENT);
    await first.prefetch();
    await first.prefetch(); // some are under way by now
    await pool.destroy();
    const results = await creating;
    for (const [index, result] of results.entries()) {
      expect(fs.existsSync(paths[index] as string)).toBe(result.status === 'fulfilled');
      if (result.status === 'fulfilled') await result.value.close();
      else expect(result.reason).toMatchObject({ code: 'ERR_MMAP_POOL_DESTROYED' });
    }
    expect(results.some(({ status }) => status === 'rejected')).toBe(true);
  });
});

describe('a pool that is disposed of before a file', () => {
  test('lets the file close although a task of it was running', async () => {
    const path = tempFile(CONTENT);
    let failed: Promise<unknown>;
    {
      await using file = await AsyncMmapFile.open(path);
      await using pool = new WorkerPool({ size: 1 });
      failed = rejected(file.runWith({ pool }, () => new Promise(() => {})));
    }
    expect(await failed).toMatchObject({ code: 'ERR_MMAP_POOL_DESTROYED' });
    await (await AsyncMmapFileMut.open(path)).close(); // it is not locked any more
  });

  test('lets the file flush and close although they are operations of it', async () => {
    const before = getDefaultPool();
    onTestFinished(() => setDefaultPool(before));
    const path = tempFile(CONTENT);
    let flushed: Promise<unknown>;
    {
      await using file = await AsyncMmapFileMut.open(path);
      await using pool = new WorkerPool({ size: 1 });
      setDefaultPool(pool);
      flushed = file.flush().catch((error: unknown) => error);
    }
    await flushed;
    await (await AsyncMmapFileMut.open(path).catch(() => undefined))?.close();
    setDefaultPool(before);
    await (await AsyncMmapFileMut.open(path)).close();
  });
});
