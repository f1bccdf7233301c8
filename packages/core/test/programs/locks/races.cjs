// Openers that are stopped before they take the lock.
const { openerOf } = require('../openers.cjs');
const { MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

exports.open = (path) => {
  say(process.pid);
  say(caught(() => MmapFileMut.open(path, { maxSize: 100 })));
};

exports.openRemoved = (path) => {
  say(process.pid);
  const file = MmapFileMut.open(path, { maxSize: 3 });
  file.writeAll('new');
  say(file.stat().nlink);
};

exports.openExisting = (path, name) => {
  say(process.pid);
  say(caught(() => openerOf(name)(path)));
};

exports.waits = (path) => {
  say(process.pid);
  const file = MmapFileMut.open(path, { maxSize: 100, lockTimeout: 20_000 });
  say([file.length, file.asBuffer().toString()]);
};

exports.givesUp = (path) => {
  say(process.pid);
  say(caught(() => MmapFileMut.open(path, { maxSize: 100, lockTimeout: 5 })));
};

exports.create = (path) => {
  say(process.pid);
  say(caught(() => MmapFileMut.create(path, { maxSize: 100, lockTimeout: 20_000 })));
};

exports.makeAndRemove = (path) => {
  const seen = new Set();
  // As often as it gets the lock, which others may hold all the time until they have finished.
  for (let removed = 0; removed < 100; ) {
    let file;
    try {
      file = MmapFileMut.open(path, { maxSize: 8 });
    } catch (error) {
      seen.add(error.code);
      continue;
    }
    seen.add(caught(() => file.remove()));
    removed += 1;
  }
  seen.delete('EWOULDBLOCK');
  say([...seen]);
};
