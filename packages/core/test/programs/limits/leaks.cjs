// The resources of the process that a file holds.
const fs = require('node:fs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');

exports.nothingElse = (path) => {
  const held = () =>
    JSON.stringify([
      fs.readdirSync('/proc/self/task').length,
      process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
      process.getActiveResourcesInfo().length,
    ]);
  const before = held();
  exports.kept = MmapFileMut.open(path);
  exports.kept.asBuffer();
  exports.kept.flush();
  say(held() === before);
};

exports.addresses = (path) => {
  const maps = () => fs.readFileSync('/proc/self/maps', 'utf8').split('\n').length;
  const before = maps();
  for (let round = 0; round < 60_000; ++round) {
    const file = MmapFile.open(path);
    file.asBuffer()[5];
    file.close();
  }
  say(maps() - before < 20_000);
};
