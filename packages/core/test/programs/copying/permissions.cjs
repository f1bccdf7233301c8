// Copies and their permissions.
const { openerOf } = require('../openers.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { becomeNobody } = require('../program.cjs');

exports.copy = (path, opens) => {
  process.umask(0o077);
  for (const [index, open] of opens.entries()) {
    const file = openerOf(open)(path);
    file.writeToNewFile(path + index);
    file.writeToNewFile(`${path + index}.part`, 10, 100);
    file.close();
  }
};

exports.hidden = (path) => {
  process.umask(0);
  MmapFile.open(path).writeToNewFile(`${path}.new`);
};

exports.anonymous = (path) => {
  process.umask(0o027);
  MmapFileMut.anonymous(5000).writeToNewFile(path);
};

exports.asNobody = (path) => {
  becomeNobody();
  MmapFile.open(path).writeToNewFile(`${path}.new`);
};
