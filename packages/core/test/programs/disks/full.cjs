// Stores to a full disk.
const fs = require('node:fs');
const crypto = require('node:crypto');
const { join } = require('node:path');
const { faultOf } = require('../faults.cjs');
const { openerOf } = require('../openers.cjs');
const { MmapFileMut } = require('../package.cjs');
const { args, say, caught } = require('../program.cjs');

const PAGE = 4096;
const ROOM = 64;
const SIZE = 2 * ROOM * PAGE;

const [directory] = args;
const [path, ballast] = ['file.bin', 'ballast'].map((name) => join(directory ?? '', name));
// Fills the disk in small pieces, including what the file system reserves for itself.
const fillUp = () => {
  const fd = fs.openSync(ballast, 'a');
  for (const bytes of [PAGE, PAGE, 1]) {
    const error = faultOf(() => {
      for (;;) if (fs.writeSync(fd, Buffer.alloc(bytes, 'b')) < bytes) break;
    });
    if (error !== 'no error' && error.code !== 'ENOSPC') throw new Error(JSON.stringify(error));
    fs.fsyncSync(fd);
  }
  fs.closeSync(fd);
};
/** Leaves room for a number of pages. */
const leave = (pages) => {
  fillUp();
  fs.truncateSync(ballast, fs.statSync(ballast).size - pages * PAGE);
};
const makeRoom = () => fs.rmSync(ballast);
const isFilled = (bytes, value) => bytes.every((byte) => byte === value);

/** Makes a file of ten pages, all holes except the second. */
const makeSparse = () => {
  fs.writeFileSync(path, '');
  fs.truncateSync(path, 10 * PAGE);
  const only = fs.openSync(path, 'r+');
  fs.writeSync(only, Buffer.alloc(PAGE, 1), 0, PAGE, PAGE);
  fs.fsyncSync(only);
  fs.closeSync(only);
};
/** The current state of the file. */
const look = () => {
  const content = fs.readFileSync(path);
  const others = Buffer.concat([content.subarray(0, PAGE), content.subarray(2 * PAGE)]);
  return [content.length, isFilled(content.subarray(PAGE, 2 * PAGE), 1), isFilled(others, 0)];
};

/** Stores one page after the other, until there is no room left. */
exports.STORES = {
  'typed writes': ({ file, at }) => {
    file.writeUInt32LE(0x01010101, at);
    file.fill(1, at + 4, at + PAGE);
  },
  'typed writes across two pages': ({ file, at }) => {
    file.writeBigUInt64LE(0x0101010101010101n, Math.max(at - 4, 0));
    file.fill(1, at, at + PAGE);
  },
  writeAll: ({ file, ones, at }) => file.writeAll(ones, at),
  write: ({ file, ones, at }) => file.write(ones, at),
  fill: ({ file, at }) => file.fill(1, at, at + PAGE),
  copyWithin: ({ file, at }) =>
    at === 0 ? file.fill(1, 0, PAGE) : file.copyWithin(at, at - PAGE, at),
  'a writer': ({ writer, ones }) => writer.writeAll(ones),
  'a view': ({ file, view, at }) => {
    view.fill(1, at, at + PAGE);
    file.checkFault();
  },
  'a typed array': ({ file, view, at }) => {
    new Uint32Array(view.buffer, view.byteOffset + at, PAGE / 4).fill(0x01010101);
    file.checkFault();
  },
  Atomics: ({ file, view, at }) => {
    Atomics.store(view, at, 1);
    file.checkFault();
    view.fill(1, at, at + PAGE);
  },
  'a copy by Node': ({ file, view, ones, at }) => {
    ones.copy(view, at);
    file.checkFault();
  },
};

/** Stores more than there is room for, in any order. */
exports.FLOODS = {
  fill: (file) => file.fill(1),
  'fill with text': (file) => file.fill('abc'),
  writeAll: (file) => file.writeAll(Buffer.alloc(SIZE, 1)),
  'a view': (file, view) => {
    view.fill(1);
    file.checkFault();
  },
  'a view filled with text': (file, view) => {
    view.fill('abc');
    file.checkFault();
  },
  'a typed array that is sorted': (file, view) => {
    new Float64Array(view.buffer, 0, SIZE / 8).fill(1).sort();
    file.checkFault();
  },
  crypto: (file, view) => {
    crypto.randomFillSync(view);
    file.checkFault();
  },
  'from the end': (file) => {
    for (let at = SIZE - 1; at >= 0; --at) file.writeUInt8(1, at);
  },
};

exports.store = (_directory, store) => {
  const file = MmapFileMut.create(path, { maxSize: SIZE });
  file.flush();
  leave(ROOM);
  const [view, ones, writer] = [file.asBuffer(), Buffer.alloc(PAGE, 1), file.writer()];
  let at = 0;
  const first = faultOf(() => {
    for (; at < SIZE; at += PAGE) exports.STORES[store]({ file, view, ones, writer, at });
  });
  say(at);
  say(first);
  for (const call of [
    () => file.readUInt8(0),
    () => file.writeUInt8(1, 0),
    () => file.asBuffer(),
    () => file.flush(),
    () => file.copyBytes(),
    () => file.truncate(SIZE),
    () => file.checkFault(),
    () => writer.writeUInt8(1),
  ])
    say(faultOf(call));
  say([file.isFaulted, file.stat().size]);
  // What was stored before is in the file; the rest is a hole.
  const content = fs.readFileSync(path);
  say([isFilled(content.subarray(0, at), 1), isFilled(content.subarray(at), 0), content.length]);
  makeRoom();
  file.reopen();
  file.fill(1, at);
  file.flush();
  say([file.isFaulted, isFilled(fs.readFileSync(path), 1), isFilled(view, 1)]);
  file.close();
};

exports.flood = (_directory, flood) => {
  const file = MmapFileMut.create(path, { maxSize: SIZE });
  file.flush();
  leave(ROOM);
  const view = file.asBuffer();
  say(faultOf(() => exports.FLOODS[flood](file, view)));
  say(faultOf(() => file.readUInt8(0)));
  say(fs.statSync(path).blocks * 512);
  makeRoom();
  file.reopen();
  view.fill(2);
  file.flush();
  say(isFilled(fs.readFileSync(path), 2));
  file.remove();
};

exports.loadFromHole = (_directory, open) => {
  makeSparse();
  const file = openerOf(open)(path);
  fillUp();
  say(
    faultOf(() => {
      for (let at = 5; at < file.length; at += PAGE) file.readUInt8(at);
    }),
  );
  makeRoom();
  file.reopen();
  say([file.readUInt8(5), file.readUInt8(PAGE)]);
  file.close();
};

exports.readIntoView = () => {
  const file = MmapFileMut.create(path, { maxSize: SIZE });
  leave(ROOM);
  const [view, fd] = [file.asBuffer(), fs.openSync('/dev/zero', 'r')];
  let read = 0;
  // Node gets what there is room for, and then an error, but never a signal.
  const { code } = caught(() => {
    for (;;) read += fs.readSync(fd, view, read, PAGE, null);
  });
  say([code, read]);
  say(faultOf(() => file.writeUInt8(1, read)));
  file.close();
};

exports.allocateNew = (_directory, open, options) => {
  leave(ROOM);
  const before = fs.statfsSync(directory).bfree;
  say(caught(() => openerOf(open)(path, { ...options, allocate: true })));
  say(fs.existsSync(path));
  leave(ROOM); // the space must still be free
  say(fs.statfsSync(directory).bfree - before);
};

exports.allocate = (_directory, open, options) => {
  makeSparse();
  leave(ROOM);
  say(caught(() => openerOf(open)(path, { ...options, allocate: true })));
  say(look());
  say(caught(() => MmapFileMut.openExisting(path).close())); // it must not be locked, either
};

exports.truncate = () => {
  makeSparse();
  const file = MmapFileMut.open(path, { allocate: true });
  const view = file.asBuffer();
  leave(ROOM);
  for (const size of [SIZE, SIZE + 1, 2 * SIZE - 7]) say(caught(() => file.truncate(size)));
  say(look());
  say([file.isPoisoned, file.isFaulted, file.length, file.readUInt8(PAGE), view[PAGE]]);
  makeRoom();
  file.truncate(SIZE);
  fillUp();
  file.fill(3, 10 * PAGE);
  file.flush();
  say([isFilled(fs.readFileSync(path).subarray(10 * PAGE), 3), file.length]);
  file.close();
};

exports.storeAfterAllocate = (_directory, how, open, options) => {
  if (how === 'open') makeSparse();
  const file = openerOf(open)(path, { ...options, allocate: true });
  if (how === 'truncate') file.truncate(100);
  if (file.length < SIZE) file.truncate(SIZE);
  fillUp();
  const view = file.asBuffer();
  for (let at = 0; at < SIZE; at += 2 * PAGE) {
    file.writeUInt8(1, at);
    view[at + PAGE] = 1;
  }
  file.fill(4);
  file.flush();
  file.checkFault();
  say([file.isFaulted, isFilled(fs.readFileSync(path), 4), fs.statSync(path).size]);
  file.close();
};

/** A buffered writer whose bytes find no room, until there is some. */
exports.buffered = () => {
  fs.writeFileSync(path, '');
  fs.truncateSync(path, SIZE);
  fillUp();
  const file = MmapFileMut.openExisting(path);
  const writer = file.writer(0, undefined, { buffered: true });
  writer.write(Buffer.alloc(PAGE, 1));
  say(faultOf(() => writer.flush()));
  say(faultOf(() => file.flush()));
  say([file.isFaulted, writer.position]);
  makeRoom();
  writer.flush();
  say([isFilled(file.bytes(0, PAGE), 1), writer.position]);
  fillUp();
  writer.write(Buffer.alloc(PAGE, 2));
  say(faultOf(() => file.close()));
  say(file.isClosed);
};
