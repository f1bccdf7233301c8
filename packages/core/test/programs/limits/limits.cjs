// Reaching limits of the system.
const fs = require('node:fs');
const native = /** @type {any} */ (require('@fmmap/native'));
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, caught, turn, gc } = require('../program.cjs');
const { descriptors, mappings } = require('../counts.cjs');

/** Each of them opens an existing file. */
const openers = /** @type {((path: string, options?: object) => any)[]} */ ([
  ...[MmapFile.open, MmapFile.openExec, MmapFileMut.openCow],
  ...[MmapFileMut.openExisting, MmapFileMut.open],
]);

/** Opens something until no descriptor is left. */
const takeAll = (taken = /** @type {number[]} */ ([])) => {
  try {
    for (;;) taken.push(fs.openSync('/dev/null', 'r'));
  } catch {
    return taken;
  }
};

exports.noDescriptor = (path) => {
  MmapFile.open(path).close();
  const taken = takeAll();
  for (const open of openers) say(caught(() => open(path)));
  say(caught(() => MmapFileMut.open(path, { truncate: true, maxSize: 5 })));
  say(caught(() => MmapFileMut.create(`${path}.new`, { maxSize: 5 })));
  fs.closeSync(/** @type {number} */ (taken.pop()));
  for (const open of openers) open(path).close();
  say(taken.length);
  say(taken.length + 1);
  takeAll(taken);
  say(taken.length);
};

exports.noDescriptorForOpen = (path) => {
  const file = MmapFileMut.open(path);
  const taken = takeAll();
  say(caught(() => MmapFileMut.memory('memory', 'abc')));
  say(caught(() => file.writeToNewFile(`${path}.new`)));
  say(caught(() => file.remove()));
  file.truncate(20000);
  file.writeUInt8(5, 19999);
  file.flush();
  say([file.stat().size, file.readUInt8(19999), file.isPoisoned, file.isClosed]);
  for (const fd of taken) fs.closeSync(fd);
  file.remove();
  say(file.isClosed);
};

exports.noAddresses = (path) => {
  MmapFile.open(path, { length: 5 }).close();
  const before = descriptors();
  for (const open of openers) say(caught(() => open(path)));
  say(caught(() => MmapFileMut.create(`${path}.new`, { maxSize: 64 * 2 ** 30 })));
  say(caught(() => MmapFileMut.anonymous(64 * 2 ** 30)));
  say(descriptors() - before);
  say(mappings(path) > 0);
  for (const open of openers) open(path, { length: 2 ** 30 }).close();
};

exports.notLarger = (path) => {
  const minSize = 64 * 2 ** 30;
  for (const truncate of [false, true])
    say(caught(() => MmapFileMut.open(path, { minSize, truncate })));
  const file = MmapFileMut.open(path);
  say(caught(() => file.truncate(minSize)));
  say([file.length, file.isPoisoned, file.isClosed, file.readUInt8(9999)]);
};

exports.openUntilNone = async (path) => {
  const fill = () => {
    const files = [];
    let error = 'no error';
    while (error === 'no error') error = caught(() => files.push(MmapFile.open(path)));
    for (const file of files) file.close();
    return { count: files.length, error };
  };
  const first = fill();
  say(first.count);
  say(first.error);
  for (let i = 0; i < 5; ++i) {
    gc();
    await turn();
  }
  say(fill().count);
};

exports.tooManyMappings = async (path) => {
  let views = [];
  const error = caught(() => {
    while (views.length < 40_000) {
      const file = MmapFile.open(path);
      views.push(file.asBuffer());
      file.close();
    }
  });
  views = [];
  for (let i = 0; i < 5; ++i) {
    gc();
    await turn();
  }
  const file = MmapFile.open(path);
  say([error.code ?? 'all went well', file.asBuffer()[5]]);
};

exports.tooLarge = (path) => {
  MmapFileMut.open(path).close();
  const before = descriptors();
  for (const truncate of [false, true])
    for (const open of [MmapFileMut.open, MmapFileMut.openExisting])
      say(caught(() => open(path, { minSize: 65537, truncate })));
  for (const open of [MmapFileMut.open, MmapFileMut.create])
    say(caught(() => open(`${path}.new`, { maxSize: 65537 })));
  say(descriptors() - before);
};

exports.tooLargeToAllocate = (path) => {
  const options = { minSize: 65537, allocate: true };
  for (const truncate of [false, true])
    say(caught(() => MmapFileMut.open(path, { ...options, truncate })));
  say(caught(() => MmapFileMut.create(`${path}.new`, options)));
  const file = MmapFileMut.open(path, { allocate: true });
  say(caught(() => file.truncate(65537)));
  say([file.length, file.isPoisoned]);
};

exports.truncateTooLarge = (path) => {
  const file = MmapFileMut.open(path);
  const view = file.asBuffer();
  say(caught(() => file.truncate(65537)));
  say(caught(() => file.closeWithTruncate(65537)));
  file.writeUInt8(77, 0);
  file.flush();
  say([file.length, file.isPoisoned, file.isClosed, view[0], view[9999], file.stat().size]);
  file.truncate(65536);
  say(file.length);
};

exports.noRoom = (path) => {
  const file = MmapFileMut.open(path);
  const FIRST = 1; // handles are consecutive numbers
  say(caught(() => native.makeRoom(FIRST, 2 ** 26)) === 'no error');
  file.close();
};

exports.copyTooLarge = (path) => {
  say(caught(() => MmapFile.open(path).writeToNewFile(`${path}.new`)));
};
