// System errors.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

exports.makeFifo = (fifo) => {
  execFileSync('mkfifo', [fifo]);
};

exports.fifo = (path) => {
  execFileSync('mkfifo', [path]);
  const codes = () =>
    [MmapFile.open, MmapFileMut.openCow, MmapFileMut.openExisting, MmapFileMut.open].map(
      (open) => caught(() => open(path)).code,
    );
  const alone = codes();
  fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  const writer = fs.openSync(path, 'w');
  fs.writeSync(writer, 'text');
  say([...alone, ...codes()]);
};
