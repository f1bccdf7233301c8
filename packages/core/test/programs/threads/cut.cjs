// What other threads do while a file is being cut.
const fs = require('node:fs');
const { MmapFileMut } = require('../package.cjs');
const { say, caught, turn } = require('../program.cjs');
const { my, collect, startThread } = require('../threads.cjs');
const { parentPort } = require('node:worker_threads');

const MIB = 2 ** 20;
const END = MIB - 100;

/** A writable file with an attached thread, which has a window of its own because the file has grown. */
const ownWindow = async (path) => {
  const file = MmapFileMut.openExisting(path);
  const thread = startThread({ MIB, END });
  await thread.run((token) => {
    my.file = MmapFileMut.attach(token);
  }, file.share());
  file.truncate(16 * MIB);
  await thread.run((at) => my.file.readUInt8(at), 2 * MIB);
  return { file, thread };
};

exports.letsGo = async (path) => {
  const { file, thread } = await ownWindow(path);
  const gone = new Promise((resolve) => thread.worker.once('exit', resolve));
  void thread.run(async (path) => {
    while (fs.statSync(path).size !== 4096) {}
    my.file.close();
    my.file = undefined;
    await collect();
    parentPort?.close();
  }, path);
  await turn();
  file.truncate(4096);
  await gone;
  say([file.length, file.readUInt8(4095)]);
  file.truncate(8192);
  say([file.readUInt8(0), file.readUInt8(8191)]);
  file.close();
  process.exit();
};

exports.looksAtLength = async (path) => {
  const { file, thread } = await ownWindow(path);
  const isOver = new Int32Array(new SharedArrayBuffer(4));
  const looking = thread.run(
    (token, /** @type {Int32Array} */ isOver) => {
      const seen = new Set();
      while (Atomics.load(isOver, 0) === 0) {
        const file = MmapFileMut.attach(token);
        seen.add(file.length);
        seen.add(my.file.length);
        my.attached?.close();
        my.attached = file;
      }
      return [...seen].filter((length) => length !== 16 * MIB && length !== 4096);
    },
    file.share(),
    isOver,
  );
  await turn();
  say(caught(() => file.truncate(4096)).code);
  Atomics.store(isOver, 0, 1);
  say(await looking);
  const lengths = () => [my.file.length, my.attached.length, my.attached.readUInt8(2 * MIB)];
  say([file.length, ...(await thread.run(lengths))]);
  process.exit();
};

exports.ownerCloses = async (path) => {
  const { file, thread } = await ownWindow(path);
  const cutting = thread.run(() => caught(() => my.file.truncate(4096)));
  while (fs.statSync(path).size !== 4096) await turn();
  const view = file.bytes(0, 10);
  file.close();
  say([await cutting, [...view].some((byte) => byte !== 0), fs.statSync(path).size]);
  MmapFileMut.openExisting(path).close();
  process.exit();
};

exports.readsPastEnd = async (path) => {
  const { file, thread } = await ownWindow(path);
  const reading = thread.run((path) => {
    const target = new Uint8Array(10);
    const seen = { before: [], after: [] };
    const calls = [
      () => my.file.readUInt8(MIB - 50),
      () => {
        my.file.readExact(target, MIB - 50);
        return target[0];
      },
      () => my.file.copyBytes(MIB - 50, 1)[0],
      () => {
        my.file.read(target, MIB - 50);
        return target[0];
      },
      () => Math.min(my.file.indexOf(Buffer.of(7, 7), MIB - 50), 7),
      () => my.file.length - 16 * MIB + 7,
    ];
    for (const when of ['before', 'after']) {
      seen[when] = calls.map((call) => {
        target.fill(1);
        try {
          return call();
        } catch (error) {
          return error.name;
        }
      });
      while (when === 'before' && fs.statSync(path).size !== END) {}
    }
    return seen;
  }, path);
  await turn();
  file.truncate(END);
  say(await reading);
  process.exit();
};
