// Copies to new files.
const fs = require('node:fs');
const { dirname } = require('node:path');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { caught, say } = require('../program.cjs');
const { descriptors } = require('../counts.cjs');

/** The sources of copies. */
exports.SOURCES = {
  'a file': (path) => MmapFile.open(path),
  'a copy-on-write mapping': (path) => MmapFileMut.openCow(path),
  memory: (path) => MmapFile.memory('memory', fs.readFileSync(path)),
};

exports.copy = (path, target, source) => {
  exports.SOURCES[source](path).writeToNewFile(target);
};

/** Tries to copy, and reports the error; the directory of the copy must then be empty. */
exports.fail = (path, target, source) => {
  const file = exports.SOURCES[source](path);
  const before = descriptors();
  say(caught(() => file.writeToNewFile(target)));
  say(fs.readdirSync(dirname(target)));
  say([descriptors() - before, file.readUInt8(1), file.isClosed]);
};

exports.failTruncated = (path, target) => {
  const file = MmapFile.open(path);
  const before = descriptors();
  fs.truncateSync(path, 10_000);
  say(caught(() => file.writeToNewFile(target)));
  say(fs.readdirSync(dirname(target)));
  say([descriptors() - before, file.isEmpty, file.isClosed]);
};

exports.relative = () => {
  process.umask(0o027);
  MmapFile.memory('memory', 'text').writeToNewFile('copy');
};
