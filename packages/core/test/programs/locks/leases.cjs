// Opens of files on which another process holds a lease, and opens without locks.
const fs = require('node:fs');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const { openerOf } = require('../openers.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');
const { untilTold } = require('../waiting.cjs');

exports.open = (path, name) => {
  const file = openerOf(name)(path);
  say([file.length, file.lockState !== 'none']);
};

exports.openInTime = (path, name) => {
  for (const lockTimeout of [0, 30]) say(caught(() => openerOf(name)(path, { lockTimeout })));
};

exports.openInThread = async (path) => {
  const thread = new Worker(join(__dirname, 'opening-thread.cjs'), { workerData: { path } });
  await untilTold();
  say(await thread.terminate());
  process.exit(7);
};

exports.lockless = (path, openers) => {
  for (const open of openers.map(openerOf)) say(caught(() => open(path)));
  say(caught(() => MmapFileMut.create(`${path}.new`, { maxSize: 5 })));
  say(fs.existsSync(`${path}.new`));
};

exports.none = (path, openers) => {
  const lock = 'none';
  for (const open of openers.map(openerOf)) {
    const file = open(path, { lock });
    say([file.lockState, file.readUInt8(7)]);
    file.close();
  }
  const one = MmapFileMut.open(path, { lock });
  const two = MmapFileMut.open(path, { lock });
  one.writeUInt8(99, 5);
  two.truncate(20000);
  one.flush();
  say([two.readUInt8(5), one.lockState]);
  one.close();
  two.remove();
  const made = MmapFileMut.create(`${path}.new`, { lock, maxSize: 5 });
  say(made.length);
  const failed = caught(() => made.lock());
  made.close();
  say([failed.code, fs.statSync(`${path}.new`).size, fs.existsSync(path)]);
};

exports.refused = (path, lock, openers) => {
  for (const open of [...openers.map(openerOf), MmapFileMut.create])
    say(caught(() => open(path, { lock })));
  say(caught(() => MmapFileMut.anonymous(5, /** @type {any} */ ({ lock: 'none' }))));
};

exports.otherHandle = (path) => {
  const locked = MmapFileMut.open(path);
  const other = MmapFile.open(path, { lock: 'none' });
  say([locked.lockState, other.lockState, other.tryLock()]);
  locked.unlock();
  say([other.tryLock(), other.lockState]);
  other.close();
  say([locked.tryLock(), locked.lockState]);
};
