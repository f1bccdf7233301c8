// For programs with threads: `startThread()`, and ways to inspect the process.
const fs = require('node:fs');
const { tmpdir } = require('node:os');
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

// Windows has no /proc: a small addon counts there.
const COUNTS = '../helpers/counts-windows.node';
const counts = process.platform === 'win32' ? require(COUNTS) : undefined;

const withoutDrive = (path) => path.replace(/^[A-Za-z]:/, '');

/** The path of a descriptor; '' if it was closed since it was listed. */
const targetOf = (descriptor) => {
  try {
    return fs.readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
};

/** Counts the open descriptors of the process (on Windows, those of files), or those of the file at `path`. */
const descriptors = (path = '') =>
  counts?.countFiles(withoutDrive(path)) ??
  fs.readdirSync('/proc/self/fd').filter((each) => targetOf(each).startsWith(path)).length;

/** What the paths of descriptors of memory start with. */
const MEMORY = counts ? join(fs.realpathSync.native(tmpdir()), 'mem') : '/memfd:';

/** Counts the open directories of the process: what else is open may belong to a thread. */
const directories = () =>
  counts?.countDirectories() ??
  fs
    .readdirSync('/proc/self/fd')
    .filter((descriptor) =>
      fs.statSync(`/proc/self/fd/${descriptor}`, { throwIfNoEntry: false })?.isDirectory(),
    ).length;

/** Counts the threads of the process. */
const threads = () => counts?.countThreads() ?? fs.readdirSync('/proc/self/task').length;

/** Counts the areas of the memory of the process. */
const areas = () =>
  counts?.countAreas() ?? fs.readFileSync('/proc/self/maps', 'utf8').split('\n').length;

/** Counts the mapped ranges of the file at `path`. */
const mappings = (path) =>
  counts?.countViews(withoutDrive(path)) ??
  fs.readFileSync('/proc/self/maps', 'utf8').split(path).length - 1;

module.exports = {
  ...{ my, collect, startThread, meet, descriptors, MEMORY, directories },
  ...{ threads, areas, mappings },
};
