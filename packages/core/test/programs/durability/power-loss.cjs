// Operations in a directory during which the power fails.
const { join } = require('node:path');
const { MmapFileMut } = require('../package.cjs');

exports.copy = (at) => {
  MmapFileMut.openExisting(join(at, 'file.bin')).writeToNewFile(join(at, 'copy'));
};

exports.replace = (at) => {
  const file = MmapFileMut.openCow(join(at, 'file.bin'));
  file.fill(7);
  file.writeToNewFile(join(at, 'file.bin'), { replace: file });
};

exports.create = (at) => {
  MmapFileMut.create(join(at, 'new'), { maxSize: 5000 });
};

exports.remove = (at) => {
  MmapFileMut.openExisting(join(at, 'file.bin')).remove();
};
