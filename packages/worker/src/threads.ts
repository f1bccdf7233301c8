import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { AbortController, clearTimeout, setTimeout } from '@fmmap/core/internal';
import { Piscina, type TaskQueue } from 'piscina';

/** Built next to this file, and the same when this one is run from its source. */
const WORKER = join(__dirname, '../dist/worker.cjs');

/**
 * Keeps nothing. What waits in piscina cannot be taken back when no thread can be started for it, and piscina
 * tries that again where nobody catches the error. So jobs wait in our pool until a thread is idle.
 */
const NO_QUEUE: TaskQueue = { size: 0, push() {}, shift: () => null, remove() {} };

/**
 * Milliseconds after a failed start in which no other one is tried, doubled each time: an attempt holds up the event
 * loop for as long as a start, and Node never frees the memory that it takes.
 */
const SHORTEST_PAUSE = 10;
const LONGEST_PAUSE = 1000;

/** The name of what is run in an idle thread to have it end. */
const END = 'end';

/** Threads without a queue: what is {@link run} needs an idle one, and {@link start} sees that there are some. */
export class Threads extends Piscina {
  readonly #onChange: () => void;
  /** Those that have not exited: they start, work, wait or end. */
  readonly #alive = new Set<Worker>();
  readonly #starting = new Set<Worker>();
  /** Why the last start failed. */
  #failure: unknown;
  #pause: NodeJS.Timeout | undefined;
  #pauseTime = SHORTEST_PAUSE;
  readonly #idleTimeout: number;
  /** When the idle threads end, each its own time after one of them became idle. */
  readonly #ends: NodeJS.Timeout[] = [];

  /** @param onChange - Called when a thread has become idle by starting, or another one may be started. */
  constructor(size: number, idleTimeout: number, onChange: () => void) {
    super({
      filename: WORKER,
      minThreads: 0,
      maxThreads: size,
      idleTimeout: Number.POSITIVE_INFINITY, // its timers are those of the environment
      taskQueue: NO_QUEUE,
      recordTiming: false,
      // The first ones work, so that the last ones can end.
      loadBalancer: ({ name }, threads) => {
        const idle = threads.filter(({ currentUsage }) => currentUsage === 0);
        return (name === END ? idle.at(-1) : idle[0]) ?? null;
      },
    });
    this.#idleTimeout = idleTimeout;
    this.#onChange = onChange;
    this.on('error', () => {}); // of a thread without a job: see its exit
    this.on('workerCreate', (ready: { readonly id: number }) => {
      for (const thread of this.#starting) {
        if (thread.threadId === ready.id) this.#starting.delete(thread);
      }
      this.#pauseTime = SHORTEST_PAUSE;
      // It is not among the idle ones yet.
      void Promise.resolve().then(() => {
        onChange();
        this.#rest();
      });
    });
  }

  /**
   * Starts threads for so many jobs that wait for one, while none is idle.
   * @returns Why, if there are none to wait for and none can be started.
   */
  start(waiting: number): { readonly cause: unknown } | undefined {
    const room = this.maxThreads - this.threads.length;
    for (let missing = Math.min(waiting - this.#starting.size, room); missing > 0; --missing) {
      if (this.#pause) break;
      try {
        void this.run(undefined); // starts a thread; the task itself is dropped
      } catch (error) {
        this.#postpone(error);
      }
      for (const thread of this.threads) if (!this.#alive.has(thread)) this.#attend(thread);
    }
    return this.#alive.size > 0 ? undefined : { cause: this.#failure };
  }

  /** Has an idle thread work. */
  async work(request: unknown, signal: AbortSignal): Promise<unknown> {
    const reply = this.run(request, { signal });
    this.#rest();
    try {
      return await reply;
    } finally {
      this.#rest();
    }
  }

  /** Has as many threads wait for their end as are idle: what begins to work is the one that became idle last. */
  #rest(): void {
    if (this.#idleTimeout === Number.POSITIVE_INFINITY) return;
    const idle = this.idleThreads;
    while (this.#ends.length > idle) clearTimeout(this.#ends.pop());
    while (this.#ends.length < idle) {
      this.#ends.push(setTimeout(() => this.#endOne(), this.#idleTimeout).unref());
    }
  }

  #endOne(): void {
    this.#ends.shift();
    const end = new AbortController();
    this.run(undefined, { name: END, signal: end.signal }).catch(() => {});
    end.abort(); // which takes its thread
  }

  #attend(thread: Worker): void {
    let cause: unknown;
    this.#alive.add(thread);
    this.#starting.add(thread);
    thread.once('error', (error) => {
      cause = error;
    });
    thread.once('exit', (code) => {
      this.#alive.delete(thread);
      if (this.#starting.delete(thread)) {
        this.#postpone(cause ?? new Error(`worker exited with code: ${code}`));
      } else {
        this.#resume(); // where one was, there is room for another one
      }
      this.#onChange();
      this.#rest();
    });
  }

  #postpone(failure: unknown): void {
    this.#failure = failure;
    if (this.#pause) return;
    const resume = () => {
      this.#resume();
      this.#onChange();
    };
    this.#pause = setTimeout(resume, this.#pauseTime).unref();
    this.#pauseTime = Math.min(2 * this.#pauseTime, LONGEST_PAUSE);
  }

  #resume(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }
}
