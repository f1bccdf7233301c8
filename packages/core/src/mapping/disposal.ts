// Delays the failure of async calls until the disposal of their file has ended.
import { setImmediate } from '../host.js';

// In a block with `await using file`, the promise of `return file.flush()` has no handler until the file is disposed
// of, and the disposal waits for that call. If the call failed meanwhile, Node would end the process because of an
// unhandled rejection. So a call that fails while its file is being disposed of rejects only after the disposal: by
// then it has a handler, or really has none.

/** Disposals that have just ended, until their caller has gone on; each lists the disposals started since. */
const ended = new Set<Promise<void>[]>();

/** One uninterrupted run of code: `return` makes the call, then starts disposing of the resource opened last. */
interface Job {
  /** Fulfilled when the disposal that the job started has ended. */
  over?: Promise<void>;
}

let job: Job | undefined;

function thisJob(): Job {
  if (job) return job;
  void Promise.resolve().then(() => {
    job = undefined;
  });
  job = {};
  return job;
}

/** The disposal of a file or a pool. */
export class Disposal {
  /** Fulfilled when this disposal has ended, and the later ones of the same block too. */
  over: Promise<void> | undefined;

  async run(dispose: () => Promise<void>): Promise<void> {
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.over = over;
    thisJob().over = over;
    for (const next of ended) next.push(over);
    try {
      await dispose();
    } finally {
      const next: Promise<void>[] = [];
      ended.add(next);
      setImmediate(() => {
        ended.delete(next);
        void Promise.all(next).then(end);
      });
    }
  }
}

/** What else an error waits for, apart from the disposal of its file. */
const causes = new WeakMap<object, Disposal>();

/** Has the call that fails with an error reject only after a disposal: that of a pool, if it caused the failure. */
export function failAfter(error: unknown, disposal: Disposal): void {
  if (typeof error === 'object' && error !== null) causes.set(error, disposal);
}

/** A file, or a reader or writer of one. */
interface Disposable {
  readonly _mapping?: { readonly disposal: Disposal };
  readonly file?: Disposable;
}

type Method = (this: Disposable, ...args: unknown[]) => Promise<unknown>;

const AsyncFunction = (async () => {}).constructor;

/** Does what a method does, with its `this` and arguments, if it can do so at once; never throws. */
type Shortcut = (on: unknown, a: unknown, b: unknown, c: unknown) => Promise<unknown> | undefined;

/**
 * Makes the async methods of a class reject only after the disposal of their file, if there is one.
 * @param shortcuts - By name of the method: async functions take longer than what some of them do.
 */
export function failLate(
  type: { prototype: object },
  shortcuts: { readonly [method: string]: Shortcut } = {},
): void {
  for (const [name, descriptor] of Object.entries(
    Object.getOwnPropertyDescriptors(type.prototype),
  )) {
    if (!(descriptor.value instanceof AsyncFunction)) continue;
    const method = descriptor.value as Method;
    const late: Method = async function (...args) {
      const called = thisJob();
      try {
        return await method.apply(this, args);
      } catch (error) {
        await called.over;
        await (this?._mapping ?? this?.file?._mapping)?.disposal.over;
        await causes.get(error as object)?.over;
        throw error;
      }
    };
    const shortcut = shortcuts[name];
    const value: Method = shortcut
      ? function (a, b, c) {
          return shortcut(this, a, b, c) ?? late.call(this, a, b, c);
        }
      : late;
    for (const [key, of] of Object.entries({ name, length: method.length })) {
      Object.defineProperty(value, key, { value: of, configurable: true });
    }
    Object.defineProperty(type.prototype, name, { ...descriptor, value });
  }
}
