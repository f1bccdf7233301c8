// Opens with locks of each kind.
const fs = require('node:fs');
const { MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

exports.withoutFlock = (path) => {
  for (const options of [{ minSize: 20000 }, { truncate: true, maxSize: 50 }]) {
    say(caught(() => MmapFileMut.open(path, { ...options, lock: 'shared' })).code);
    const file = MmapFileMut.open(path, { ...options, lock: 'none' });
    say([file.length, fs.statSync(path).size, file.lockState]);
    file.close();
  }
};

exports.grow = (path, index) => {
  for (let round = 0; round < 100; ++round) {
    const size = 5000 * (1 + ((round + index) % 7)) + round;
    let file;
    try {
      file = MmapFileMut.open(path, { lock: 'shared', minSize: size, maxSize: 10 });
    } catch (error) {
      if (error.code !== 'EWOULDBLOCK') throw error;
      continue;
    }
    if (file.length < size) say(['too short', file.length, size]);
    file.fill(1);
    file.checkFault();
    file.close();
  }
};
