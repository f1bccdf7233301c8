// A thread that gives a view to the thread that has started it, and keeps running.
const { parentPort, workerData } = require('node:worker_threads');
const { MmapFileMut } = require('../package.cjs');

const view = MmapFileMut.open(workerData.path).bytes(4000, 300);
parentPort?.postMessage(view, [view.buffer]);
setInterval(() => {}, 1000);
