// Locked memory.
const fs = require('node:fs');
const { MmapFile } = require('../package.cjs');
const { caught, say } = require('../program.cjs');

exports.lock = (path) => {
  const file = MmapFile.open(path);
  const locked = () => /VmLck:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1];
  file.lockMemory(0, 16384);
  say(locked());
  file.unlockMemory();
  say(caught(() => file.lockMemory()));
  say([locked(), file.readUInt8(1)]);
};
