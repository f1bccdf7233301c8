import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { whereSpecialFiles } from '../../core/test/helpers/platform.js';
import { turn } from '../../core/test/helpers/process.js';
import { pattern, tempDir, tempFile } from '../../core/test/helpers/temp.js';
import { AsyncMmapFile, AsyncMmapFileMut } from '../src/index.js';
import { creates, methods, opens } from './generated/abortable.js';
import { coldFile } from './generated/cold.js';
import { rejected } from './generated/rejections.js';

/** Occupies all four threads of the pool until it is called. */
function occupyPool(): () => Promise<void> {
  const pipes = Array.from({ length: 4 }, () => join(tempDir(), 'pipe'));
  for (const pipe of pipes) execFileSync('mkfifo', [pipe]);
  // Opening one for reading waits for somebody who writes.
  const opened = pipes.map((pipe) => fs.promises.open(pipe));
  return async () => {
    // Open until they are all through: a thread may not even have begun to wait.
    const writers = pipes.map((pipe) => fs.openSync(pipe, 'r+'));
    for (const file of await Promise.all(opened)) await file.close();
    for (const writer of writers) fs.closeSync(writer);
  };
}

whereSpecialFiles.test(
  'what is in memory is read while the pool is busy, and so is all that only touches memory',
  async () => {
    await using file = await AsyncMmapFileMut.open(tempFile('x'.repeat(100_000)));
    const release = occupyPool();
    try {
      const target = Buffer.alloc(4096);
      expect(await file.read(target, 5)).toBe(4096);
      expect(target.toString()).toBe('x'.repeat(4096));
      await file.readExact(target, 50_000);
      await file.prefetch(0, 60_000);
      const reader = file.reader(0, 50_000);
      expect(await reader.read(target)).toBe(4096);
      file.writeUInt8(10, 3);
      expect(await reader.readLine()).toHaveLength(50_000 - 4096);
    } finally {
      await release();
    }
  },
);

whereSpecialFiles.test(
  'everything else waits for the pool, and not the event loop for it',
  async () => {
    const path = tempFile('text');
    const file = await AsyncMmapFile.open(path);
    const release = occupyPool();
    let isDone = false;
    const work = Promise.all([
      AsyncMmapFile.open(path).then((other) => other.close()),
      file.stat(),
      file.checkFault(),
      file.close(),
    ]).then(() => {
      isDone = true;
    });
    for (let turn = 0; turn < 100; ++turn) await new Promise(setImmediate);
    expect(isDone).toBe(false);
    await release();
    await work;
    expect(file.isClosed).toBe(true);
  },
);

const CONTENT = pattern(10 * 4096);

/** Aborts a call, which waits for a thread. */
async function giveUp(call: (options: { signal: AbortSignal }) => Promise<unknown>): Promise<void> {
  const reason = new Error('for this test');
  const stop = new AbortController();
  const given = rejected(call({ signal: stop.signal }));
  await turn();
  stop.abort(reason);
  expect(await given).toBe(reason);
}

whereSpecialFiles.test.each(Object.entries({ ...opens, ...creates }))(
  '%s gives up waiting for a thread when its signal is aborted',
  async (name, call) => {
    const path = tempFile(CONTENT);
    const at = name in creates ? `${path}.new` : path;
    const release = occupyPool();
    await giveUp((options) => call(at, options));
    await release();
    expect(fs.existsSync(at)).toBe(at === path);
    await (await AsyncMmapFileMut.open(at)).close(); // nothing is open or locked
  },
);

whereSpecialFiles.test.each(Object.entries(methods))(
  '%s gives up waiting for a thread when its signal is aborted',
  async (name, call) => {
    await using file = await AsyncMmapFileMut.open(coldFile(CONTENT));
    if (name === 'lock') await file.unlock();
    const release = occupyPool();
    await giveUp((options) => call(file, options));
    expect(file.length).toBe(CONTENT.length);
    await release();
    expect(await file.copyBytes(0, CONTENT.length)).toEqual(CONTENT);
    await file.truncate(5); // it can be used and changed as before
  },
);

whereSpecialFiles.test('the timeout of lock includes the wait for a thread', async () => {
  await using file = await AsyncMmapFileMut.open(tempFile('x'), { lock: 'none' });
  const release = occupyPool();
  const error = await rejected(file.lock({ timeout: 5 }));
  expect(error).toMatchObject({
    code: 'ETIMEDOUT',
    message: expect.stringContaining('earlier calls'),
  });
  await release();
  expect(await file.tryLock()).toBe(true); // it was not taken later
});
