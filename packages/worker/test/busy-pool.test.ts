import * as fs from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { AsyncMmapFileMut, getDefaultPool, setDefaultPool, WorkerPool } from '../src/index.js';
import { creates, methods, opens } from './generated/abortable.js';
import { coldFile } from './generated/cold.js';
import { rejected } from './helpers/rejected.js';

const CONTENT = pattern(10 * 4096);
const reason = new Error('for this test');

/** Makes the only thread busy until the end of the test. @returns Ends that. */
async function occupy(): Promise<() => Promise<void>> {
  const before = getDefaultPool();
  const pool = new WorkerPool({ size: 1 });
  setDefaultPool(pool);
  const file = await AsyncMmapFileMut.open(tempFile(CONTENT));
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const busy = file.run((_, flag: Int32Array) => void Atomics.wait(flag, 0, 0), flag);
  const release = async () => {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    await busy;
  };
  onTestFinished(async () => {
    await release();
    await file.close();
    setDefaultPool(before);
    await pool.destroy();
  });
  return release;
}

/** Aborts a call while it waits for a thread. */
async function giveUp(call: (options: { signal: AbortSignal }) => Promise<unknown>): Promise<void> {
  const pool = getDefaultPool();
  const stop = new AbortController();
  const given = rejected(call({ signal: stop.signal }));
  await vi.waitUntil(() => pool.queued > 0, { timeout: 20_000, interval: 1 });
  stop.abort(reason);
  expect(await given).toBe(reason);
}

/** What waits for no thread, or not with the signal. */
const ATONCE = ['lockShared, of memory'];

test.each(Object.entries({ ...opens, ...creates }))(
  '%s gives up waiting for a thread when its signal is aborted',
  async (name, call) => {
    const release = await occupy();
    const path = name in creates ? `${tempFile(CONTENT)}.new` : tempFile(CONTENT);
    await giveUp((options) => call(path, options));
    expect(getDefaultPool().queued).toBe(0);
    expect(fs.existsSync(path)).toBe(!(name in creates));
    await release();
    await (await AsyncMmapFileMut.open(path)).close(); // nothing is open or locked
  },
);

test.each(Object.entries(methods).filter(([name]) => !ATONCE.includes(name)))(
  '%s gives up waiting for a thread when its signal is aborted',
  async (name, call) => {
    await using file = await AsyncMmapFileMut.open(coldFile(CONTENT));
    if (name === 'lock') await file.unlock();
    const release = await occupy();
    await giveUp((options) => call(file, options));
    expect(file.length).toBe(CONTENT.length);
    await release();
    await vi.waitUntil(() => getDefaultPool().queued === 0, { timeout: 20_000 });
    expect(await file.copyBytes(0, CONTENT.length)).toEqual(CONTENT);
    await file.truncate(5); // it can be used and changed as ever
  },
);
