// Work where threads are refused, or end.
const { getEventListeners } = require('node:events');
const { say, turn } = require('../../../core/test/programs/program.cjs');
const { AsyncMmapFile, WorkerPool, setDefaultPool } = require('./package.cjs');
const { count, refuseWhile, refusing } = require('./refusing.cjs');
const { settled } = require('./settled.cjs');

/** A task that never ends. */
const never = () => {
  for (;;);
};
/** A task that returns one byte. */
const byteAt = (file, at) => file.readUInt8(at);
/** A task that waits until the flag is set. */
const waits = (_file, flag) => {
  Atomics.wait(flag, 0, 0);
  return 'busy';
};
const newFlag = () => new Int32Array(new SharedArrayBuffer(8));
const set = (flag) => {
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
};

exports.atFirst = refusing(async (file) => {
  say(await settled(file.advise('random')));
  refuseWhile(() => false);
  let outcome;
  do {
    await turn();
    outcome = await settled(file.run((file) => file.readUInt8(1)));
  } while ('code' in outcome);
  say(outcome);
});

exports.manyJobs = refusing(async (file) => {
  const jobs = Array.from({ length: 500 }, () => settled(file.advise('random')));
  const all = await Promise.all(jobs);
  say(all.filter(({ code }) => code === 'ERR_MMAP_POOL_THREAD').length);
  say(count.refused);
});

exports.butTheFirst = refusing(async (file) => {
  const pool = new WorkerPool({ size: 3 });
  refuseWhile(() => count.started > 0);
  const flag = newFlag();
  const task = (_file, flag) => {
    Atomics.store(flag, 1, 1);
    Atomics.wait(flag, 0, 0);
    return 'busy';
  };
  const busy = file.runWith({ pool }, task, flag);
  const stop = new AbortController();
  const { signal } = stop;
  const aborted = settled(file.runWith({ pool, signal }, () => {}));
  const waiting = [1, 2, 3].map((at) => file.runWith({ pool, timeout: 1000 }, byteAt, at));
  await new Promise((resolve) => setTimeout(resolve, 1500)); // longer than they may take in a thread
  do {
    await turn();
  } while (count.refused < 3 || !flag[1]);
  stop.abort();
  say((await aborted).name);
  say(getEventListeners(signal, 'abort').length);
  say(pool.queued);
  set(flag);
  say([await busy, ...(await Promise.all(waiting))]);
  say([pool.queued, pool.threads]);
  await pool.destroy();
  say(count.alive);
});

exports.forAWhile = refusing(async (file) => {
  const pool = new WorkerPool({ size: 2 });
  refuseWhile(() => count.started > 0);
  const flag = newFlag();
  const busy = file.runWith({ pool }, waits, flag);
  const sets = (_file, flag) => {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  const second = file.runWith({ pool }, sets, flag);
  do {
    await turn();
  } while (count.refused < 3);
  refuseWhile(() => false);
  await Promise.all([busy, second]); // the first waits for the second
  say(count.started);
});

exports.asLongAsOneLives = refusing(async (file) => {
  const pool = new WorkerPool({ size: 4 });
  refuseWhile(() => count.alive > 0);
  const all = Array.from({ length: 12 }, (_, index) =>
    settled(
      index % 3 === 0
        ? file.runWith({ pool }, () => process.exit(3))
        : file.runWith({ pool }, byteAt, index),
    ),
  );
  const late = settled(file.runWith({ pool, timeout: 100 }, never));
  const last = settled(file.runWith({ pool }, () => 'last'));
  say((await Promise.all(all)).map(({ value, code }) => value ?? code));
  say((await late).code);
  say((await last).value);
});

exports.forGood = refusing(async (file) => {
  const pool = new WorkerPool({ size: 2 });
  refuseWhile(() => count.started > 0);
  const tasks = [() => process.exit(3), () => 1, () => 2, () => 3];
  say(await Promise.all(tasks.map((task) => settled(file.runWith({ pool }, task)))));
  say([pool.queued, pool.threads]);
  await file.close();
});

exports.destroyed = refusing(async (file, opened) => {
  const pool = new WorkerPool({ size: 2 });
  setDefaultPool(pool);
  const before = settled(file.advise('random'));
  await before;
  const all = [file.advise('random'), file.run(() => {})].map(settled);
  await pool.destroy();
  for (const { code } of await Promise.all([before, ...all, settled(file.advise('random'))]))
    say(code);
  await file.close();
  refuseWhile(() => count.started > 0);
  const other = new WorkerPool({ size: 2 });
  const late = AsyncMmapFile.attach(opened.share());
  const running = [never, () => 1].map((task) => settled(late.runWith({ pool: other }, task)));
  do {
    await turn();
  } while (count.refused < 3);
  await other.destroy();
  for (const { code } of await Promise.all(running)) say(code);
  say([count.alive, other.queued, other.threads]);
});

exports.brokenThreads = refusing(async (file, _opened, way) => {
  const pool = new WorkerPool({ size: 3 });
  refuseWhile(() => false);
  const flag = newFlag();
  await file.runWith({ pool }, () => {});
  const busy = file.runWith({ pool }, waits, flag);
  process.env.BROKEN = way;
  const waiting = [1, 2, 3].map((at) => file.runWith({ pool }, byteAt, at));
  do {
    await turn();
  } while (count.started < 4 || count.alive > 1);
  set(flag);
  say([await busy, ...(await Promise.all(waiting))]);
  await pool.destroy();
  say(count.alive);
});

/** Until each of the outcomes was seen several times. */
exports.settledOnce = refusing(async (file, _opened, outcomes) => {
  let asked = 0;
  refuseWhile(() => ++asked % 3 !== 0);
  const pool = new WorkerPool({ size: 3 });
  setDefaultPool(pool);
  const kinds = /** @type {((round: number) => Promise<unknown>)[]} */ ([
    () => file.run((file) => file.length),
    () => file.run(() => process.exit(3)),
    () =>
      file.run(() => {
        throw Object.assign(new Error('own'), { code: 'OWN' });
      }),
    () => file.runWith({ timeout: 5 }, never),
    async (round) => {
      const stop = new AbortController();
      const running = settled(file.runWith({ signal: stop.signal }, never));
      for (let turns = round % 20; turns > 0; --turns) await turn();
      stop.abort();
      throw await running;
    },
  ]);
  const seen = Object.fromEntries(outcomes.map((code) => [code, 0]));
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
  const resources = process.getActiveResourcesInfo();
  say(resources.filter((name) => !['PipeWrap', 'TTYWrap'].includes(name)));
});
