// System errors by name.
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { becomeNobody, say, caught } = require('../program.cjs');

exports.names = (path, ...errors) => {
  for (const code of errors) {
    process.env.FMMAP_ERRNO = code;
    say(caught(() => MmapFileMut.create(path, { maxSize: 5 })));
  }
};

/** Calls that fail under a restriction of the system. */
exports.CALLS = {
  open: (path) => MmapFile.open(path),
  openExec: (path) => MmapFile.openExec(path),
  grow: (path) => MmapFileMut.open(path, { minSize: 65537 }),
  allocate: (path) => MmapFileMut.open(path, { minSize: 65537, allocate: true }),
  truncate: (path) => MmapFileMut.open(path).truncate(65537),
  copy: (path) => MmapFile.memory('m', Buffer.alloc(70000)).writeToNewFile(`${path}.new`),
  create: (path) => MmapFileMut.create(`${path}.new`),
  remove: (path) => MmapFileMut.open(path).remove(),
};

exports.fail = (path, call, isRoot = true) => {
  if (!isRoot) becomeNobody();
  say(caught(() => exports.CALLS[call](path)));
};
