// For programs that collect garbage until a condition holds, or often enough.
const { gc, turn } = require('./program.cjs');

const until = async (condition) => {
  while (!condition()) {
    gc();
    await turn();
  }
};

const collect = async () => {
  for (let i = 0; i < 20; ++i) {
    gc();
    await turn();
  }
};

/**
 * Does work in a function that then returns: what it leaves on the stack might keep objects alive.
 *
 * @returns {Promise<any>}
 */
const apart = (work) => new Promise((resolve) => setImmediate(() => resolve(work())));

module.exports = { until, collect, apart };
