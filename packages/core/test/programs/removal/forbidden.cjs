// A user who may not remove a file at first.

const { MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');
const { descriptors } = require('../counts.cjs');
const { untilTold } = require('../waiting.cjs');

exports.remove = async (path) => {
  const file = MmapFileMut.openExisting(path);
  say('open');
  await untilTold();
  const before = descriptors();
  say(caught(() => file.remove()));
  say(caught(() => file.remove()));
  file.truncate(6000);
  file.writeUInt8(42, 5999);
  file.flush();
  say([file.stat().size, file.lockState, file.isPoisoned, descriptors() - before]);
  await untilTold();
  file.remove();
  say(file.isClosed);
  process.exit();
};
