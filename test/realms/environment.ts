import vm from 'node:vm';

// The globals of a test environment such as jsdom: a realm of its own, in which much of Node is missing or different.

/** As in polyfills: without a reason. */
export class OldSignal {
  aborted = false;
  readonly #listeners = new Set<() => void>();

  addEventListener(_name: string, listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_name: string, listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    this.aborted = true;
    for (const listener of this.#listeners) listener();
  }
}

class OldController {
  readonly signal = new OldSignal();

  abort(): void {
    this.signal.abort();
  }
}

const refuse = (name: string) => () => {
  throw new Error(`${name} is not Node's here`);
};

/** A realm with such globals: Node's timers, clones, signals and URLs are not among them. */
export function makeEnvironment(): vm.Context {
  const realm = vm.createContext({
    Buffer,
    console,
    process,
    queueMicrotask,
    setTimeout: (...args: Parameters<typeof setTimeout>) => Number(setTimeout(...args)),
    clearTimeout: (timer: number) => clearTimeout(timer),
    structuredClone: (value: unknown) => JSON.parse(JSON.stringify(value)),
    performance: { now: refuse('performance.now') },
    AbortController: OldController,
    AbortSignal: OldSignal,
    URL: class {},
  });
  // Node 20 defines these in its own realm only, and code needs them elsewhere, too.
  const { dispose, asyncDispose } = Symbol;
  Object.assign(vm.runInContext('Symbol', realm), { dispose, asyncDispose });
  return realm;
}
