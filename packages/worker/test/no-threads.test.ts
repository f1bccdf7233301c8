import { describe, expect, test } from 'vitest';
import { hear, startChild } from '../../core/test/helpers/child.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { allowThreads, asCounted, WITHOUT_WORKERS } from './helpers/limits.js';
import { main, SETTLED } from './helpers/refusing.js';

const CONTENT = pattern(10_000);
const refused = {
  code: 'ERR_MMAP_POOL_THREAD',
  message: expect.stringContaining('no thread could be started'),
};

describe('where no thread may be started', () => {
  test('everything is rejected once, and files can be closed', async () => {
    const path = tempFile(CONTENT);
    const [outcomes, state] = await hear(
      `
      ${SETTLED}
      const { AsyncMmapFile, AsyncMmapFileMut, getDefaultPool } = fmmap;
      const signal = new AbortController().signal;
      const file = AsyncMmapFile.attach(MmapFile.open(args[0]).share());
      const outcomes = await Promise.all([
        AsyncMmapFile.open(args[0]),
        AsyncMmapFileMut.create(args[0] + '.new'),
        file.advise('random'),
        file.run(() => {}),
        file.runWith({ signal, timeout: 1000 }, () => {}),
        file.map(() => {}),
        file.map(() => {}, { boundary: 'line', chunkSize: 100 }),
        ...Array.from({ length: 20 }, () => file.advise('random')),
      ].map(settled));
      await turn();
      await file.close();
      say(outcomes);
      const { queued, threads } = getDefaultPool();
      const isLeft = fs.existsSync(args[0] + '.new');
      say({ unhandled, queued, threads, isClosed: file.isClosed, isLeft });
    `,
      { main, args: [path], flags: WITHOUT_WORKERS },
    );
    expect(outcomes).toHaveLength(27);
    for (const outcome of outcomes as unknown[]) {
      expect(outcome).toMatchObject({ ...refused, cause: 'ERR_ACCESS_DENIED' });
      expect(outcome).toMatchObject({ message: expect.stringContaining('--allow-worker') });
    }
    expect(state).toEqual({ unhandled: 0, queued: 0, threads: 0, isClosed: true, isLeft: false });
  });

  test('ten thousand failures leave nothing', async () => {
    const [codes, kept] = await hear(
      `
      const opened = MmapFile.open(args[0]);
      const file = fmmap.AsyncMmapFile.attach(opened.share());
      const codes = new Set();
      const fail = async (times) => {
        for (let i = 0; i < times; ++i) await file.advise('random').catch(({ code }) => codes.add(code));
        await turn();
        gc();
        return process.memoryUsage().rss;
      };
      const before = await fail(1000);
      say([...codes]);
      say((await fail(10_000) - before) / 10_000);
    `,
      { main, args: [tempFile(CONTENT)], flags: WITHOUT_WORKERS },
    );
    expect(codes).toEqual(['ERR_MMAP_POOL_THREAD']);
    expect(kept).toBeLessThan(4000); // bytes; if each tried to start a thread, it would be more than 7000
  });
});

test('under a limit on threads, work waits for those that there are, fails without any, and succeeds after', async () => {
  const through = asCounted();
  const child = startChild(
    `
    ${SETTLED}
    const { AsyncMmapFile, getDefaultPool, setDefaultPool, WorkerPool } = fmmap;
    const heard = () => new Promise((resolve) => process.stdin.once('data', resolve));
    await fs.promises.stat('.'); // libuv has its threads by now
    setDefaultPool(new WorkerPool({ size: 4 }));
    const file = await AsyncMmapFile.open(args[0]);
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const busy = file.run((file, flag) => { Atomics.wait(flag, 0, 0); }, flag);

    say('busy');
    await heard();
    const waiting = Array.from({ length: 20 }, (_, index) => settled(file.run((file, at) => file.readUInt8(at), index)));
    await turn();
    await turn();
    say(getDefaultPool().threads);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    say(await Promise.all(waiting));

    const end = await settled(file.run(() => process.exit(1)));
    say(end.code);
    const none = new WorkerPool({ size: 4 });
    setDefaultPool(none);
    say(await Promise.all([AsyncMmapFile.open(args[0]), file.advise('random'), file.run(() => {})].map(settled)));
    await file.close();
    say(file.isClosed);

    await heard();
    let again;
    do { await turn(); again = await settled(AsyncMmapFile.open(args[0])); } while ('code' in again);
    const { queued } = none;
    say({ length: again.value.length, queued, unhandled });
    process.stdin.destroy();
  `,
    { main, args: [tempFile(CONTENT)], through },
  );
  expect(await child.said()).toBe('busy');
  allowThreads(through, child.process.pid, false);
  child.process.stdin.write('\n');
  expect(await child.said()).toBe(1);
  expect(await child.said()).toEqual([...CONTENT.subarray(0, 20)].map((value) => ({ value })));
  expect(await child.said()).toBe('ERR_MMAP_POOL_THREAD');
  for (const outcome of (await child.said()) as unknown[]) {
    expect(outcome).toMatchObject({ ...refused, cause: 'ERR_WORKER_INIT_FAILED' });
  }
  expect(await child.said()).toBe(true);
  allowThreads(through, child.process.pid, true);
  child.process.stdin.write('\n');
  expect(await child.said()).toEqual({ length: 10_000, queued: 0, unhandled: 0 });
  expect(await child.done).toMatchObject({ code: 0, stderr: '' });
});
