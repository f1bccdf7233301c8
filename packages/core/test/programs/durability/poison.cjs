// Files that are poisoned, or nearly so.
const fs = require('node:fs');
const { MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

const PAGE = 4096;

const outcome = (call) => {
  try {
    return call();
  } catch (error) {
    return error.name;
  }
};
const isChange =
  /^(write$|write[A-Z]|fill|zero|copy(?=Within)|.*[fF]lush|truncate|freeze|closeWith)/;
const argumentsOf = (name) =>
  /^write(All|Some)?$/.test(name)
    ? ['x']
    : name === 'writeToNewFile'
      ? ['copy']
      : name === 'zeroRange' || name === 'copyWithin'
        ? [0, 0]
        : /^writeBig/.test(name)
          ? [1n, 0]
          : /^write[A-Z]/.test(name)
            ? [1, 0, 1]
            : /lush|freeze/.test(name)
              ? []
              : [1];
/** The outcome of every method that changes the file: it must be the same for all. */
const changes = (object) => {
  const outcomes = new Set();
  const names = new Set();
  for (let from = object; from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const name of Object.getOwnPropertyNames(from)) if (isChange.test(name)) names.add(name);
  }
  for (const name of names) outcomes.add(String(outcome(() => object[name](...argumentsOf(name)))));
  if (names.size < 43) throw new Error(`only ${[...names]}`);
  return [...outcomes].join();
};
const look = (file) => ({
  isPoisoned: file.isPoisoned,
  length: file.length,
  isEmpty: file.isEmpty,
  isClosed: file.isClosed,
  lockState: file.lockState,
  asBuffer: outcome(() => file.asBuffer().length),
  copyBytes: outcome(() => file.copyBytes().length),
  read: outcome(() => file.read(Buffer.alloc(10))),
  indexOf: outcome(() => file.indexOf('x')),
  reader: outcome(() => file.reader().length),
  size: outcome(() => file.stat().size),
});

/** Reports the state of a poisoned file, and how it goes on. */
const sayPoisoned = (file, path) => {
  say(look(file));
  say(changes(file));
  say([outcome(() => file.readUInt8(0)), file.path === path, file.lockState]);
  file.unlock();
  say([file.tryLock(), file.lockState]);
};

const FLUSHES = {
  flush: ({ file }) => file.flush(),
  'flush of a part': ({ file }) => file.flush(PAGE + 5, 10),
  'flush of a writer': ({ writer }) => writer.flush(),
  startFlush: ({ file }) => file.startFlush(),
};

exports.flush = (path, name) => {
  const file = MmapFileMut.openExisting(path);
  const view = file.asBuffer();
  const writer = file.writer();
  writer.writeAll('written');
  say(caught(() => FLUSHES[name]({ file, writer })));
  sayPoisoned(file, path);
  say([outcome(() => writer.writeAll('x')), outcome(() => writer.flush())]);
  // The system calls work again, and must not turn the lost write into a success.
  for (let i = 0; i < 3; ++i) say(outcome(() => file.flush()));
  say(view.toString('latin1', 0, 7));
  file.close();
  say([file.isClosed, file.lockState]);
};

exports.flushAndRemove = (path) => {
  const file = MmapFileMut.openExisting(path);
  say(caught(() => file.flush()).code);
  file.remove();
  say([file.isClosed, fs.existsSync(path)]);
};

exports.flushAndOpenAgain = (path) => {
  const file = MmapFileMut.openExisting(path);
  say(caught(() => file.flush()).code);
  file.close();
  const next = MmapFileMut.openExisting(path);
  next.flush();
  say([next.isPoisoned, next.length]);
};

/** Truncates twice; the second time fails. */
const resize = (path, first, second, beforeSecond = () => {}) => {
  const file = MmapFileMut.openExisting(path);
  if (first !== file.length) file.truncate(first);
  const before = file.copyBytes();
  const view = file.asBuffer();
  beforeSecond();
  const error = caught(() => file.truncate(second));
  say({ code: error.code, syscall: error.syscall, path: error.path });
  return { file, before, view };
};

/** Reports whether a file is unchanged after a failed truncate, and how it goes on. */
const sayUsable = ({ file, before, view }, path, second) => {
  say([
    file.isPoisoned,
    file.length === before.length,
    file.copyBytes().equals(before),
    view.equals(before),
    fs.readFileSync(path).equals(before),
  ]);
  if (before.length > 0) file.writeUInt8(77, before.length - 1);
  if (before.length > 0) say([view.at(-1), fs.readFileSync(path).at(-1)]);
  file.flush();
  file.truncate(second);
  say([file.length === second, fs.statSync(path).size === second]);
  file.freeze().close();
};

exports.truncateUsable = (path, first, second) => {
  sayUsable(resize(path, first, second), path, second);
};

exports.truncatePoisoned = (path, first, second) => {
  const { file, view } = resize(path, first, second);
  sayPoisoned(file, path);
  view[0] = 1;
  say(view.length);
  file.close();
};

exports.truncateAndRemove = (path, first, second) => {
  const { file } = resize(path, first, second);
  file.remove();
  say([file.isClosed, fs.existsSync(path)]);
};

/** With a library that refuses to map zeroes while there is a file at `flag`. */
exports.truncateWithoutFiller = (path, first, second, flag) => {
  const resized = resize(path, first, second, () => fs.writeFileSync(flag, ''));
  fs.unlinkSync(flag);
  resized.view.fill(1, PAGE);
  resized.view.set(resized.before);
  sayUsable(resized, path, second);
};

exports.freeze = (path) => {
  fs.writeFileSync(path, 'content');
  const file = MmapFileMut.openExisting(path);
  const view = file.asBuffer();
  const { code, syscall } = caught(() => file.freezeExec());
  const { isExec, isPoisoned, isClosed } = file;
  say({ code, syscall, isExec, isPoisoned, isClosed });
  file.writeAll('CON');
  view.write('T', 3);
  file.flush();
  file.truncate(20);
  say(file.copyBytes(0, 7).toString());
  const frozen = file.freeze();
  say([frozen.copyBytes(0, 7).toString(), file.isClosed, frozen.isExec]);
  frozen.close();
};
