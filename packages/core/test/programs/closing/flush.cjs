// Closes that flush.
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

/** With and without options that flush. */
exports.CLOSES = {
  '{ flush: true }': (file) => file.close({ flush: true }),
  '{ flush: false }': (file) => file.close({ flush: false }),
  '{ flush: undefined }': (file) => file.close({ flush: undefined }),
  '{}': (file) => file.close({}),
  undefined: (file) => file.close(undefined),
};

exports.close = (path, options) => {
  const file = MmapFileMut.openExisting(path);
  file.writeAll('stored');
  exports.CLOSES[options](file);
  file.close({ flush: true });
};

exports.failing = (path) => {
  const file = MmapFileMut.openExisting(path);
  const view = file.asBuffer();
  file.writeAll('stored');
  say(caught(() => file.close({ flush: true })));
  say([file.isClosed, file.isPoisoned, file.lockState, view.toString('latin1', 0, 6)]);
  say(caught(() => file.close({ flush: true })).name);
  say(file.isClosed);
  file.close();
  say(file.isClosed);
};

exports.frozen = (path) => {
  const file = MmapFileMut.openExisting(path);
  file.writeAll('stored');
  file.freeze().close({ flush: true });
  MmapFile.memory('m', 'text').close({ flush: true });
};
