// Files in huge pages.
const fs = require('node:fs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

exports.create = (path) => {
  say(caught(() => MmapFileMut.create(path, { maxSize: 2 ** 21 })));
  say(fs.existsSync(path));
};

exports.sysfs = (path) => {
  for (const open of [MmapFile.open, MmapFileMut.openCow])
    for (const options of [{}, { length: 1 }, { length: 4096 }])
      say(caught(() => open(path, options)).code);
};

exports.open = (path) => {
  for (const open of [MmapFile.open, MmapFile.openExec, MmapFileMut.openCow])
    for (const options of [{}, { length: 0 }, { length: 1 }, { length: 4096 }])
      say(caught(() => open(path, options)));
};

/** Opens the file in every way, in part and as a whole; reports the errors and the state of the file. */
exports.refusals = (path) => {
  const openers = [
    MmapFile.open,
    MmapFile.openExec,
    MmapFileMut.openCow,
    MmapFileMut.openExisting,
    MmapFileMut.open,
  ];
  const ranges = [
    {},
    { length: 1 },
    { length: 100 },
    { length: 4096 },
    { length: 8192 },
    { offset: 4096, length: 4096 },
    { length: 0 },
    { offset: 2 ** 21 },
  ];
  for (const open of openers) for (const options of ranges) say(caught(() => open(path, options)));
  for (const options of [{ maxSize: 2 ** 21 }, { minSize: 4096 }, { truncate: true }])
    say(caught(() => MmapFileMut.open(path, options)));
  const maps = fs.readFileSync('/proc/self/maps', 'utf8');
  say([maps.includes(path), maps.includes('huge'), fs.statSync(path).size]);
};
