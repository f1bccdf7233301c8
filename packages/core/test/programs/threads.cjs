// For programs with threads: `startThread()`, and ways to wait for each other.
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const { gc, turn } = require('./program.cjs');

/** Where a thread keeps things: each thread has its own, including the main thread. */
const my = /** @type {Record<string, any>} */ ({});

const collect = async () => {
  for (let i = 0; i < 5; ++i) {
    gc();
    await turn();
  }
};

/**
 * Makes a worker thread. `thread.run(f, ...args)` makes it call `f`, which is sent as text: `f` sees
 * nothing of the program around it, but everything that `thread.cjs` defines, and these constants.
 *
 * @param {Record<string, unknown>} [constants]
 */
const startThread = (constants = {}) => {
  const worker = new Worker(join(__dirname, 'thread.cjs'), { workerData: { constants } });
  const ended = new Promise((resolve) => worker.on('exit', resolve));
  const waiting = /** @type {((answer: any) => void)[]} */ ([]);
  worker.on('message', (answer) => waiting.shift()?.(answer));
  worker.on('error', (error) => {
    throw error;
  });
  return {
    worker,
    /** @param {(...args: any[]) => any} call */
    async run(call, ...args) {
      const answer = new Promise((resolve) => waiting.push(resolve));
      worker.postMessage({ source: String(call), args });
      const { value, error } = await answer;
      if (error) throw new Error(error);
      return value;
    },
    /** Lets the thread end by itself. */
    async end() {
      worker.postMessage({ source: '() => { parentPort.close(); }', args: [] });
      return ended;
    },
    terminate: () => worker.terminate(),
  };
};

/** Waits, in each of `count` threads, until all of them have called it equally often. */
const meet = (/** @type {Int32Array} */ meeting, /** @type {number} */ count) => {
  const all = (Math.floor(Atomics.add(meeting, 0, 1) / count) + 1) * count;
  Atomics.notify(meeting, 0);
  for (let here = 0; here < all; ) {
    here = Atomics.load(meeting, 0);
    if (here < all) Atomics.wait(meeting, 0, here);
  }
};

module.exports = { my, collect, startThread, meet };
