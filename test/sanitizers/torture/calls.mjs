// The calls on a file. Sync and async classes have the same method names, and results are always
// awaited. Offsets are random: the length is unknown, since others change it all the time.

/** The initial size of a file; it grows to twice that. */
export const SIZE = 2 ** 17;

const at = ({ below }) => below(SIZE);
const range = ({ below }) => [below(SIZE / 2), below(SIZE / 2)];

const reads = {
  readUInt8: (file, random) => file.readUInt8(at(random)),
  readDoubleLE: (file, random) => file.readDoubleLE(at(random)),
  readBigUInt128BE: (file, random) => file.readBigUInt128BE(at(random)),
  copyBytes: (file, random) => file.copyBytes(...range(random)),
  'copyBytes of all': (file) => file.copyBytes(),
  read: (file, random) => file.read(Buffer.alloc(random.below(2 ** 14)), at(random)),
  readExact: (file, random) => file.readExact(Buffer.alloc(100), at(random)),
  indexOf: (file, random) => file.indexOf('\0\0', at(random)),
  lastIndexOf: (file) => file.lastIndexOf('nowhere'),
  indexesOf: (file, random) => file.indexesOf(1, new Float64Array(50), at(random)),
  gather: (file, random) =>
    file.gather(
      new Uint32Array(100),
      Float64Array.from({ length: 100 }, () => at(random)),
    ),
  'a reader': (file, random) => file.reader(at(random)).read(Buffer.alloc(5000)),
  'a view': (file, random) => file.asBuffer()[at(random)],
  'a view of a range': (file, random) => file.bytes(...range(random)).indexOf(0),
  residency: (file, random) => file.residency(...range(random)),
  prefetch: (file, random) => file.prefetch(...range(random)),
  advise: (file, random) => file.advise(random.of(['random', 'willneed', 'dontneed'])),
  lockMemory: (file, random) => file.lockMemory(0, random.below(10_000)),
  unlockMemory: (file) => file.unlockMemory(),
  stat: (file) => file.stat(),
  checkFault: (file) => file.checkFault(),
  reopen: (file) => file.reopen(),
  tryLock: (file) => file.tryLock(),
  tryLockShared: (file) => file.tryLockShared(),
  unlock: (file) => file.unlock(),
  getters: ({ length, lockState, isFaulted, isPoisoned, isClosed }) =>
    `${length} ${lockState} ${isFaulted} ${isPoisoned} ${isClosed}`,
  async onFault(file) {
    const end = file.onFault(() => {});
    await new Promise(setImmediate);
    end();
  },
};

const stores = {
  'a store to a view': (file, random) => file.asBuffer().subarray(at(random)).fill(3),
};

const writes = {
  writeUInt32BE: (file, random) => file.writeUInt32BE(0x01020304, at(random)),
  writeBigUInt64LE: (file, random) => file.writeBigUInt64LE(1n, at(random)),
  write: (file, random) => file.writeSome(Buffer.alloc(random.below(2 ** 14), 7), at(random)),
  writeAll: (file, random) => file.writeAll(Buffer.alloc(100, 7), at(random)),
  fill: (file, random) => file.fill(9, at(random)),
  copyWithin: (file, random) => file.copyWithin(at(random), ...range(random)),
  zeroRange: (file, random) => file.zeroRange(random.below(1000), 1000 + random.below(9000)),
  'a writer': (file, random) => file.writer(at(random)).writeSome(Buffer.alloc(300, 5)),
  'a buffered writer'(file, random) {
    const writer = file.writer(at(random), undefined, { buffered: true });
    writer.writeSome(Buffer.alloc(300, 6));
    return random.below(2) === 0 ? writer.flush() : undefined;
  },
  'a large write': (file, random) => file.writeSome(Buffer.alloc(2 ** 16 + 9, 7), at(random)),
  flush: (file) => file.flush(),
  startFlush: (file) => file.startFlush(),
  truncate: (file, random) => file.truncate(1 + random.below(2 * SIZE)),
};

const entries = (...tables) => tables.flatMap(Object.entries);

/** Calls for a writable file; stores to views of others are stray writes. */
export const WRITABLE = entries(reads, stores, writes);
export const READABLE = entries(reads, stores);
export const REOPEN = ['reopen', reads.reopen];
