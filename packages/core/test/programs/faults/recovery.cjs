// Other processes, while a file recovers from faults.
const fs = require('node:fs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

exports.rival = (path) => {
  const seen = new Set();
  let attempts = 0;
  while (!fs.existsSync(`${path}.stop`)) {
    for (const open of [MmapFile.open, MmapFileMut.openExisting, MmapFileMut.openCow]) {
      const outcome = caught(() => open(path).close());
      seen.add(outcome.code ?? outcome);
    }
    if (++attempts === 10) say('at it');
  }
  say([...seen]);
};
