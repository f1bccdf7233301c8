// Threads that load the package in a process whose main thread has not done so, or not yet.
const { SURVIVED, TOUCHES, isGuarded, load, never } = require('../foreign.cjs');
const { open, startEquipped, survive } = require('../foreign.cjs');
const { say, turn } = require('../program.cjs');
const { my } = require('../threads.cjs');

const loadAtOnce = async () => {
  for (let round = 0; round < 3; ++round) {
    const threads = await Promise.all(Array.from({ length: 6 }, startEquipped));
    const found = await Promise.all(
      threads.map((thread) =>
        thread.run(() => {
          const found = new Set();
          for (let i = 0; i < 20; ++i) found.add(isGuarded ? survive() : open() && SURVIVED);
          return [...found];
        }),
      ),
    );
    say([...new Set(found.flat())]);
    await Promise.all(threads.map((thread, i) => (i % 2 ? thread.end() : thread.terminate())));
  }
};

exports.atOnceAndTouch = async (signal) => {
  const library = load();
  await loadAtOnce();
  TOUCHES[signal](library);
};

exports.atOnceAndTrap = async () => {
  const { traps } = require('../wasm.cjs');
  load();
  await loadAtOnce();
  say(traps());
  const thread = await startEquipped();
  say(await thread.run(() => survive()));
  say(traps());
  process.exit();
};

const ENDS = {
  'has ended': (thread) => thread.end(),
  'was terminated': (thread) => thread.terminate(),
};

/** Lets a thread load the package and end. */
const comeAndGo = async (end) => {
  const library = load();
  const thread = await startEquipped();
  const inThread = await thread.run(() => {
    my.open = [open(), open()];
    return isGuarded ? survive() : SURVIVED;
  });
  await ENDS[end](thread);
  say(inThread);
  return library;
};

exports.touchAfterwards = async (end, signal) => {
  TOUCHES[signal](await comeAndGo(end));
};

exports.sendAfterwards = async (end, signal) => {
  await comeAndGo(end);
  process.kill(process.pid, signal);
  await never();
};

exports.listenAfterwards = async (end, signal) => {
  await comeAndGo(end);
  let heard = 0;
  process.on(signal, () => {
    heard += 1;
  });
  process.kill(process.pid, signal);
  while (heard === 0) await turn();
  process.exit();
};

exports.othersAfterwards = async (end) => {
  const { traps } = require('../wasm.cjs');
  await comeAndGo(end);
  say(traps());
  const other = await startEquipped();
  say(await other.run(() => survive()));
  await ENDS[end](other);
  say(survive());
  const third = await startEquipped();
  say(await third.run(() => survive()));
  say(traps());
  process.exit();
};
