// The pool of worker threads: its queue, its limits and its errors.
import { availableParallelism } from 'node:os';
import { type InspectOptionsStylized, inspect } from 'node:util';
import {
  asError,
  checkInteger,
  clearTimeout,
  Disposal,
  failAfter,
  MmapError,
  onAbort,
  readOptions,
  reasonOf,
  setTimeout,
  show,
  typeError,
} from '@fmmap/core/internal';

import { fromElsewhere } from './failure.js';
import { Job, type JobLimits } from './job.js';
import type { Reply, Request } from './protocol.js';
import { Threads } from './threads.js';

/** The longest time that a Node timer can wait for, in milliseconds. */
export const LONGEST: number = 2 ** 31 - 1;

/** Options of a {@link WorkerPool}. */
export interface PoolOptions {
  /** Maximum number of threads. @defaultValue `os.availableParallelism()` */
  size?: number | undefined;
  /**
   * Milliseconds after which an idle thread ends; `Infinity` for never. Starting one takes about 50 ms.
   * @defaultValue 10,000
   */
  idleTimeout?: number | undefined;
}

/**
 * Threads that run file operations and tasks. They are started on demand, and keep the process alive only while they
 * have work. Work that finds no idle thread is queued, operations ahead of tasks; if there is no thread and none can be
 * started, it is rejected with `ERR_MMAP_POOL_THREAD`, except for the closing of files. The shared pool suits most
 * programs; see {@link getDefaultPool}.
 *
 * @example
 * ```ts
 * import { AsyncMmapFile, WorkerPool } from '@fmmap/worker';
 *
 * const pool = new WorkerPool({ size: 1 });
 * const file = await AsyncMmapFile.open('package.json');
 * console.log(await file.runWith({ pool, timeout: 10_000 }, (file) => file.indexOf('{')));
 * await file.close();
 * await pool.destroy();
 * ```
 */
export class WorkerPool implements AsyncDisposable {
  /** Maximum number of threads. */
  readonly size: number;
  /** @internal Makes structured cloning fail, with these words. */
  readonly _uncloneable: symbol = Symbol(
    'a WorkerPool, which belongs to its thread; create another one there',
  );
  readonly #threads: Threads;
  readonly #operations = new Set<Job>();
  readonly #tasks = new Set<Job>();
  readonly #running = new Set<Job>();
  readonly #disposal = new Disposal();
  #destroyed: Promise<void> | undefined;

  /** @throws TypeError, MmapRangeError */
  constructor(options?: PoolOptions) {
    const takes = new Set(['size', 'idleTimeout']);
    const values = readOptions(options, takes, 'WorkerPool');
    const { size = availableParallelism(), idleTimeout = 10_000 } = values;
    checkInteger(size, 'size', 1, 1024);
    if (idleTimeout !== Number.POSITIVE_INFINITY) {
      checkInteger(idleTimeout, 'idleTimeout', 0, LONGEST);
    }
    this.size = size;
    this.#threads = new Threads(size, idleTimeout, () => this.#next());
  }

  /** Number of threads that exist or are being started. */
  get threads(): number {
    return this.#threads.threads.length;
  }

  /** Number of operations and tasks that are waiting for a thread. */
  get queued(): number {
    return this.#operations.size + this.#tasks.size;
  }

  /** Whether {@link destroy} was called. */
  get isDestroyed(): boolean {
    return this.#destroyed !== undefined;
  }

  /**
   * Ends all threads. Queued and running work is rejected with `ERR_MMAP_POOL_DESTROYED`, except for operations that
   * are already in the system: those complete first. So does the closing of files.
   */
  destroy(): Promise<void> {
    this.#destroyed ??= this.#destroy();
    return this.#destroyed;
  }

  async #destroy(): Promise<void> {
    const running = [...this.#running];
    const tasks = running.filter((job) => job.isTask);
    for (const job of [...this.#operations, ...this.#tasks, ...tasks]) {
      this.#stop(job, destroyedError(job));
    }
    await Promise.all(running.map((job) => job.ended));
    await this.#threads.destroy();
  }

  /** Calls {@link destroy}. Work that this ends is rejected only after the disposal, as with files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposal.run(() => this.destroy());
  }

  /** For `JSON.stringify`: the pool's numbers. */
  toJSON(): Pick<WorkerPool, 'size' | 'threads' | 'queued' | 'isDestroyed'> {
    const { size, threads, queued, isDestroyed } = this;
    return { size, threads, queued, isDestroyed };
  }

  /** For `console.log` and `util.inspect`, which show {@link toJSON}. */
  [inspect.custom](depth?: number, options?: InspectOptionsStylized, how?: typeof inspect): string {
    return show(this, depth, options, how);
  }

  /** @internal */
  start(request: Request, limits: JobLimits = {}): Job {
    const job = new Job(request, limits);
    job.reply.catch(() => {}); // whoever awaits it gets the reason
    const { signal } = limits;
    const queue = job.isTask ? this.#tasks : this.#operations;
    queue.add(job);
    if (this.#destroyed) {
      this.#stop(job, destroyedError(job));
    } else if (signal?.aborted) {
      this.#stop(job, reasonOf(signal));
    } else {
      const ignore = onAbort(signal, (reason) => {
        // A running operation completes: what it opens or changes must be known.
        if (job.isTask || this.#operations.has(job)) this.#stop(job, reason);
      });
      void job.reply.then(ignore, ignore);
      this.#next();
    }
    return job;
  }

  /** @internal The reply to a job. If there is none, the method that waits for it fails after the pool's disposal. */
  async replyTo(job: Job): Promise<Reply> {
    try {
      return await job.reply;
    } catch (error) {
      failAfter(error, this.#disposal);
      throw error;
    }
  }

  #next(): void {
    while (this.#threads.idleThreads > 0) {
      const [job] = this.#operations.size > 0 ? this.#operations : this.#tasks;
      if (!job) return;
      this.#operations.delete(job);
      this.#tasks.delete(job);
      this.#running.add(job);
      void this.#run(job);
    }
    const failure = this.#threads.start(this.queued);
    if (!failure) return;
    for (const job of [...this.#operations, ...this.#tasks]) {
      this.#stop(job, startError(job, failure.cause));
    }
  }

  async #run(job: Job): Promise<void> {
    const { timeout } = job.limits;
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => this.#stop(job, fromElsewhere(timeoutError(timeout))), timeout);
    try {
      job.resolve((await this.#threads.work(job.request, job.abort.signal)) as Reply);
    } catch (error) {
      job.reject(threadError(job, error));
    }
    clearTimeout(timer);
    this.#next();
    await job.gone;
    this.#running.delete(job);
    job.end();
  }

  #stop(job: Job, reason: unknown): void {
    job.reject(reason);
    if (this.#operations.delete(job) || this.#tasks.delete(job)) {
      job.end();
      return;
    }
    const before = this.#threads.threads;
    job.abort.abort();
    const after = this.#threads.threads;
    const terminated = before.filter((thread) => !after.includes(thread));
    job.gone ??= Promise.all(
      terminated.map((thread) => new Promise((resolve) => thread.once('exit', resolve))),
    );
  }
}

function destroyedError(job: Job): MmapError {
  return new MmapError(
    `${job.name} was not run: the pool of threads has been destroyed; create another one, and pass it to setDefaultPool()`,
    { code: 'ERR_MMAP_POOL_DESTROYED' },
  );
}

function timeoutError(timeout: number): MmapError {
  return new MmapError(`the task did not finish within ${timeout} ms; its thread was terminated`, {
    code: 'ERR_MMAP_TASK_TIMEOUT',
  });
}

/** Errors thrown by a job's function are in its reply; here the thread itself has ended. */
function threadError(job: Job, thrown: unknown): MmapError {
  const cause = asError(thrown);
  return poolError(
    `the thread for ${job.name} ended before it had finished: ${cause.message}`,
    cause,
  );
}

function startError(job: Job, thrown: unknown): MmapError {
  const cause = asError(thrown);
  return poolError(
    `no thread could be started for ${job.name}: ${cause.message}; may the process have more threads (ulimit -u), and workers (--allow-worker)?`,
    cause,
  );
}

function poolError(message: string, cause: Error): MmapError {
  return fromElsewhere(new MmapError(message, { code: 'ERR_MMAP_POOL_THREAD', cause }));
}

let defaultPool: WorkerPool | undefined;

/** Returns the pool that is used where no other is given. It is created on first use. */
export function getDefaultPool(): WorkerPool {
  defaultPool ??= new WorkerPool();
  return defaultPool;
}

/**
 * Makes all files of this thread use another pool from now on. The previous pool is not destroyed.
 * @throws TypeError
 */
export function setDefaultPool(pool: WorkerPool): void {
  defaultPool = checkPool(pool);
}

/** @throws TypeError */
export function checkPool(pool: unknown): WorkerPool {
  if (pool instanceof WorkerPool) return pool;
  const isOther = (pool as object | null)?.constructor?.name === WorkerPool.name;
  throw typeError(
    'pool',
    isOther ? 'a WorkerPool of this copy of @fmmap/worker' : 'a WorkerPool',
    pool,
  );
}
