// Processes that hold a lock.
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { caught, say } = require('../program.cjs');
const { tellWaiting, untilTold } = require('../waiting.cjs');

/** Tries to open the file with a shared and with an exclusive lock. */
exports.attempt = (path) => {
  say(caught(() => MmapFile.open(path)));
  say(caught(() => MmapFileMut.open(path)));
};

/** Runs until its input ends. */
exports.live = (word) => {
  say(word);
  process.stdin.resume();
};

exports.holdForEver = async (path) => {
  exports.held = MmapFileMut.open(path);
  say(1);
  await new Promise(() => setInterval(() => {}, 1e6));
};

exports.leave = (path) => {
  exports.held = MmapFileMut.open(path);
};

exports.wait = async (path, method) => {
  const file = MmapFile.open(path);
  file.unlock();
  say('open');
  await untilTold();
  tellWaiting();
  file[method]();
  say(file.lockState);
  process.exit();
};

exports.hold = async (path) => {
  const file = MmapFileMut.open(path);
  say('locked');
  await untilTold();
  file.close();
  process.exit();
};
