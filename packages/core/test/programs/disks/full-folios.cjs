// Stores to a disk that has no room for a folio.
const { faultOf } = require('../faults.cjs');
const { MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');

const [PAGE, MIB] = [4096, 2 ** 20];

/** Stores more than the disk has room for, in various orders. */
exports.ORDERS = {
  'from the start': (file, size) => {
    for (let at = 0; at < size; at += PAGE) file.writeUInt8(1, at);
  },
  'in large pieces': (file, size) => {
    for (let at = 0; at < size; at += MIB) file.fill(1, at, at + MIB);
  },
  'from the end': (file, size) => {
    for (let at = size - 1; at >= 0; at -= PAGE) file.writeUInt8(1, at);
  },
  'all over it': (file, size) => {
    for (let count = 0, at = 0; count < size / PAGE; ++count, at = (at + 7919 * PAGE) % size) {
      file.writeUInt8(1, at);
    }
  },
  'through a view': (file) => {
    file.asBuffer().fill(1);
    file.checkFault();
  },
  'after it was read': (file, size) => {
    file.prefetch();
    for (let at = 0; at < size; at += PAGE) file.writeUInt8(1, at);
  },
};

exports.store = (path, bytes, order) => {
  const size = bytes + 64 * MIB;
  const file = MmapFileMut.create(path, { maxSize: size });
  const error = faultOf(() => exports.ORDERS[order](file, size));
  say(error.reason);
  say(error.code);
  file.close();
};

exports.fill = (path) => {
  const file = MmapFileMut.create(path, { maxSize: 2 ** 28 });
  try {
    file.fill(1);
  } catch (error) {
    say(error.reason);
  }
};
