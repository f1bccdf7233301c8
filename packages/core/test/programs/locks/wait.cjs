// Processes that wait for a lock, and processes that hold it.
const fs = require('node:fs');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const { openerOf } = require('../openers.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');
const { tellWaiting, untilTold } = require('../waiting.cjs');

exports.hold = async (path) => {
  const file = MmapFileMut.open(path);
  say('locked');
  await untilTold();
  file.close();
  process.exit();
};

exports.open = (path, name) => {
  tellWaiting();
  const file = openerOf(name)(path, { lockTimeout: 20_000 });
  say([file.length, file.lockState]);
  process.exit();
};

exports.holdAndReplace = async (path) => {
  const file = MmapFileMut.open(path);
  say('locked');
  await untilTold();
  fs.writeFileSync(`${path}.new`, 'new');
  fs.renameSync(`${path}.new`, path);
  file.close();
  process.exit();
};

exports.openReplaced = (path) => {
  tellWaiting();
  say(MmapFileMut.openExisting(path, { lockTimeout: 20_000 }).asBuffer().toString());
  process.exit();
};

exports.openInThread = (path) => {
  const workerData = { path, options: { lockTimeout: 2 ** 31 - 1 } };
  const thread = new Worker(join(__dirname, 'opening-thread.cjs'), { workerData });
  thread.once('message', async () => {
    say(await thread.terminate());
    process.exit(7);
  });
};

exports.count = (path) => {
  for (let round = 0; round < 50; ++round) {
    const file = MmapFileMut.open(path, { maxSize: 8, lockTimeout: 60_000 });
    file.writeBigUInt64LE(file.readBigUInt64LE(0) + 1n, 0);
    file.close();
  }
};

exports.letsOthersTry = (path) => {
  const { wait } = Atomics;
  const pauses = [];
  Atomics.wait = (array, index, value, time) => {
    pauses.push(time);
    return wait(array, index, value, time);
  };
  const keep = (path, options) => {
    const file = MmapFileMut.open(path, options);
    for (const until = performance.now() + 3; performance.now() < until; );
    file.close();
  };
  // On a slow machine they may already have had the time.
  while (pauses.length === 0) keep(path, { lockTimeout: 1000 });
  say(pauses[0] > 0 && pauses[0] <= 3);
  pauses.length = 0;
  for (let round = 0; round < 20; ++round) keep(path, {}); // without a timeout there is no need to wait
  say(pauses);
};

exports.lock = (path, method) => {
  const file = MmapFile.open(path, { lock: 'none' });
  tellWaiting();
  file[method]({ timeout: 20_000 });
  say(file.lockState);
  process.exit();
};
