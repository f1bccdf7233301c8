import { describe, expect, test } from 'vitest';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { hearRefusing } from './helpers/refusing.js';

const CONTENT = pattern(10_000);
const options = () => ({ args: [tempFile(CONTENT)] });
const refused = {
  code: 'ERR_MMAP_POOL_THREAD',
  message: expect.stringContaining('no thread could be started'),
};

describe('where threads are refused', () => {
  test('at first, later work succeeds', async () => {
    const said = await hearRefusing(
      `
      say(await settled(file.advise('random')));
      refuses = () => false;
      let outcome;
      do { await turn(); outcome = await settled(file.run((file) => file.readUInt8(1))); } while ('code' in outcome);
      say(outcome);
    `,
      options(),
    );
    expect(said).toEqual([
      expect.objectContaining({ ...refused, cause: 'ERR_WORKER_INIT_FAILED' }),
      { value: CONTENT[1] },
      0,
    ]);
  });

  test('many jobs at once ask for one once', async () => {
    const said = await hearRefusing(
      `
      const all = await Promise.all(Array.from({ length: 500 }, () => settled(file.advise('random'))));
      say(all.filter(({ code }) => code === 'ERR_MMAP_POOL_THREAD').length);
      say(count.refused);
    `,
      options(),
    );
    expect(said).toEqual([500, 1, 0]);
  });

  test('but the first, the rest waits for that one, can be aborted, and is not timed', async () => {
    const said = await hearRefusing(
      `
      const pool = new WorkerPool({ size: 3 });
      refuses = () => count.started > 0;
      const flag = new Int32Array(new SharedArrayBuffer(8));
      const busy = file.runWith({ pool }, (file, flag) => { Atomics.store(flag, 1, 1); Atomics.wait(flag, 0, 0); return 'busy'; }, flag);
      const stop = new AbortController();
      const { signal } = stop;
      const aborted = settled(file.runWith({ pool, signal }, () => {}));
      const waiting = [1, 2, 3].map((at) => file.runWith({ pool, timeout: 1000 }, (file, at) => file.readUInt8(at), at));
      await new Promise((resolve) => setTimeout(resolve, 1500)); // longer than they may take in a thread
      do { await turn(); } while (count.refused < 3 || !flag[1]);
      stop.abort();
      say((await aborted).name);
      say(require('node:events').getEventListeners(signal, 'abort').length);
      say(pool.queued);
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
      say([await busy, ...await Promise.all(waiting)]);
      say([pool.queued, pool.threads]);
      await pool.destroy();
      say(count.alive);
    `,
      options(),
    );
    const [a, b, c] = CONTENT.subarray(1, 4);
    expect(said).toEqual(['AbortError', 0, 3, ['busy', a, b, c], [0, 1], 0, 0]);
  });

  test('for a while, what waits gets another thread without new work', async () => {
    const said = await hearRefusing(
      `
      const pool = new WorkerPool({ size: 2 });
      refuses = () => count.started > 0;
      const flag = new Int32Array(new SharedArrayBuffer(4));
      const busy = file.runWith({ pool }, (file, flag) => { Atomics.wait(flag, 0, 0); }, flag);
      const second = file.runWith({ pool }, (file, flag) => { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0); }, flag);
      do { await turn(); } while (count.refused < 3);
      refuses = () => false;
      await Promise.all([busy, second]); // the first waits for the second
      say(count.started);
    `,
      options(),
    );
    expect(said).toEqual([2, 0]);
  });

  test('as long as another one lives, those behind a task that ends its thread get the next one', async () => {
    const said = await hearRefusing(
      `
      const pool = new WorkerPool({ size: 4 });
      refuses = () => count.alive > 0;
      const all = Array.from({ length: 12 }, (_, index) => settled(index % 3 === 0
        ? file.runWith({ pool }, () => process.exit(3))
        : file.runWith({ pool }, (file, at) => file.readUInt8(at), index)));
      const late = settled(file.runWith({ pool, timeout: 100 }, () => { for (;;); }));
      const last = settled(file.runWith({ pool }, () => 'last'));
      say((await Promise.all(all)).map(({ value, code }) => value ?? code));
      say((await late).code);
      say((await last).value);
    `,
      options(),
    );
    const outcomes = [...CONTENT.subarray(0, 12)].map((byte, index) =>
      index % 3 === 0 ? 'ERR_MMAP_POOL_THREAD' : byte,
    );
    expect(said).toEqual([outcomes, 'ERR_MMAP_TASK_TIMEOUT', 'last', 0]);
  });

  test('for good after a task that ended the last one, the rest is rejected', async () => {
    const said = await hearRefusing(
      `
      const pool = new WorkerPool({ size: 2 });
      refuses = () => count.started > 0;
      const all = [() => process.exit(3), () => 1, () => 2, () => 3].map((task) => settled(file.runWith({ pool }, task)));
      say(await Promise.all(all));
      say([pool.queued, pool.threads]);
      await file.close();
    `,
      options(),
    );
    const [first, ...rest] = said[0] as unknown[];
    expect(first).toMatchObject({ message: expect.stringContaining('worker exited with code: 3') });
    expect(rest).toEqual(rest.map(() => expect.objectContaining(refused)));
    expect(said.slice(1)).toEqual([[0, 0], 0]);
  });

  test('a pool can be destroyed', async () => {
    const said = await hearRefusing(
      `
      const pool = new WorkerPool({ size: 2 });
      setDefaultPool(pool);
      const before = settled(file.advise('random'));
      await before;
      const all = [file.advise('random'), file.run(() => {})].map(settled);
      await pool.destroy();
      for (const { code } of await Promise.all([before, ...all, settled(file.advise('random'))])) say(code);
      await file.close();
      refuses = () => count.started > 0;
      const other = new WorkerPool({ size: 2 });
      const late = AsyncMmapFile.attach(opened.share());
      const running = [() => { for (;;); }, () => 1].map((task) => settled(late.runWith({ pool: other }, task)));
      do { await turn(); } while (count.refused < 3);
      await other.destroy();
      for (const { code } of await Promise.all(running)) say(code);
      say([count.alive, other.queued, other.threads]);
    `,
      options(),
    );
    expect(said.slice(0, 4)).toEqual([
      'ERR_MMAP_POOL_THREAD',
      'ERR_MMAP_POOL_THREAD',
      'ERR_MMAP_POOL_THREAD',
      'ERR_MMAP_POOL_DESTROYED',
    ]);
    expect(said.slice(4)).toEqual([
      'ERR_MMAP_POOL_DESTROYED',
      'ERR_MMAP_POOL_DESTROYED',
      [0, 0, 0],
      0,
    ]);
  });
});

test.each([
  ['throw', `throw new Error('no threads today')`],
  ['exit', 'process.exit(3)'],
])('threads that %s while they start harm nobody who has another one', async (_, act) => {
  const preload = tempFile(
    `if (!require('node:worker_threads').isMainThread && process.env.BROKEN) { ${act} }`,
    'preload.cjs',
  );
  const said = await hearRefusing(
    `
      const pool = new WorkerPool({ size: 3 });
      refuses = () => false;
      const flag = new Int32Array(new SharedArrayBuffer(4));
      await file.runWith({ pool }, () => {});
      const busy = file.runWith({ pool }, (file, flag) => { Atomics.wait(flag, 0, 0); return 'busy'; }, flag);
      process.env.BROKEN = '1';
      const waiting = [1, 2, 3].map((at) => file.runWith({ pool }, (file, at) => file.readUInt8(at), at));
      do { await turn(); } while (count.started < 4 || count.alive > 1);
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
      say([await busy, ...await Promise.all(waiting)]);
      await pool.destroy();
      say(count.alive);
    `,
    { ...options(), flags: ['--require', preload] },
  );
  expect(said).toEqual([['busy', ...CONTENT.subarray(1, 4)], 0, 0]);
});

test('whatever is refused, ended and aborted, each job is settled once and nothing is left', async () => {
  const outcomes = ['20', 'ERR_MMAP_POOL_THREAD', 'ERR_MMAP_TASK_TIMEOUT', 'OWN', 'done'];
  const said = await hearRefusing(
    `
    let asked = 0;
    refuses = () => ++asked % 3 !== 0;
    const pool = new WorkerPool({ size: 3 });
    setDefaultPool(pool);
    const kinds = [
      () => file.run((file) => file.length),
      () => file.run(() => process.exit(3)),
      () => file.run(() => { throw Object.assign(new Error('own'), { code: 'OWN' }); }),
      () => file.runWith({ timeout: 5 }, () => { for (;;); }),
      async (round) => {
        const stop = new AbortController();
        const running = settled(file.runWith({ signal: stop.signal }, () => { for (;;); }));
        for (let turns = round % 20; turns > 0; --turns) await turn();
        stop.abort();
        throw await running;
      },
    ];
    const seen = Object.fromEntries(${JSON.stringify(outcomes)}.map((code) => [code, 0]));
    let rounds = 0;
    for (; Object.values(seen).some((times) => times < 3); ++rounds) {
      for (const { code = 'done' } of await Promise.all(kinds.map((act) => settled(act(rounds))))) {
        seen[code] += 1;
      }
    }
    say(Object.keys(seen));
    say(Object.values(seen).reduce((sum, times) => sum + times) - rounds * kinds.length);
    await file.close();
    await pool.destroy();
    say([pool.queued, pool.threads, count.alive]);
    say(process.getActiveResourcesInfo().filter((name) => !['PipeWrap', 'TTYWrap'].includes(name)));
  `,
    options(),
  );
  expect(said).toEqual([outcomes, 0, [0, 0, 0], [], 0]);
});
