// A process with a pool: when it ends, what it prints, and what is left.
const fs = require('node:fs');
const { say, turn } = require('../../../core/test/programs/program.cjs');
const { descriptors } = require('../../../core/test/programs/counts.cjs');
const { threads } = require('./busy.cjs');
const { AsyncMmapFile, AsyncMmapFileMut, WorkerPool, getDefaultPool } = require('./package.cjs');

exports.staysForWork = async (path) => {
  const file = await AsyncMmapFile.open(path);
  say(await file.run((file) => file.length));
  const slow = file.run(async (file) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return file.readUInt8(1);
  });
  slow.then(say);
  process.on('exit', () => say('exit'));
};

exports.exits = async (path) => {
  const file = await AsyncMmapFileMut.open(path);
  file.run(() => {
    for (;;);
  });
  for (let i = 0; i < 100; ++i) {
    file.run(() => {});
    file.flush();
  }
  await file.run(() => {});
  process.exit(7);
};

exports.brokenThreads = async (way, path) => {
  const attempt = () => AsyncMmapFile.open(path).then((file) => file.close());
  const failed = (promise) =>
    promise.then(
      () => 'done',
      ({ code, message }) => ({ code, message }),
    );
  process.env.BROKEN = way;
  for (const each of await Promise.all([1, 2, 3, 4, 5].map(() => failed(attempt())))) say(each);
  delete process.env.BROKEN;
  let last;
  do {
    await turn();
    last = await failed(attempt()); // not at once: a failed start is followed by a pause
  } while (last !== 'done');
  say(last);
  say(getDefaultPool().queued);
};

/** When a pool is destroyed: `stop()` aborts a task, and is over when that has ended. */
exports.MOMENTS = {
  while: async ({ pool, signal, stop }) => {
    let destroyed;
    signal.onabort = () => {
      destroyed = pool.destroy();
    };
    await stop();
    await destroyed;
  },
  after: async ({ pool, stop }) => {
    await stop();
    await pool.destroy();
  },
};

exports.destroyed = async (moment, path) => {
  const file = await AsyncMmapFile.open(path);
  const before = threads();
  const pool = new WorkerPool({ size: 1 });
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const controller = new AbortController();
  const { signal } = controller;
  const task = (_file, flag) => {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    for (;;);
  };
  const running = file.runWith({ pool, signal }, task, flag);
  const ended = running.catch((error) => say(error === signal.reason));
  await Atomics.waitAsync(flag, 0, 0).value;
  const stop = () => {
    controller.abort();
    return ended;
  };
  await exports.MOMENTS[moment]({ pool, signal, stop });
  say(threads() - before);
};

exports.prints = async (path) => {
  const file = await AsyncMmapFile.open(path);
  await file.run(() => {
    for (let line = 0; line < 100; ++line) console.log(line);
    console.error('error');
  });
  process.exit(0);
};

exports.fillsHeap = async (path) => {
  const file = await AsyncMmapFile.open(path);
  const fill = () => {
    for (const all = []; ; ) all.push(new Array(1e5).fill(1.5));
  };
  say(await file.run(fill).catch(({ code, cause }) => [code, cause.code]));
  say(await file.run((file) => file.length));
  await file.close();
};

exports.leavesNothing = async (path) => {
  const open = async () => {
    const file = await AsyncMmapFile.open(path);
    await Promise.all([file.run((file) => file.length), file.prefetch()]);
    await file.close();
  };
  await Promise.all([open(), open()]);
  const before = descriptors();
  for (let i = 0; i < 10; ++i) await Promise.all(Array.from({ length: 100 }, open));
  say(descriptors() - before);
  say(fs.readFileSync('/proc/self/maps', 'utf8').includes(path));
  await getDefaultPool().destroy();
};
