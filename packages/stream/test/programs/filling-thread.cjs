// A thread that has filled a file, says so, and exits or stays.
const { parentPort, workerData } = require('node:worker_threads');
const { fill } = require('./fill.cjs');

fill(workerData.path).then(() => {
  parentPort?.postMessage('filled');
  if (workerData.exits) process.exit();
  setInterval(() => {}, 1e6);
});
