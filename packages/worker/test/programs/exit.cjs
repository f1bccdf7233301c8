// Processes and threads that end with all kinds of work under way.
const { once } = require('node:events');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const { say, turn } = require('../../../core/test/programs/program.cjs');
const { busy, threads } = require('./busy.cjs');
const { AsyncMmapFile, AsyncMmapFileMut, WorkerPool } = require('./package.cjs');

const startBusyThread = (workerData) =>
  new Worker(join(__dirname, 'busy-thread.cjs'), { workerData });

const exit = () => process.exit(7);

/** When the process exits. */
exports.MOMENTS = {
  'before any thread has started': (path) => {
    busy(path);
    exit();
  },
  'while threads start': async (path) => {
    busy(path);
    await turn();
    await turn();
    exit();
  },
  'as soon as a file is open': async (path) => {
    await busy(path);
    exit();
  },
  'when the first is done': async (path) => {
    const { all } = await busy(path);
    await Promise.race(all);
    exit();
  },
  'when more are done': async (path) => {
    const { file } = await busy(path);
    for (let i = 0; i < 20; ++i) await file.flush();
    exit();
  },
  'in the progress of a map': async (path) => {
    const { file } = await busy(path);
    await file.map(() => undefined, { chunkSize: 100, onProgress: exit });
  },
  'while threads are terminated': async (path) => {
    const { file } = await busy(path);
    const stop = new AbortController();
    const running = file.runWith({ signal: stop.signal }, () => {
      for (;;);
    });
    running.catch(exit);
    await file.flush();
    stop.abort();
  },
  'while a pool is destroyed': async (path) => {
    const { pool } = await busy(path);
    pool.destroy();
    exit();
  },
  'while the file is closed': async (path) => {
    const { file } = await busy(path);
    file.close();
    await turn();
    exit();
  },
  'from a task that has ended its thread': async (path) => {
    const { file } = await busy(path);
    file.runWith({ pool: new WorkerPool() }, () => process.exit(3)).catch(exit);
  },
  'with pools in other threads': (path) => {
    startBusyThread({ path, moment: 'when files are open' }).once('message', exit);
  },
};

exports.terminated = async (moment, path) => {
  const before = threads();
  const nested = startBusyThread({ path, moment });
  say((await once(nested, 'message'))[0]);
  say(await nested.terminate());
  say(threads() - before);
  const file = await AsyncMmapFileMut.open(path); // nobody has its lock
  say(file.readUInt8(1));
};

exports.aborted = async (path) => {
  const pool = new WorkerPool({ size: 1 });
  const file = await AsyncMmapFileMut.open(path);
  const before = threads();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const task = async (file, main, flag) => {
    const { AsyncMmapFile } = (await import('node:module')).createRequire(main)(main);
    const run = (_file, flag) => {
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
      for (;;);
    };
    await AsyncMmapFile.attach(file.share()).run(run, flag);
  };
  const stop = new AbortController();
  const main = require.resolve('./package.cjs');
  const running = file.runWith({ pool, signal: stop.signal }, task, main, flag);
  const ended = running.catch((error) => error === stop.signal.reason);
  await Atomics.waitAsync(flag, 0, 0).value;
  stop.abort();
  say(await ended);
  await file.close(); // which waits for the thread
  say(threads() - before);
  say(await AsyncMmapFileMut.open(path).then((file) => file.length));
};

exports.exits = async (path) => {
  const file = AsyncMmapFile.memory('x', 'hello');
  say(await file.run((file) => file.length));
  const nested = startBusyThread({ path, moment: 'when files are open', exitCode: 5 });
  say((await once(nested, 'exit'))[0]);
  say(await file.run((file) => file.length));
};
