// Kinds of advice.
const fmmap = require('../package.cjs');
const { say, caught } = require('../program.cjs');

const { MmapFile, MmapFileMut } = fmmap;

exports.unsupported = () => {
  for (const advice of /** @type {const} */ (['cold', 'pageout'])) {
    say(fmmap.isAdviceSupported(advice));
    say(caught(() => MmapFile.memory('m', 'text').advise(advice)));
  }
};

exports.fullDisk = (directory) => {
  const file = MmapFileMut.create(`${directory}/file`, { maxSize: 2 ** 22 });
  file.writeAll('stored', 0);
  say(caught(() => file.advise('populate-write')));
  say([file.isFaulted, file.isPoisoned, file.copyBytes(0, 6).toString()]);
};
