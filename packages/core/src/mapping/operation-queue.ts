// The reader-writer lock that orders the async calls on one mapping.
import { unlessAborted } from '../arguments/signal.js';

/**
 * Uses of a mapping run concurrently; a change waits for the calls before it and runs alone. The binding
 * has a gate for threads; this queue keeps the event loop from blocking at it.
 *
 * A call whose signal is aborted before its turn gives it up.
 *
 * Only the caller awaits the promise of `act`; otherwise V8 could not trace an error's async stack back to
 * the caller.
 */
export class OperationQueue {
  /** How many changes were called for so far. */
  changes = 0;
  #change: Promise<void> | undefined;
  #uses = new Set<Promise<void>>();

  async use<T>(act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#change;
    const uses = this.#uses;
    const { promise, end } = turn();
    uses.add(promise);
    try {
      if (before) await unlessAborted(before, signal);
      return await act();
    } finally {
      uses.delete(promise);
      end();
    }
  }

  async change<T>(act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.changes += 1;
    const before = Promise.all([this.#change, ...this.#uses]);
    const { promise, end } = turn();
    this.#uses = new Set();
    this.#change = promise;
    const leave = (): void => {
      if (this.#change === promise) this.#change = undefined;
      end();
    };
    let isTurn = false;
    try {
      await unlessAborted(before, signal);
      isTurn = true;
      return await act();
    } finally {
      if (isTurn) leave();
      else void before.then(leave); // those after a change that is given up still wait for those before it
    }
  }
}

function turn(): { promise: Promise<void>; end: () => void } {
  let end = (): void => {};
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { promise, end };
}
