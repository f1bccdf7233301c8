// Flushes and syncs whose system calls are traced.
const fs = require('node:fs');
const { MmapFileMut, syncDirectory, syncParentDirectory } = require('../package.cjs');
const { say } = require('../program.cjs');

const PAGE = 4096;

/** The operations on a file, by name. */
exports.FLUSHES = {
  'flush(PAGE + 10, 20)': (file) => file.flush(PAGE + 10, 20),
  'flush(PAGE - 1, 2)': (file) => file.flush(PAGE - 1, 2),
  'flush(2 * PAGE, PAGE)': (file) => file.flush(2 * PAGE, PAGE),
  'flush(PAGE - 100, 1)': (file) => file.flush(PAGE - 100, 1),
  'flush(0, PAGE - 100)': (file) => file.flush(0, PAGE - 100),
  'flush(5 * PAGE)': (file) => file.flush(5 * PAGE),
  'flush()': (file) => file.flush(),
  startFlush: (file) => {
    file.startFlush(5000, 10);
    file.startFlush();
  },
  nothing: (file) => {
    file.flush(file.length);
    file.flush(7, 0);
    file.startFlush(7, 0);
  },
  'no file': (file, path) => {
    file.close();
    MmapFileMut.openCow(path).flush();
    MmapFileMut.anonymous(9).flush();
  },
  writer: (file) => {
    const writer = file.writer(5000);
    writer.writeAll('abc');
    writer.flush();
    writer.flush();
  },
};

/** Flushes a file that is mapped from `offset`, and says where. */
exports.flush = (path, offset, how) => {
  const file = MmapFileMut.openExisting(path, { offset });
  file.fill(7);
  exports.FLUSHES[how](file, path);
  const maps = fs.readFileSync('/proc/self/maps', 'latin1').split('\n');
  say(maps.find((line) => line.includes(path)) ?? '');
};

exports.syncDirectory = (directory, url) => {
  syncDirectory(directory);
  syncDirectory(new URL(url));
  syncDirectory(Buffer.from(directory));
  syncDirectory('.');
  say(0);
};

exports.syncParentDirectory = (...paths) => {
  for (const path of paths) syncParentDirectory(path);
  say(0);
};
