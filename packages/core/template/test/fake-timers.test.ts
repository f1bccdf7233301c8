import timers from 'node:timers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { rejected } from './rejections.js';

const CONTENT = pattern(5000);

/** As test frameworks do it, some of which change the functions of `node:timers` as well. */
function stopTheClock(): void {
  const { setTimeout, setImmediate, setInterval } = timers;
  vi.useFakeTimers();
  for (const name of ['setTimeout', 'setImmediate', 'setInterval'] as const) {
    Object.assign(timers, { [name]: () => ({ ref() {}, unref() {} }) });
  }
  onTestFinished(() => {
    vi.useRealTimers();
    Object.assign(timers, { setTimeout, setImmediate, setInterval });
  });
}

test('a wait for the lock ends with its timeout, also while a test has stopped the clock', async () => {
  const path = tempFile(CONTENT);
  await using held = await AsyncMmapFile.open(path);
  await using other = await AsyncMmapFile.open(path);
  await other.unlock();
  stopTheClock();
  expect(await rejected(other.lock({ timeout: 30 }))).toMatchObject({ code: 'ETIMEDOUT' });
  expect(held.lockState).toBe('shared');
});

test('files work while a test has stopped the clock', async () => {
  const path = tempFile(CONTENT);
  stopTheClock();
  await using file = await AsyncMmapFileMut.open(path);
  await file.truncate(2 ** 22);
  const all = Buffer.alloc(2 ** 22);
  expect(await file.read(all)).toBe(all.length);
  expect(await file.read(all)).toBe(all.length);
  await file.prefetch();
  await file.flush();
});

test('views are there without structuredClone', async () => {
  const { structuredClone } = globalThis;
  onTestFinished(() => {
    globalThis.structuredClone = structuredClone;
  });
  for (const replaced of [
    undefined,
    (value: unknown) => JSON.parse(JSON.stringify(value)),
  ] as (typeof structuredClone)[]) {
    globalThis.structuredClone = replaced;
    await using file = AsyncMmapFileMut.memory('m', CONTENT);
    expect(file.asBuffer().equals(CONTENT)).toBe(true);
  }
});
