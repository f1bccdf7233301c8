// Threads that are terminated while they have faults.
const { startEquipped, survive } = require('../foreign.cjs');
require('../package.cjs');
const { say, turn } = require('../program.cjs');

exports.terminate = async () => {
  for (let round = 0; round < 10; ++round) {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const threads = await Promise.all([1, 2].map(startEquipped));
    for (const thread of threads) {
      thread.run((/** @type {Int32Array} */ flag) => {
        for (;;) {
          survive();
          Atomics.add(flag, 0, 1);
        }
      }, flag);
    }
    while (Atomics.load(flag, 0) < 5) await turn();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  say(survive());
};
