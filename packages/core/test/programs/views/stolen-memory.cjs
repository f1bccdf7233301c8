// Ways to reach the memory of a view around fmmap.
const fs = require('node:fs');
const { MessageChannel, receiveMessageOnPort } = require('node:worker_threads');
const { openerOf } = require('../openers.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, turn, gc } = require('../program.cjs');

const SIZE = 12_288;

const { port1, port2 } = new MessageChannel();
const post = (value, list) => {
  port1.postMessage(value, list);
  return receiveMessageOnPort(port2)?.message;
};

/** Ways to reach the memory of a view around fmmap: each returns what it got, or throws. */
const WAYS = {
  'structuredClone of the view': (view) => structuredClone(view),
  'structuredClone of its buffer': (view) => new Uint8Array(structuredClone(view.buffer)),
  'structuredClone with a transfer list': (view) =>
    structuredClone(view, { transfer: [view.buffer] }),
  postMessage: (view) => post(view),
  'postMessage with a transfer list': (view) => post(view, [view.buffer]),
  'postMessage of its buffer with a transfer list': (view) =>
    new Uint8Array(post(view.buffer, [view.buffer])),
  transfer: (view) =>
    new Uint8Array(/** @type {any} */ (ArrayBuffer.prototype).transfer.call(view.buffer)),
  transferToFixedLength: (view) =>
    new Uint8Array(
      /** @type {any} */ (ArrayBuffer.prototype).transferToFixedLength.call(view.buffer),
    ),
  resize: (view) => {
    view.buffer.resize(0);
    return view;
  },
  grow: (view) => {
    view.buffer.grow(view.buffer.byteLength * 2);
    return view;
  },
  'Buffer.from of its buffer': (view) => Buffer.from(view.buffer),
  'slice of its buffer': (view) => new Uint8Array(view.buffer.slice()),
};

exports.steal = async (path, other, open, detachOnClose) => {
  const collect = async () => {
    for (let i = 0; i < 4; ++i) {
      gc();
      await turn();
    }
  };
  for (const [way, take] of Object.entries(WAYS)) {
    say(way);
    const file = openerOf(open)(path, { detachOnClose });
    let view = file.asBuffer();
    let got;
    try {
      got = take(view);
    } catch {}
    await collect();

    // Whatever has become of the view, the file must still work.
    const works =
      file.readUInt8(0) === 109 &&
      file.indexOf('o') === -1 &&
      file.copyBytes().equals(Buffer.alloc(SIZE, 'm')) &&
      file.asBuffer().length <= SIZE;
    file.close();
    const isZero = view.length === 0 || view.every((byte) => byte === 0);
    // Files that are mapped from now on may be where the old one was: the view must not show them.
    const others = Array.from({ length: 50 }, () => MmapFile.open(other));
    const sees = [view, got].some((bytes) => bytes?.length && Buffer.from(bytes).includes('o'));
    if (got?.length) got.fill(120);
    await collect();
    others.push(MmapFile.open(other));
    const changes = others.some((each) => each.indexOf('x') >= 0);
    view = undefined;
    got = undefined;
    await collect();
    for (const each of others) each.close();
    const harms =
      !fs.readFileSync(path).equals(Buffer.alloc(SIZE, 'm')) ||
      !fs.readFileSync(other).equals(Buffer.alloc(SIZE, 'o'));
    say({ works, isZero, sees, changes, harms });
  }
  port1.close();
};

exports.outgrown = async (path, other) => {
  const file = MmapFileMut.openExisting(path);
  const clone = new Uint8Array(structuredClone(file.asBuffer().buffer));
  const others = [];
  for (const size of [1 << 20, 4 << 20, 16 << 20]) {
    for (let i = 0; i < 4; ++i) {
      gc();
      await turn();
    }
    file.truncate(size);
    for (let i = 0; i < 10; ++i) others.push(MmapFileMut.openCow(other));
  }
  file.close();
  for (let i = 0; i < 20; ++i) others.push(MmapFileMut.openCow(other));
  const sees = Buffer.from(clone).includes('o');
  clone.fill(120);
  say([sees, others.some((each) => each.indexOf('x') >= 0)]);
};
