// Waiting for the file lock: pauses, fairness, and the order of async calls.
import { onAbort, throwIfAborted } from '../arguments/signal.js';
import { MmapLockError } from '../errors.js';
import { AbortController, clearTimeout, now, setTimeout } from '../host.js';

// flock(2) has no queue: after an unlock, the first caller to ask gets the lock. A call that blocks in the system could
// not be cancelled, so callers poll, with pauses in between. A handle that has just released the lock pauses first, or
// the others would never find it free.

/** The first and the longest pause between attempts, in milliseconds. Shortened at random, so that few coincide. */
const PATIENCE = { first: 1, most: 16 };

/**
 * In milliseconds. After `SHARE` with the lock, a handle that takes it again within `REST` first pauses for about that
 * long, so that others get a turn.
 */
const SHARE = 2;
const REST = 2;

/** The pauses between attempts to take the lock, in milliseconds; endless. */
export function* pauses(): Generator<number, void, undefined> {
  for (let longest = PATIENCE.first; ; longest = Math.min(2 * longest, PATIENCE.most)) {
    yield longest * (0.5 + Math.random() / 2);
  }
}

/** What was waited for: the lock; earlier calls; or the holder of a lease (`fcntl(2)`, `F_SETLEASE`). */
type Obstacle = 'lock' | 'calls' | 'lease';

const OBSTACLES: Readonly<Record<Obstacle, (path: string, time: string) => string>> = {
  lock: (path, time) =>
    `'${path}' is still locked by another handle or task after ${time}; close or unlock that one, or wait longer`,
  calls: (path, time) =>
    `earlier calls on '${path}' were not done after ${time}; await them first, or wait longer`,
  lease: (path, time) =>
    `another process still has a lease on '${path}' after ${time}, and was asked to give it up; wait longer`,
};

export function timedOut(
  path: string,
  milliseconds: number | undefined,
  obstacle: Obstacle,
): MmapLockError {
  const found = OBSTACLES[obstacle](path, `${milliseconds} ms`);
  const syscall = obstacle === 'lease' ? 'open' : 'flock';
  return new MmapLockError(`ETIMEDOUT: ${found}`, { code: 'ETIMEDOUT', path, syscall });
}

/** Tracks when the lock was held, and so when others are due a turn. */
export class LockUse {
  #takenAt = 0;
  #givenAt = Number.NEGATIVE_INFINITY;
  /** Milliseconds for which the lock was held since the last rest. */
  #used = 0;

  took(): void {
    this.#takenAt = now();
  }

  gave(): void {
    this.#givenAt = now();
    this.#used += this.#givenAt - this.#takenAt;
    this.#takenAt = this.#givenAt;
  }

  /** The pause due before an attempt, in milliseconds. */
  rest(): number {
    const isAgain = now() - this.#givenAt < REST;
    if (isAgain && this.#used < SHARE) return 0;
    this.#used = 0;
    return isAgain ? REST * (0.5 + Math.random()) : 0;
  }
}

let lastOpened: { readonly name: string; readonly use: LockUse } | undefined;

/**
 * The use of the file that this thread opens, kept if it opened the same file last; otherwise others have had their
 * turn.
 */
export function useOfOpened(name: string): LockUse {
  if (lastOpened?.name !== name) lastOpened = { name, use: new LockUse() };
  return lastOpened.use;
}

/** The calls of one handle that are waiting for the lock. */
export class LockQueue extends LockUse {
  #tail: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;

  override gave(): void {
    super.gave();
    this.#wake?.();
  }

  // --- for async calls, which take turns ---

  /**
   * Waits until the earlier calls have the lock or have given up, then until `attempt` takes it.
   * @param attempt - Gives up its turn when the signal is aborted.
   * @param until - When to give up, as a time of `now()`.
   * @returns `taken`; or, if it was given up, what it was waiting for: others that have the `lock`, or earlier `calls`.
   * @throws The signal's reason, and what `attempt` rejects with.
   */
  async wait(
    attempt: (signal: AbortSignal | undefined) => Promise<boolean>,
    until: number,
    signal: AbortSignal | undefined,
  ): Promise<'taken' | 'lock' | 'calls'> {
    let found: 'lock' | 'calls' = 'calls';
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
    const tried = async (turn: AbortSignal | undefined): Promise<boolean> => {
      const isTaken = await attempt(turn);
      found = 'lock';
      return isTaken;
    };
    try {
      do await pause(left(), signal, before);
      while (!isNext && left() > 0);
      if (!isNext) return found;
      for (const longest of pauses()) {
        const rest = this.rest();
        if (rest > 0) await pause(Math.min(rest, left()), signal);
        if (await within(left(), signal, tried)) return 'taken';
        if (left() <= 0) break;
        await pause(Math.min(longest, left()), signal, this.#woken());
      }
      return found;
    } finally {
      leave();
    }
  }

  /** Fulfilled when this handle releases the lock. */
  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** What `act` returns, or false if it has given up after so many milliseconds. */
async function within(
  milliseconds: number,
  signal: AbortSignal | undefined,
  act: (signal: AbortSignal | undefined) => Promise<boolean>,
): Promise<boolean> {
  throwIfAborted(signal);
  if (milliseconds === Number.POSITIVE_INFINITY) return act(signal);
  const over = new AbortController();
  const ignore = onAbort(signal, (reason) => over.abort(reason));
  const timer = setTimeout(() => over.abort(over), Math.max(0, Math.min(milliseconds, LONGEST)));
  try {
    return await act(over.signal);
  } catch (error) {
    if (error === over) return false;
    throw error;
  } finally {
    clearTimeout(timer);
    ignore();
  }
}

/** The longest delay of a timer, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Waits for `milliseconds`, or until `early` is fulfilled. @throws The signal's reason */
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
