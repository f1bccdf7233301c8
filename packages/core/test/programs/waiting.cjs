// For programs that wait: for a lock, or for the test.
const { say } = require('./program.cjs');

/** Reports when this thread first waits for a lock. */
const tellWaiting = (/** @type {() => void} */ tell = () => say('waits')) => {
  const { wait } = Atomics;
  Atomics.wait = (/** @type {[any, any, any]} */ ...args) => {
    tell();
    Atomics.wait = wait;
    return wait(...args);
  };
};

/** Waits until the test writes something to this process. */
const untilTold = () => new Promise((resolve) => process.stdin.once('data', resolve));

module.exports = { tellWaiting, untilTold };
