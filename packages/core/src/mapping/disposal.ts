import { setImmediate } from '../host.js';

// `return file.flush()` in a block with `await using file` gives the promise of a call to nobody until the file is disposed of,
// which waits for that call. Had it failed meanwhile, Node would end the process for a rejection that nobody handles. So what
// fails while its file is being disposed of says so when that is over: then there is a handler, or there really is none.

/** Disposals that are over, until what they have returned to has gone on: each has those that were started then. */
const ended = new Set<Promise<void>[]>();

/** What is done at once, before anything else has its turn: `return` calls, and then disposes of what was opened last. */
interface Job {
  /** When what it disposes of is. */
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

/** The disposing of a file, or of a pool. */
export class Disposal {
  /** Fulfilled when it is over, and so are those of the same block that came after it. */
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

/** A file, or what reads or writes one. */
interface Disposable {
  readonly _mapping?: { readonly disposal: Disposal };
  readonly file?: Disposable;
}

type Method = (this: Disposable, ...args: unknown[]) => Promise<unknown>;

const AsyncFunction = (async () => {}).constructor;

/** Has the async methods of a class fail when the disposing of their file is over, if there is any. */
export function failLate(type: { prototype: object }): void {
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
        throw error;
      }
    };
    for (const [key, value] of Object.entries({ name, length: method.length })) {
      Object.defineProperty(late, key, { value, configurable: true });
    }
    Object.defineProperty(type.prototype, name, { ...descriptor, value: late });
  }
}
