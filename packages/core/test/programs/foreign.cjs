// For programs with native code that has its own faults and handlers: a library, which the
// test has compiled from helpers/foreign.c into the working directory.
const fs = require('node:fs');
const os = require('node:os');
const { resolve } = require('node:path');
const { threadId } = require('node:worker_threads');
const { startThread } = require('./threads.cjs');

const { SIGBUS, SIGSEGV } = os.constants.signals;
const BOTH = [SIGBUS, SIGSEGV];
const isGuarded = process.env.FMMAP_FAULT_GUARD !== '0';
/** An address where nothing is mapped. */
const AT = 0x2000_0000_0000;
const [READ, WRITE] = [1, 2];
// What the handler of a library does after its report, and flags for it.
const [END, CHAIN, RECOVER, JUMP, RETURN] = [0, 1, 2, 3, 4];
const [ONSTACK, NODEFER, RESETHAND] = [0x08000000, 0x40000000, 0x80000000];

/** Loads the library; each copy of it has its own handlers. */
const load = (copy = '') => {
  const path = resolve(`foreign${copy}.node`);
  if (copy && !fs.existsSync(path)) fs.copyFileSync('foreign.node', path);
  const library = { exports: /** @type {any} */ ({}) };
  process.dlopen(library, path);
  const { exports: foreign } = library;
  return {
    ...foreign,
    /** Installs handlers for the signals, under a name of one letter. */
    take(name, way, flags = 0, signals = BOTH) {
      for (const signal of signals) foreign.install(signal, name.charCodeAt(0), way, flags);
    },
  };
};

/** The files that are open: V8 would collect them at any time, and the library tells of that. */
const files = /** @type {object[]} */ ([]);

/**
 * A mapping of one page, for invalid accesses; `from` may be another copy of the package.
 * This loads the package if it has not been loaded yet.
 *
 * @param {import('../../src/index.js').OpenOptions} [options]
 */
const open = (options, from = require('./package.cjs')) => {
  const path = `file${threadId}-${files.length + 1}`;
  fs.writeFileSync(path, Buffer.alloc(4096, 1));
  const file = from.MmapFile.open(path, options);
  files.push(file);
  return { path, file, view: file.asBuffer() };
};

const causeOf = (file) => {
  try {
    return `read ${file.readUInt8(0)}`;
  } catch (error) {
    return `${error.name} ${error.reason}`;
  }
};

/** Touches a page that has been cut off. */
const lose = ({ path, file, view } = open()) => {
  fs.truncateSync(path, 0);
  return view[0] === 0 ? causeOf(file) : 'not lost';
};

/** Writes to a read-only view. */
const scribble = ({ path, file, view } = open()) => {
  view[0] = 7;
  return fs.readFileSync(path)[0] === 1 ? causeOf(file) : 'written';
};

/**
 * One fault for each signal, in the given mappings or in new ones.
 *
 * @param {ReturnType<typeof open>} [one]
 * @param {ReturnType<typeof open>} [other]
 */
const survive = (one, other) => [lose(one), scribble(other)].join();
/** The result of `survive` if the guard works. */
const SURVIVED = 'MmapFaultError truncated,MmapFaultError read-only';

const addressOf = (path) => {
  const maps = fs.readFileSync('/proc/self/maps', 'utf8').split('\n');
  return Number.parseInt(maps.find((line) => line.endsWith(`/${path}`)) ?? '', 16);
};

/** Foreign faults, by the signal that they raise. */
const TOUCHES = {
  SIGBUS: (library) => library.read(library.mapLost(AT)),
  SIGSEGV: (library) => library.write(library.mapPage(AT, READ), 1),
};

/** Waits for ever: a signal is about to arrive. */
const never = () => new Promise(() => {});

/** A thread whose functions can use all of this as well. */
const startEquipped = async () => {
  const thread = startThread();
  await thread.run((file) => {
    Object.assign(globalThis, require(file));
  }, __filename);
  return thread;
};

module.exports = {
  ...{ SIGBUS, SIGSEGV, BOTH, isGuarded, AT, READ, WRITE, END, CHAIN, RECOVER, JUMP, RETURN },
  ...{ ONSTACK, NODEFER, RESETHAND, load, open, causeOf, lose, scribble, survive, SURVIVED },
  ...{ addressOf, TOUCHES, never, startEquipped },
};
