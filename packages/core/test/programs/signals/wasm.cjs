// WebAssembly traps next to our own faults.
const { lose, open, scribble, startEquipped, survive } = require('../foreign.cjs');
require('../package.cjs');
const { say } = require('../program.cjs');
const { trapOf, traps, wasm } = require('../wasm.cjs');

exports.traps = () => {
  say(traps());
  const [one, other] = [open(), open()];
  say(traps());
  say(survive(one, other));
  say(traps());
  say(survive());
  say(traps());
};

/** Traps and faults in turn; returns each different outcome once. */
exports.interleave = () => {
  const seen = new Set([JSON.stringify(traps())]);
  for (let i = 0; i < 300; ++i) {
    const one = open();
    seen.add(i % 2 ? scribble(one) : lose(one));
    one.file.close();
    seen.add(trapOf(() => wasm.load(65536 + 4096 * i)));
    if (i % 10 === 0) seen.add(JSON.stringify(traps()));
  }
  return [...seen];
};

exports.inTurns = () => say(exports.interleave());

exports.inThreads = async () => {
  const threads = await Promise.all([1, 2, 3].map(startEquipped));
  const working = threads.map((thread) =>
    thread.run(() => require('../signals/wasm.cjs').interleave()),
  );
  say(exports.interleave());
  for (const seen of await Promise.all(working)) say(seen);
  for (const thread of threads) await thread.end();
  // The handlers stay installed, and keep working.
  say(exports.interleave());
  process.exit();
};
