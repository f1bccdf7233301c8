// Loops that are optimised by the time their file is lost.
const fs = require('node:fs');
const { faultOf } = require('../faults.cjs');
const { MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');
const { startThread } = require('../threads.cjs');

const PAGE = 4096;
const SIZE = 64 * PAGE;
const ROUNDS = 5;
const WHOLE = Buffer.alloc(SIZE, 0x11);
const TEXT = WHOLE.toString();
const FLOAT = WHOLE.readFloatLE();

const madeUp = () => {
  throw new Error('a value that is not in the file');
};

/** Optimised loops: each goes over the whole file, and returns whether all of it was there. */
exports.VIEWS = {
  'a typed array': (_file, view) => {
    let isWhole = true;
    for (let at = 0; at < view.length; ++at) if (view[at] !== 0x11) isWhole = false;
    return isWhole;
  },
  'a DataView': (_file, { buffer, byteOffset, length }) => {
    const data = new DataView(buffer, byteOffset, length);
    let isWhole = true;
    for (let at = 0; at < length; at += 8)
      if (data.getBigUint64(at) !== 0x1111111111111111n) isWhole = false;
    return isWhole;
  },
  'Buffer.readUInt32LE': (_file, view) => {
    let isWhole = true;
    for (let at = 0; at < view.length; at += 4)
      if (view.readUInt32LE(at) !== 0x11111111) isWhole = false;
    return isWhole;
  },
  'stores and loads': (_file, view) => {
    let isWhole = true;
    for (let at = 0; at < view.length; ++at) {
      if (view[at] !== 0x11) isWhole = false;
      view[at] = 0x11;
    }
    return isWhole;
  },
};

/** These throw, and whatever they return before that is the file's: a wrong value makes the child fail. */
exports.CALLS = {
  'file.readUInt8': (file) => {
    for (let at = 0; at < SIZE; ++at) if (file.readUInt8(at) !== 0x11) madeUp();
  },
  'file.readUInt32LE': (file) => {
    for (let at = 0; at < SIZE - 4; at += 5) if (file.readUInt32LE(at) !== 0x11111111) madeUp();
  },
  'file.readBigUInt128BE': (file) => {
    for (let at = 0; at < SIZE - 16; at += 17) {
      if (file.readBigUInt128BE(at) !== 0x11111111111111111111111111111111n) madeUp();
    }
  },
  'readX of a reader': (file) => {
    const reader = file.reader();
    while (reader.remaining > 8) {
      if (reader.readUInt16BE() !== 0x1111) madeUp();
      if (reader.readFloatLE() !== FLOAT) madeUp();
    }
  },
  'reader.read': (file) => {
    const target = Buffer.alloc(100);
    for (const reader = file.reader(); reader.remaining > 0; ) {
      if (!target.subarray(0, reader.read(target)).every((byte) => byte === 0x11)) madeUp();
    }
  },
  'file.copyBytes of less than a page': (file) => {
    for (let at = 0; at < SIZE - 100; at += 100) {
      if (!file.copyBytes(at, 100).equals(WHOLE.subarray(0, 100))) madeUp();
    }
  },
  'file.copyBytes of all': (file) => {
    if (!file.copyBytes().equals(WHOLE)) madeUp();
  },
  'file.indexOf': (file) => {
    if (file.indexOf(0) !== -1) madeUp();
  },
  'file.lastIndexOf': (file) => {
    if (file.lastIndexOf(Buffer.alloc(2)) !== -1) madeUp();
  },
  'reader.readLine': (file) => {
    if (file.reader().readLine() !== TEXT) madeUp();
  },
  'file.writeUInt32BE and readUInt32BE': (file) => {
    for (let at = 0; at < SIZE - 4; at += 5) {
      file.writeUInt32BE(0x11111111, at);
      if (file.readUInt32BE(at) !== 0x11111111) madeUp();
    }
  },
};

/** Loops until the file is gone, and reports how that was noticed. */
exports.loop = async (path, name, isOtherProcess) => {
  const isWhole = exports.VIEWS[name] ?? exports.CALLS[name];
  const passes = new Int32Array(new SharedArrayBuffer(4));
  const thread = startThread();
  for (let round = 0; round < ROUNDS; ++round) {
    fs.writeFileSync(path, WHOLE);
    const file = MmapFileMut.openExisting(path);
    const view = file.asBuffer();
    passes[0] = 0;
    // Once the loop is optimised.
    const truncated = isOtherProcess
      ? undefined
      : thread.run(
          (token, /** @type {Int32Array} */ passes) => {
            const file = MmapFileMut.attach(token);
            const view = file.asBuffer();
            for (let seen = 0; seen < 20; seen = Atomics.load(passes, 0)) {
              Atomics.wait(passes, 0, seen);
            }
            require('../losing.cjs').lose(file.path, view);
            file.close();
          },
          file.share(),
          passes,
        );
    const noticed = faultOf(() => {
      while (isWhole(file, view) !== false) {
        Atomics.add(passes, 0, 1);
        Atomics.notify(passes, 0);
        if (passes[0] === 20 && isOtherProcess) say('hot');
      }
    });
    await truncated;
    say([noticed, file.isFaulted, faultOf(() => file.checkFault())]);
    file.close();
  }
  process.exit();
};
