/**
 * Who may use a mapping when: uses go side by side, and a change waits for those before it and goes
 * alone. The binding has a gate for threads; this one keeps the event loop from waiting at it.
 *
 * Nothing but the caller waits for the promise of an act, or V8 would not find the way back to the
 * caller for the stack of an error.
 */
export class OperationQueue {
  #change: Promise<void> | undefined;
  #uses = new Set<Promise<void>>();

  async use<T>(act: () => Promise<T>): Promise<T> {
    const before = this.#change;
    const uses = this.#uses;
    const { promise, end } = turn();
    uses.add(promise);
    try {
      if (before) await before;
      return await act();
    } finally {
      uses.delete(promise);
      end();
    }
  }

  async change<T>(act: () => Promise<T>): Promise<T> {
    const before = [this.#change, ...this.#uses];
    const { promise, end } = turn();
    this.#uses = new Set();
    this.#change = promise;
    try {
      await Promise.all(before);
      return await act();
    } finally {
      if (this.#change === promise) this.#change = undefined;
      end();
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
