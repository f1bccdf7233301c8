// A thread with a pool of its own, that is busy: says so at a moment, or exits then.
const { parentPort, workerData } = require('node:worker_threads');
const { turn } = require('../../../core/test/programs/program.cjs');
const { busy } = require('./busy.cjs');

const { path, moment, exitCode } = workerData;

/** @type {Record<string, (opening: ReturnType<typeof busy>) => unknown>} */
const MOMENTS = {
  'at once': () => {},
  'while threads start': async () => {
    await turn();
  },
  'when files are open': (opening) => opening,
  'when the first is done': async (opening) => Promise.race((await opening).all),
};

Promise.resolve(MOMENTS[moment](busy(path))).then(() => {
  if (exitCode === undefined) parentPort?.postMessage(moment);
  else process.exit(exitCode);
});
