import { fileURLToPath } from 'node:url';
import { type ChildOptions, hear } from '../../../core/test/helpers/child.js';

export const main: string = fileURLToPath(new URL('../../dist/index.cjs', import.meta.url));

/** For the source of a child: how a promise is settled, and how often anything was rejected that nobody handles. */
export const SETTLED = `
  const settled = (promise) => promise.then(
    (value) => ({ value }),
    (error) => ({ code: error.code, message: error.message, cause: error.cause?.code, name: error.name }),
  );
  let unhandled = 0;
  process.on('unhandledRejection', () => { unhandled += 1; });
  process.on('uncaughtException', () => { unhandled += 1; });
`;

/**
 * For the source of a child: new threads are refused, as by the system, while `refuses()` says so. `count`
 * has the threads that were started and refused, and those that there are now.
 */
const REFUSING = `
  const threads = require('node:worker_threads');
  const { Worker } = threads;
  const count = { started: 0, refused: 0, alive: 0 };
  let refuses = () => true;
  threads.Worker = class extends Worker {
    constructor(...args) {
      if (refuses()) {
        count.refused += 1;
        throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
      }
      super(...args);
      count.started += 1;
      count.alive += 1;
      this.once('exit', () => { count.alive -= 1; });
    }
  };
`;

/** Runs a child that has a `file`, attached, and in which threads can be refused; it says last what was `unhandled`. */
export function hearRefusing(source: string, options: ChildOptions = {}): Promise<unknown[]> {
  return hear(
    `${REFUSING} ${SETTLED}
     const { AsyncMmapFile, WorkerPool, setDefaultPool } = fmmap;
     const opened = MmapFile.open(args[0]);
     const file = AsyncMmapFile.attach(opened.share());
     ${source}
     opened.close();
     say(unhandled);`,
    { main, ...options },
  );
}
