// Relative paths.
const { MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

exports.survivesChdir = (there) => {
  const file = MmapFileMut.open('name');
  const fresh = MmapFileMut.create('./fresh', { maxSize: 1 });
  process.chdir(there);
  say(caught(() => MmapFileMut.create('rejected', { offset: 1 })).name);
  file.remove();
  fresh.remove();
  say(file.path);
};
