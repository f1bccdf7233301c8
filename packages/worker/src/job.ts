// A unit of work of the pool.
import { AbortController } from '@fmmap/core/internal';

import type { Reply, Request } from './protocol.js';

/** When to give up on work in the pool. */
export interface JobLimits {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds in a thread. */
  readonly timeout?: number | undefined;
}

/** A unit of work, from the pool's queue to its end. */
export class Job {
  readonly request: Request;
  readonly limits: JobLimits;
  /** What the caller gets; rejected with the reason as soon as the job is given up. */
  readonly reply: Promise<Reply>;
  /** Fulfilled when no thread is working on it any more: a terminated thread first finishes its system call. */
  readonly ended: Promise<void>;
  /** Terminates the thread. */
  readonly abort = new AbortController();
  /** Fulfilled when the threads that were terminated for it have exited. */
  gone: Promise<unknown> | undefined;
  resolve!: (reply: Reply) => void;
  reject!: (reason: unknown) => void;
  end!: () => void;

  constructor(request: Request, limits: JobLimits) {
    this.request = request;
    this.limits = limits;
    this.reply = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  get isTask(): boolean {
    return 'task' in this.request;
  }

  /** The job's name in messages. */
  get name(): string {
    return 'task' in this.request ? 'the task' : `the operation '${this.request.operation}'`;
  }
}
