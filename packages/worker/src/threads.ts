// The worker threads themselves, on top of piscina: starting, idling and ending.
import Module from 'node:module';
import { dirname, join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { AbortController, clearTimeout, MmapError, setTimeout, twinOf } from '@fmmap/core/internal';
import type { Piscina, TaskQueue } from 'piscina';

/**
 * What threads are made of: piscina, and the module that each loads, both of which are files that no bundle contains.
 * @throws MmapError
 */
function loadParts(): { readonly Pool: typeof Piscina; readonly filename: string } {
  const index = twinOf(import.meta.url, '@fmmap/worker');
  if (index === undefined) {
    throw new MmapError(
      'no thread could be started: @fmmap/worker is part of a bundle, which lacks the files that threads load; declare it as external to the bundler, and install it where the bundle runs',
      { code: 'ERR_MMAP_POOL_THREAD' },
    );
  }
  // Webpack would replace a named import of `createRequire`.
  const { Piscina: Pool } = Module.createRequire(index)('piscina');
  return { Pool, filename: join(dirname(index), 'worker.cjs') };
}

/**
 * Holds nothing. A task that waits in piscina cannot be withdrawn if no thread can be started for it, and piscina
 * retries that where no one catches the error. So jobs wait in our pool until a thread is idle.
 */
const NO_QUEUE: TaskQueue = { size: 0, push() {}, shift: () => null, remove() {} };

/**
 * Milliseconds to wait after a failed start before the next attempt, doubled each time: an attempt blocks the event
 * loop for as long as a start takes, and Node never frees the memory it used.
 */
const SHORTEST_PAUSE = 10;
const LONGEST_PAUSE = 1000;

/** The name of the task that makes an idle thread end. */
const END = 'end';

/** Threads without a queue: {@link work} needs an idle one, and {@link start} provides them. */
export class Threads {
  readonly #pool: Piscina;
  readonly #onChange: () => void;
  /** Threads that have not exited: they are starting, working, idle or ending. */
  readonly #alive = new Set<Worker>();
  readonly #starting = new Set<Worker>();
  /** Why the last start failed. */
  #failure: unknown;
  #pause: NodeJS.Timeout | undefined;
  #pauseTime = SHORTEST_PAUSE;
  readonly #idleTimeout: number;
  /** Timers that end the idle threads, each set when a thread became idle. */
  readonly #ends: NodeJS.Timeout[] = [];

  /**
   * @param onChange - Called when a new thread has become idle, or another thread may be started.
   * @throws MmapError
   */
  constructor(size: number, idleTimeout: number, onChange: () => void) {
    const { Pool, filename } = loadParts();
    this.#pool = new Pool({
      filename,
      minThreads: 0,
      maxThreads: size,
      idleTimeout: Number.POSITIVE_INFINITY, // piscina's timers are the environment's
      taskQueue: NO_QUEUE,
      recordTiming: false,
      // Work goes to the first idle threads, so that the last ones can end.
      loadBalancer: ({ name }, threads) => {
        const idle = threads.filter(({ currentUsage }) => currentUsage === 0);
        return (name === END ? idle.at(-1) : idle[0]) ?? null;
      },
    });
    this.#idleTimeout = idleTimeout;
    this.#onChange = onChange;
    this.#pool.on('error', () => {}); // from a thread without a job: handled by its exit
    this.#pool.on('workerCreate', (ready: { readonly id: number }) => {
      for (const thread of this.#starting) {
        if (thread.threadId === ready.id) this.#starting.delete(thread);
      }
      this.#pauseTime = SHORTEST_PAUSE;
      // The new thread is not counted as idle yet.
      void Promise.resolve().then(() => {
        onChange();
        this.#rest();
      });
    });
  }

  /** Those that exist or are being started. */
  get threads(): Worker[] {
    return this.#pool.threads;
  }

  get idleThreads(): number {
    return this.#pool.idleThreads;
  }

  destroy(): Promise<void> {
    return this.#pool.destroy();
  }

  /**
   * Starts threads for `waiting` jobs while no thread is idle.
   * @returns The cause, if there are no threads to wait for and none can be started.
   */
  start(waiting: number): { readonly cause: unknown } | undefined {
    const room = this.#pool.maxThreads - this.threads.length;
    for (let missing = Math.min(waiting - this.#starting.size, room); missing > 0; --missing) {
      if (this.#pause) break;
      try {
        void this.#pool.run(undefined); // starts a thread; the task itself is dropped
      } catch (error) {
        this.#postpone(error);
      }
      for (const thread of this.threads) if (!this.#alive.has(thread)) this.#attend(thread);
    }
    return this.#alive.size > 0 ? undefined : { cause: this.#failure };
  }

  /** Runs a request in an idle thread. */
  async work(request: unknown, signal: AbortSignal): Promise<unknown> {
    const reply = this.#pool.run(request, { signal });
    this.#rest();
    try {
      return await reply;
    } finally {
      this.#rest();
    }
  }

  /** Keeps one timer per idle thread. When a thread starts work, the newest timer is the one to cancel. */
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
    this.#pool.run(undefined, { name: END, signal: end.signal }).catch(() => {});
    end.abort(); // terminates its thread
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
        this.#resume(); // one thread less: there is room for another
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
