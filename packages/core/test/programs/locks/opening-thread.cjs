// A thread that waits while opening a file; `workerData` says which.
const { parentPort, workerData } = require('node:worker_threads');
const { MmapFile } = require('../package.cjs');
const { tellWaiting } = require('../waiting.cjs');

tellWaiting(() => {
  parentPort?.postMessage('waits');
});
MmapFile.open(workerData.path, workerData.options);
