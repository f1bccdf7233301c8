// Files whose removal is incomplete: the sync of the directory has failed.
const fs = require('node:fs');
const { MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

const ENDS = {
  close: (file) => file.close(),
  dispose: (file) => file[Symbol.dispose](),
  'dispose with removeOnDispose': (file) => {
    file.removeOnDispose = true;
    file[Symbol.dispose]();
  },
  'remove again': (file) => file.remove(),
};

exports.end = (path, end) => {
  const file = MmapFileMut.openExisting(path);
  say(caught(() => file.remove()).code);
  ENDS[end](file);
  say([file.isClosed, fs.existsSync(path)]);
};

exports.failing = (path) => {
  const file = MmapFileMut.openExisting(path);
  say(caught(() => file.remove()).code);
  say(caught(() => file.close()));
  say(file.isClosed);
};

exports.nothingToSync = (path) => {
  MmapFileMut.openExisting(path).close();
  const file = MmapFileMut.openExisting(path);
  file.remove();
  file.close();
};
