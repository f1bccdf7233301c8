// For programs in which much is rejected: how promises are settled, and what nobody has handled.

/**
 * How a promise is settled, in a form that crosses a pipe.
 *
 * @returns {Promise<any>}
 */
const settled = (promise) =>
  promise.then(
    (value) => ({ value }),
    ({ code, message, cause, name }) => ({ code, message, cause: cause?.code, name }),
  );

let count = 0;
process.on('unhandledRejection', () => {
  count += 1;
});
process.on('uncaughtException', () => {
  count += 1;
});

/** How often anything was rejected or thrown that nobody handled. */
const unhandled = () => count;

module.exports = { settled, unhandled };
