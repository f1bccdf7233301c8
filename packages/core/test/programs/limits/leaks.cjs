// The resources of the process that a file holds.
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');
const { areas, threads } = require('../counts.cjs');

exports.nothingElse = (path) => {
  const held = () =>
    JSON.stringify([
      threads(),
      process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
      process.getActiveResourcesInfo().length,
    ]);
  const before = held();
  exports.kept = MmapFileMut.open(path);
  exports.kept.asBuffer();
  exports.kept.flush();
  say(held() === before);
};

exports.addresses = (path, rounds) => {
  const before = areas();
  for (let round = 0; round < rounds; ++round) {
    const file = MmapFile.open(path);
    file.asBuffer()[5];
    file.close();
  }
  say(areas() - before < rounds / 3);
};
