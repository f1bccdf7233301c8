// For programs in which new threads are refused, as by the system.
const threads = require('node:worker_threads');
const { say } = require('../../../core/test/programs/program.cjs');
const { AsyncMmapFile, MmapFile } = require('./package.cjs');
const { unhandled } = require('./settled.cjs');

/** The threads that were started and refused, and those that there are now. */
const count = { started: 0, refused: 0, alive: 0 };
let refuses = () => true;

const { Worker } = threads;
threads.Worker = class extends Worker {
  /** @param {ConstructorParameters<typeof Worker>} args */
  constructor(...args) {
    if (refuses()) {
      count.refused += 1;
      throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
    }
    super(...args);
    count.started += 1;
    count.alive += 1;
    this.once('exit', () => {
      count.alive -= 1;
    });
  }
};

/** Refuses threads from now on while this is so; else, all of them are. */
const refuseWhile = (/** @type {() => boolean} */ condition) => {
  refuses = condition;
};

/**
 * A program with an attached file, `opened` in this thread. It says last what was unhandled.
 *
 * @param {(file: AsyncMmapFile, opened: MmapFile, ...args: any[]) => Promise<void>} act
 */
const refusing =
  (act) =>
  async (path, ...args) => {
    const opened = MmapFile.open(path);
    await act(AsyncMmapFile.attach(opened.share()), opened, ...args);
    opened.close();
    say(unhandled());
  };

module.exports = { count, refuseWhile, refusing };
