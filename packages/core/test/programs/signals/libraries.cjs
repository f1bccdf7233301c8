// Libraries with their own handlers for the signals, installed before or after ours.
const { AT, BOTH, CHAIN, END, JUMP, NODEFER, ONSTACK, RECOVER } = require('../foreign.cjs');
const { RESETHAND, RETURN, SURVIVED, TOUCHES, isGuarded } = require('../foreign.cjs');
const { load, open, survive } = require('../foreign.cjs');
require('../package.cjs');
const { say } = require('../program.cjs');

exports.LIBRARIES = {
  'a library before us': () => {
    load('1').take('a', END);
    open();
  },
  'a library before us that calls what it found': () => load('1').take('a', CHAIN),
  'two before us': () => {
    load('1').take('a', CHAIN);
    load('2').take('b', CHAIN);
  },
  'two before us, the first of which is never called': () => {
    load('1').take('a', END);
    load('2').take('b', END);
  },
  'one before us and one after us': () => {
    load('1').take('a', CHAIN);
    open();
    load('2').take('b', CHAIN);
  },
  'one after us that does not call us, and a mapping after it': () => {
    open();
    load('1').take('a', END);
  },
  'one that takes the signals again and again, as we do': () => {
    const one = load('1');
    one.take('a', END);
    open();
    for (let i = 0; i < 100; ++i) {
      one.take('a', END);
      open();
    }
  },
  'two after us, with mappings after each': () => {
    open();
    load('1').take('a', CHAIN);
    open();
    load('2').take('b', CHAIN);
    open();
  },
  'one around each mapping, a hundred times': () => {
    for (let i = 1; i <= 100; ++i) {
      load(String(i)).take('x', CHAIN);
      open();
    }
  },
  'one before us that puts back what it found': () => {
    const one = load('1');
    one.take('a', END);
    open();
    BOTH.forEach(one.restore);
  },
  'one after us that puts back what it found': () => {
    open();
    const one = load('1');
    one.take('a', END);
    BOTH.forEach(one.restore);
  },
  'one before us, and one after it that puts back what it found': () => {
    load('1').take('a', END);
    const two = load('2');
    two.take('b', END);
    open();
    BOTH.forEach(two.restore);
  },
};

/** `survive` before the end: the names of libraries after it are called for the foreign fault. */
exports.end = (signal, libraries) => {
  const foreign = load();
  exports.LIBRARIES[libraries]();
  say(survive());
  TOUCHES[signal](foreign);
};

exports.againAndAgain = (signal) => {
  const foreign = load();
  const library = load('1');
  library.take('a', CHAIN);
  for (let i = 0; i < 100; ++i) {
    open();
    library.take('a', CHAIN);
  }
  say(survive());
  TOUCHES[signal](foreign);
};

exports.afterUs = (signal) => {
  const foreign = load();
  const [one, other] = [open(), open()];
  const library = load('1');
  library.take('a', CHAIN);
  library.setQuiet(1);
  say([survive(one, other), library.calls()]);
  library.setQuiet(0);
  TOUCHES[signal](foreign);
};

exports.notTold = (signal) => {
  const foreign = load();
  const library = load('1');
  library.take('a', END);
  for (let i = 0; i < 10; ++i) survive();
  say(library.calls());
  TOUCHES[signal](foreign);
};

exports.recovers = (signal, when) => {
  const foreign = load();
  foreign.setQuiet(1);
  const early = when === 'after' ? [open(), open()] : [];
  foreign.take('a', RECOVER);
  const [one = open(), other = open()] = early;
  if (when === 'after') open();
  for (let i = 0; i < 100; ++i) {
    TOUCHES[signal](foreign);
    foreign.unmapPage(AT);
  }
  say(foreign.calls());
  say(survive(one, other));
};

/** Flags for a handler. */
exports.FLAGS = {
  '': 0,
  'that is called in the middle of itself': NODEFER,
  'on another stack': ONSTACK,
  'for one time': RESETHAND,
  'for one time, and in the middle of itself': RESETHAND | NODEFER,
};

exports.mask = (signal, flags) => {
  load('1').take('a', END, exports.FLAGS[flags]);
  const foreign = load();
  const [one, other] = [open(), open()];
  if (isGuarded) survive(one, other);
  TOUCHES[signal](foreign);
};

exports.handlerForOneTime = (signal) => {
  const foreign = load();
  foreign.take('a', RECOVER, RESETHAND);
  const [one, other] = [open(), open()];
  TOUCHES[signal](foreign);
  say(isGuarded ? survive(one, other) : SURVIVED);
  foreign.unmapPage(AT);
  TOUCHES[signal](foreign);
};

exports.jumpsAway = (signal) => {
  const foreign = load();
  foreign.setQuiet(1);
  foreign.take('a', JUMP);
  const [one, other] = [open(), open()];
  const at = signal === 'SIGBUS' ? foreign.mapLost(AT) : AT;
  let jumps = 0;
  // At the same depth of the stack, and at many others.
  for (let i = 0; i < 300; ++i) jumps -= foreign.tryRead(at, i < 100 ? 0 : i);
  say([jumps, foreign.calls()]);
  say(survive(one, other));
};

exports.jumpedAway = (signal) => {
  const foreign = load();
  const library = load('1');
  library.setQuiet(1);
  open();
  library.take('a', JUMP);
  open();
  const at = signal === 'SIGBUS' ? foreign.mapLost(AT) : foreign.mapPage(AT, 0);
  let jumps = 0;
  for (let i = 0; i < 300; ++i) jumps -= library.tryRead(at, i);
  // A library that calls us, and that we call.
  load('2').take('b', CHAIN);
  say([jumps, survive()]);
  for (const each of BOTH) library.setWay(each, END);
  library.setQuiet(0);
  foreign.read(at);
};

exports.inTheMiddle = () => {
  const foreign = load();
  foreign.setQuiet(1);
  foreign.take('a', RETURN, NODEFER);
  const [one, other] = [open(), open()];
  for (const signal of ['SIGBUS', 'SIGSEGV']) process.kill(process.pid, signal);
  say(foreign.calls());
  say(survive(one, other));
};
