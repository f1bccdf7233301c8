import { availableParallelism } from 'node:os';
import { type InspectOptionsStylized, inspect } from 'node:util';
import {
  asError,
  checkInteger,
  clearTimeout,
  Disposal,
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

/** What a timer of Node can wait for. */
export const LONGEST: number = 2 ** 31 - 1;

/** Options of a {@link WorkerPool}. */
export interface PoolOptions {
  /** The most threads at once. @defaultValue `os.availableParallelism()` */
  size?: number | undefined;
  /**
   * Milliseconds after which a thread without work ends; `Infinity` for never. Starting one takes some
   * 50 ms. @defaultValue 10,000
   */
  idleTimeout?: number | undefined;
}

/**
 * Threads that operations on files and tasks are run in. They are started when they are needed, and
 * keep the process alive only while they have work. What finds no thread waits, operations before tasks; if
 * there is no thread and none can be started, it is rejected with `ERR_MMAP_POOL_THREAD`, except for closing of
 * files. Most programs do with the shared pool; see {@link getDefaultPool}.
 *
 * @example
 * ```ts
 * import { AsyncMmapFile, WorkerPool } from '@fmmap/worker';
 *
 * await using pool = new WorkerPool({ size: 1 });
 * await using file = await AsyncMmapFile.open('package.json');
 * console.log(await file.runWith({ pool, timeout: 10_000 }, (file) => file.indexOf('{')));
 * ```
 */
export class WorkerPool implements AsyncDisposable {
  /** The most threads at once. */
  readonly size: number;
  /** @internal What makes structured cloning fail, with these words. */
  readonly _uncloneable: symbol = Symbol(
    'a WorkerPool, which belongs to its thread; make another one there',
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

  /** Threads that there are now, or that are being started. */
  get threads(): number {
    return this.#threads.threads.length;
  }

  /** Operations and tasks that wait for a thread. */
  get queued(): number {
    return this.#operations.size + this.#tasks.size;
  }

  /** Whether {@link destroy} was called. */
  get isDestroyed(): boolean {
    return this.#destroyed !== undefined;
  }

  /**
   * Ends all threads. What waits and what runs is rejected with `ERR_MMAP_POOL_DESTROYED`, except for
   * operations that the system is at: those come to their end first. So does closing of files.
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

  /** {@link destroy}. What it ends is rejected when this is over, as of files that are disposed of. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposal.run(() => this.destroy());
  }

  /** For `JSON.stringify`: the numbers of the pool. */
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
      const ignore = onAbort(signal, (reason) => this.#stop(job, reason));
      void job.reply.then(ignore, ignore);
      this.#next();
    }
    return job;
  }

  /** @internal The reply to a job; rejected as {@link start} says. */
  async replyTo(job: Job): Promise<Reply> {
    try {
      return await job.reply;
    } catch (error) {
      await this.#disposal.over;
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
    `${job.name} was not done: the pool of threads is destroyed; make another one, and setDefaultPool() it`,
    { code: 'ERR_MMAP_POOL_DESTROYED' },
  );
}

function timeoutError(timeout: number): MmapError {
  return new MmapError(`the task was not done after ${timeout} ms; its thread was terminated`, {
    code: 'ERR_MMAP_TASK_TIMEOUT',
  });
}

/** Errors that a job's function throws are in its reply; here the thread has ended. */
function threadError(job: Job, thrown: unknown): MmapError {
  const cause = asError(thrown);
  return poolError(`the thread for ${job.name} ended before it was done: ${cause.message}`, cause);
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

/** The pool that is used where no other one is given. It is made when it is needed first. */
export function getDefaultPool(): WorkerPool {
  defaultPool ??= new WorkerPool();
  return defaultPool;
}

/**
 * Has all files of this thread use another pool from now on. The one before is not destroyed.
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
