// Files of which zeroes are written in advance.
const fs = require('node:fs');
const { join } = require('node:path');
const { faultOf } = require('../faults.cjs');
const { MmapFileMut } = require('../package.cjs');
const { args, say } = require('../program.cjs');

const SIZE = 600_001;
const ZEROED = /** @type {const} */ ({ allocate: 'zeroed' });
const [path] = args;

exports.growing = () => {
  const file = MmapFileMut.create(path, { ...ZEROED, maxSize: SIZE });
  file.truncate(2 * SIZE);
  file.close();
};

/** In a directory with room for one such file. */
exports.full = () => {
  const [large, one] = ['large.bin', 'one.bin'].map((name) => join(path ?? '', name));
  const create = (path, maxSize) => () => MmapFileMut.create(path, { ...ZEROED, maxSize });
  say(faultOf(create(large, 2 * SIZE)).code);
  say(fs.existsSync(large));
  const file = create(one, SIZE)();
  file.fill(7);
  say(faultOf(() => file.truncate(2 * SIZE)).code);
  say(file.length);
  file.close();
  const open = () => MmapFileMut.openExisting(one, { ...ZEROED, minSize: 2 * SIZE });
  say(faultOf(open).code);
  say(fs.statSync(one).size);
  const again = MmapFileMut.openExisting(one);
  say(again.length);
  say(again.readUInt8(SIZE - 1));
  again.close();
};
