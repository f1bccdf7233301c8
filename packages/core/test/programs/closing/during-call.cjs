// Arguments that close the file in the middle of the call.
const fs = require('node:fs');
const { pathToFileURL } = require('node:url');
const { MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

// In the working directory of the test: a file, and another one of the same size.
const SIZE = 12288;
const content = (letter) => Buffer.alloc(SIZE, letter);
fs.writeFileSync('mine', content('m'));
fs.writeFileSync('other', content('o'));
const file = MmapFileMut.openExisting('mine');
let other = /** @type {any} */ (undefined);
/** Closes the file, and maps another one in its place. */
const swap = () => {
  if (other) return;
  file.close();
  other = MmapFileMut.openExisting('other');
};
const finish = (outcome) => {
  const intact = fs.readFileSync('other').equals(content('o'));
  say({ outcome: outcome?.name ?? outcome, intact, isClosed: file.isClosed });
};

exports.stat = () => {
  finish(
    caught(() =>
      file.stat(
        /** @type {any} */ ({
          get bigint() {
            swap();
            return true;
          },
        }),
      ),
    ),
  );
};

/** Calls on a file, a reader or a writer. */
const CALLS = {
  read: (target) => file.read(target),
  readExact: (target) => file.readExact(target),
  'reader.read': (target) => file.reader().read(target),
  'reader.readExact': (target) => file.reader().readExact(target),
  'writer.read': (target) => file.writer().read(target),
  write: (source) => file.write(source),
  writeSome: (source) => file.writeSome(source),
  writeAll: (source) => file.writeAll(source),
  fill: (source) => file.fill(source),
  indexOf: (source) => file.indexOf(source),
  lastIndexOf: (source) => file.lastIndexOf(source),
  'writer.write': (source) => file.writer().write(source),
  'writer.writeSome': (source) => file.writer().writeSome(source),
  'reader.readUntil': (source) => file.reader().readUntil(source),
  'writer.writeAll': (source) => file.writer().writeAll(source),
};

exports.length = (call) => {
  const target = new Uint8Array(SIZE);
  Object.defineProperty(target, 'length', {
    get() {
      swap();
      return SIZE;
    },
  });
  finish(caught(() => CALLS[call](target)));
};

exports.set = (call) => {
  let leaked = Buffer.alloc(0);
  class Target extends Uint8Array {
    /** @override */
    set(bytes) {
      leaked = bytes;
      swap();
    }
  }
  const target = new Target(SIZE);
  try {
    CALLS[call](target);
  } catch {}
  swap();
  finish(Buffer.from(leaked).includes('o') ? 'shows the other file' : 'shows nothing');
};

exports.getter = (call, getter) => {
  const source = new Uint8Array(SIZE).fill(88);
  const own = Reflect.get(Uint8Array.prototype, getter, source);
  const get = () => {
    swap();
    return typeof own === 'function' ? own.bind(source) : own;
  };
  Object.defineProperty(source, getter, { get });
  try {
    CALLS[call](source);
  } catch {}
  swap();
  finish('ended');
};

exports.species = () => {
  class Source extends Uint8Array {
    static get [Symbol.species]() {
      swap();
      return Uint8Array;
    }
  }
  try {
    file.write(new Source(SIZE).fill(88));
  } catch {}
  swap();
  finish('ended');
};

exports.url = () => {
  const url = pathToFileURL(`${process.cwd()}/new`);
  const { pathname } = url;
  Object.defineProperty(url, 'pathname', {
    get() {
      swap();
      return pathname;
    },
  });
  const error = caught(() => file.writeToNewFile(url));
  // Node may read the URL in another way, in which case nothing has been closed.
  finish(other ? error : { name: 'MmapClosedError' });
  if (other && fs.existsSync('new')) throw new Error('a file was made');
  swap();
};

exports.loops = () => {
  file.fill('line\n');
  const errors = [
    caught(() => {
      for (const line of file.reader()) if (line === 'line') swap();
    }),
    caught(() => {
      for (const _ of file.reader().chunks(10)) swap();
    }),
  ];
  finish(errors.map(({ name }) => name).join());
};

exports.typedWrite = () => {
  const value = /** @type {any} */ ({
    valueOf() {
      swap();
      return 1;
    },
    [Symbol.toPrimitive]() {
      swap();
      return 1;
    },
  });
  const errors = [
    caught(() => file.writeUInt8(value, 0)),
    caught(() => file.writeDoubleLE(value, 0)),
    caught(() => file.writeBigInt64LE(value, 0)),
    caught(() => file.readUInt8(value)),
    caught(() => file.truncate(value)),
    caught(() => file.fill(0, value)),
  ];
  finish(errors.map(({ name }) => name).join());
};
