// Shared by child programs: how they answer, and how they report errors.
const fs = require('node:fs');

/** Writes one line of output at once. */
const say = (value) => fs.writeSync(1, `${JSON.stringify(value)}\n`);

/**
 * The error that a call throws, in a form that can cross a pipe.
 *
 * @returns {any}
 */
const caught = (call) => {
  try {
    call();
  } catch (error) {
    const { name, message, code, errno, syscall, path } = error;
    return { name, message, code, errno, syscall, path };
  }
  return 'no error';
};

/** The arguments of the program; see `run.cjs`. */
const args = /** @type {any[]} */ ([]);

/** `length` bytes, each different from its neighbours and from those a page away. */
const pattern = (length) =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff));

/** Gives up root privileges. @returns Whether there were any. */
const becomeNobody = () => {
  if (process.getuid?.() !== 0) return false;
  process.setgroups?.([]);
  process.setgid?.(65534);
  process.setuid?.(65534);
  return true;
};

/** One turn of the event loop, in which finalizers run. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Collects garbage; every child is started with `--expose-gc`. */
const gc = () => globalThis.gc?.();

module.exports = { args, say, caught, pattern, becomeNobody, turn, gc };
