// What NODE_DEBUG=fmmap is to log.
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { caught } = require('../program.cjs');

exports.use = (path) => {
  const file = MmapFileMut.openExisting(path);
  file.flush();
  file.close();
  caught(() => MmapFile.open(`${path}-missing`));
};
