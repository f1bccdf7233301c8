import { onAbort, throwIfAborted } from '../arguments/signal.js';
import { MmapLockError } from '../errors.js';
import { clearTimeout, now, setTimeout } from '../host.js';

// flock(2) has no queue: whoever asks first after it is given back gets it. Nobody waits in the system for it, which
// could not be stopped, but tries again after a pause. Whoever had it a moment ago pauses first, or the others would never
// find it free.

/** Between two tries, in milliseconds: at first, and at most. Shortened at random, so that few try at the same moment. */
const PATIENCE = { first: 1, most: 16 };

/** After so long with the lock, a handle that takes it again at once lets others have a try. */
const SHARE = 2;
const REST = 2;

/** The pauses between tries for the lock, without end. */
export function* pauses(): Generator<number, void, undefined> {
  for (let longest = PATIENCE.first; ; longest = Math.min(2 * longest, PATIENCE.most)) {
    yield longest * (0.5 + Math.random() / 2);
  }
}

export function timedOut(path: string, milliseconds: number | undefined): MmapLockError {
  return new MmapLockError(
    `ETIMEDOUT: '${path}' is still locked by another handle or task after ${milliseconds} ms; close or unlock that one, or wait longer`,
    { code: 'ETIMEDOUT', path, syscall: 'flock' },
  );
}

/** When somebody had the lock, and so when others are to have their turn. */
export class LockUse {
  #takenAt = 0;
  #givenAt = Number.NEGATIVE_INFINITY;
  /** How long they had the lock since they last paused. */
  #used = 0;

  took(): void {
    this.#takenAt = now();
  }

  gave(): void {
    this.#givenAt = now();
    this.#used += this.#givenAt - this.#takenAt;
    this.#takenAt = this.#givenAt;
  }

  /** What is due before a try, in milliseconds. */
  rest(): number {
    const isAgain = now() - this.#givenAt < REST;
    if (isAgain && this.#used < SHARE) return 0;
    this.#used = 0;
    return isAgain ? REST * (0.5 + Math.random()) : 0;
  }
}

let lastOpened: { readonly name: string; readonly use: LockUse } | undefined;

/** Of the file that this thread opens, perhaps once more: while it was at another one, others have had their time. */
export function useOfOpened(name: string): LockUse {
  if (lastOpened?.name !== name) lastOpened = { name, use: new LockUse() };
  return lastOpened.use;
}

/** The calls of one handle that wait for the lock. */
export class LockQueue extends LockUse {
  #tail: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;

  override gave(): void {
    super.gave();
    this.#wake?.();
  }

  // --- for async calls, which take turns ---

  /**
   * Waits until the calls before have the lock or have given up, and then until `attempt` gets it.
   * @param until - When to give up, of `now()`.
   * @returns Whether it was got.
   * @throws The signal's reason, and what `attempt` rejects with.
   */
  async wait(
    attempt: () => Promise<boolean>,
    until: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const left = (): number => until - now();
    const before = this.#tail;
    let isNext = false;
    let leave = (): void => {};
    const own = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#tail = before.then(() => {
      isNext = true;
      return own;
    });
    try {
      do await pause(left(), signal, before);
      while (!isNext && left() > 0);
      if (!isNext) return false;
      for (const longest of pauses()) {
        const rest = this.rest();
        if (rest > 0) await pause(Math.min(rest, left()), signal);
        if (await attempt()) return true;
        if (left() <= 0) return false;
        await pause(Math.min(longest, left()), signal, this.#woken());
      }
      return false;
    } finally {
      leave();
    }
  }

  /** Fulfilled when this handle gives the lock back. */
  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** The longest that a timer waits for. */
const LONGEST = 2 ** 31 - 1;

/** Waits for so many milliseconds, or for `early`. @throws The signal's reason */
export function pause(
  milliseconds: number,
  signal: AbortSignal | undefined,
  early?: Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    throwIfAborted(signal);
    const end = (): void => {
      clearTimeout(timer);
      ignore();
    };
    const ignore = onAbort(signal, (reason) => {
      end();
      reject(reason);
    });
    const onTime = (): void => {
      end();
      resolve();
    };
    const timer = setTimeout(onTime, Math.max(0, Math.min(milliseconds, LONGEST)));
    void early?.then(onTime);
  });
}
