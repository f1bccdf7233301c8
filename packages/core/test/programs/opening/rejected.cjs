// Opens that are rejected.
const fs = require('node:fs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');
const { descriptors } = require('../counts.cjs');

exports.lastDescriptors = (path) => {
  const taken = [];
  try {
    for (;;) taken.push(fs.openSync('/dev/null', 'r'));
  } catch {}
  for (const last of taken.splice(-2)) fs.closeSync(last); // for the file and for its directory
  say(caught(() => MmapFileMut.create(path, { offset: 1 })).name);
  say(fs.existsSync(path));
  MmapFileMut.create(path, { maxSize: 10 }).close();
  say(fs.existsSync(path));
};

exports.notReadable = (path) => {
  for (const open of [
    MmapFile.open,
    MmapFile.openExec,
    MmapFileMut.openCow,
    MmapFileMut.openExisting,
    MmapFileMut.open,
  ])
    say(caught(() => open(path)));
  say(caught(() => MmapFileMut.open(path, { truncate: true, maxSize: 5 })));
};

exports.readOnly = (path) => {
  say(MmapFile.open(path).readUInt8(9));
  const copy = MmapFileMut.openCow(path);
  copy.writeUInt8(255, 9);
  say(copy.readUInt8(9));
  say(caught(() => MmapFileMut.openExisting(path)).code);
  say(caught(() => MmapFileMut.open(path, { maxSize: 1 })).code);
};

exports.badOptions = (path, options) => {
  const before = descriptors();
  const { create: _, ...others } = options;
  say(caught(() => MmapFileMut.open(path, options)));
  say(caught(() => MmapFileMut.openExisting(path, others)));
  if (!['maxSize', 'minSize', 'truncate'].some((option) => option in options)) {
    say(caught(() => MmapFile.open(path, options)));
    say(caught(() => MmapFileMut.openCow(path, options)));
  }
  say(caught(() => MmapFileMut.open(`${path}.new`, options)));
  say(caught(() => MmapFileMut.create(`${path}.new`, others)));
  say(descriptors() - before);
};

exports.notWritableDirectory = (path) => {
  say(caught(() => MmapFileMut.create(path, { maxSize: 5 })));
  say(caught(() => MmapFileMut.open(path)));
  say(caught(() => MmapFileMut.memory('m', 'abc').writeToNewFile(path)));
};
