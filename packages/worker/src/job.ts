import { AbortController } from '@fmmap/core/internal';

import type { Reply, Request } from './protocol.js';

/** When work in the pool is to be given up. */
export interface JobLimits {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds in a thread. */
  readonly timeout?: number | undefined;
}

/** A piece of work, from the pool's queue to its end. */
export class Job {
  readonly request: Request;
  readonly limits: JobLimits;
  /** What the caller gets; as soon as the job is given up, the reason for that. */
  readonly reply: Promise<Reply>;
  /** No thread is at it any more: one that is terminated finishes its call into the system first. */
  readonly ended: Promise<void>;
  /** Terminates the thread. */
  readonly abort = new AbortController();
  /** Of the threads that were terminated for it. */
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

  /** For messages. */
  get name(): string {
    return 'task' in this.request ? 'the task' : `'${this.request.operation}'`;
  }
}
