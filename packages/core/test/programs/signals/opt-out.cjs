// Programs that need the signals for themselves.
const fs = require('node:fs');
const { BOTH, END, SIGBUS, SIGSEGV, causeOf } = require('../foreign.cjs');
const { load, lose, open, scribble, startEquipped, survive } = require('../foreign.cjs');
const fmmap = require('../package.cjs');
const { caught, say } = require('../program.cjs');
const { my } = require('../threads.cjs');

const { MmapFile, MmapFileMut } = fmmap;

const watchHandlers = () => {
  const library = load();
  const handlers = () => [
    ...BOTH.map(library.handlerOf),
    /^SigCgt:.*$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[0],
  ];
  const before = handlers();
  const isUntouched = () => JSON.stringify(handlers()) === JSON.stringify(before);
  return { library, before, isUntouched };
};

/** Turns the guard off, by `disableFaultGuard` or by options, and opens a file. */
const begin = (isDisabled, options) => {
  const watched = watchHandlers();
  if (isDisabled) fmmap.disableFaultGuard();
  return { ...watched, one: open(options) };
};

exports.noHandler = (isDisabled, options) => {
  const { library, before, isUntouched, one } = begin(isDisabled, options);
  const other = MmapFileMut.open('other', { maxSize: 10_000, ...options });
  other.truncate(100_000);
  other.freeze().close();
  const memory = [
    MmapFile.memory('memory', 'x', options),
    MmapFileMut.anonymous(100, options),
    MmapFileMut.openCow('other', options),
  ];
  const listener = () => {};
  say(isUntouched());
  process.on('SIGBUS', listener);
  process.off('SIGBUS', listener);
  process.on('SIGSEGV', listener);
  say(library.handlerOf(SIGBUS) === before[0]);
  // If ours were installed over the listener's, the handler would change.
  const listening = library.handlerOf(SIGSEGV);
  open(options);
  say(library.handlerOf(SIGSEGV) === listening);
  exports.kept = [one, memory];
  process.exit();
};

exports.noHandlerInThreads = async (isDisabled, options) => {
  const { isUntouched, one } = begin(isDisabled, options);
  const thread = await startEquipped();
  await thread.run(
    (token, options) => {
      my.attached = MmapFile.attach(token);
      my.one = open(options);
    },
    one.file.share(),
    options,
  );
  say(isUntouched());
  await thread.terminate();
  say(isUntouched());
};

exports.lose = (isDisabled, options) => {
  const { one } = begin(isDisabled, options);
  say('before');
  lose(one);
  say('after');
};

exports.scribble = (isDisabled, options) => {
  const { one } = begin(isDisabled, options);
  say('before');
  scribble(one);
  say('after');
};

exports.bySize = (isDisabled, options) => {
  const { isUntouched, one } = begin(isDisabled, options);
  one.file.checkFault();
  fs.truncateSync(one.path, 1000);
  const found = caught(() => one.file.checkFault());
  say([found.name, found.code, found.path === one.path, causeOf(one.file)]);
  one.file.reopen();
  one.file.checkFault();
  say([one.file.length, causeOf(one.file)]);
  say(isUntouched());
};

exports.othersAreGuarded = () => {
  const without = [open({ guard: false }), open({ guard: false })];
  say(survive());
  const one = open();
  without.push(open({ guard: false }));
  say(lose(one));
  say(without.map(({ file }) => causeOf(file)));
};

const TOUCHES = { lose, scribble };

exports.touchUnguarded = (touch) => {
  const without = open({ guard: false });
  say(survive());
  TOUCHES[touch](without);
  say('after');
};

exports.touchUnguardedWithLibrary = (touch) => {
  load().take('a', END);
  const without = open({ guard: false });
  survive();
  TOUCHES[touch](without);
};

exports.tooLate = () => {
  const [one, other] = [open(), open()];
  say(caught(fmmap.disableFaultGuard));
  say(survive(one, other));
  one.file.close();
  other.file.close();
  say(caught(fmmap.disableFaultGuard));
  say(survive());
};

exports.tooLateAfterThread = async () => {
  const thread = await startEquipped();
  await thread.run(() => {
    open();
  });
  say(caught(fmmap.disableFaultGuard));
  await thread.end();
  say(survive());
};

exports.twice = () => {
  const { isUntouched } = watchHandlers();
  open({ guard: false });
  fmmap.disableFaultGuard();
  fmmap.disableFaultGuard();
  open();
  fmmap.disableFaultGuard();
  say(isUntouched());
};

exports.survive = () => say(survive());
