// Tasks: their options and arguments, and running them on a file.
import { isAbsolute } from 'node:path';
import { URL as NodeUrl, pathToFileURL } from 'node:url';
import type { MmapFile, MmapFileMut } from '@fmmap/core';
import {
  argumentError,
  asError,
  checkInteger,
  clone,
  type FileReads,
  isUrl,
  type Mapping,
  type OperationOptions,
  operationOptions,
  typeError,
} from '@fmmap/core/internal';

import { unpackFailure } from './failure.js';
import type { JobLimits } from './job.js';
import { checkPool, getDefaultPool, LONGEST, type WorkerPool } from './pool.js';
import type { TaskSource } from './protocol.js';

/** Options for running a task. */
export interface RunOptions extends OperationOptions {
  /**
   * Milliseconds that the task may take in its thread, which is terminated after that. Waiting for a thread does not
   * count.
   * @defaultValue no limit
   */
  timeout?: number | undefined;
  /** The pool to run it in. @defaultValue {@link getDefaultPool} */
  pool?: WorkerPool | undefined;
}

/** What a task gets for a file: the sync class for the same memory, with shared views if the file's are shared. */
export type AttachedFile<File> =
  File extends FileReads<infer Memory extends ArrayBufferLike>
    ? File extends { writer: unknown }
      ? MmapFileMut<Memory>
      : MmapFile<Memory>
    : never;

/** The URL or absolute path of a module whose default export is the task. */
export type TaskModule = string | URL;

export interface TaskLimits extends JobLimits {
  readonly pool: WorkerPool;
}

/**
 * The options for running a task, and others, as they are at the call.
 * @throws The same errors as {@link operationOptions}
 */
export function runOptions<Options extends RunOptions>(
  options: Options | undefined,
  others: readonly string[] = [],
): Options {
  return operationOptions(options, ['timeout', 'pool', ...others]);
}

/** @throws TypeError, MmapRangeError */
export function toLimits({ signal, timeout, pool = getDefaultPool() }: RunOptions): TaskLimits {
  if (timeout !== undefined) checkInteger(timeout, 'timeout', 1, LONGEST);
  return { signal, timeout, pool: checkPool(pool) };
}

/** @throws TypeError */
export function toSource(task: unknown, name = 'task'): TaskSource {
  if (typeof task === 'function') {
    const code = Function.prototype.toString.call(task);
    if (/^class\b/.test(code)) {
      throw argumentError(
        name,
        `must be a function that can be called; received the class ${task.name}`,
      );
    }
    return { code };
  }
  if (isUrl(task)) return { url: task.href };
  if (typeof task === 'string') {
    if (isAbsolute(task)) return { url: pathToFileURL(task).href };
    if (NodeUrl.canParse(task)) return { url: task };
  }
  throw typeError(name, 'a function, or the URL or absolute path of a module', task);
}

/** The arguments as they are at the call, for sending. @throws TypeError */
export function toArguments(args: unknown): readonly unknown[] {
  if (!Array.isArray(args)) throw typeError('args', 'an array', args);
  if (args.length === 0) return [];
  try {
    return clone(args);
  } catch (thrown) {
    const cause = asError(thrown);
    // The symbol in our files and pools says what to do instead.
    const found = cause.message.replace(/^Symbol\((.*)\) could not be cloned\.$/, '$1');
    const what = `must be what structuredClone() takes, to be sent to another thread; received ${found}`;
    throw argumentError('args', what, 'ERR_INVALID_ARG_TYPE', { cause });
  }
}

/** Runs a task on the file. */
export type Start = (
  task: TaskSource,
  args: readonly unknown[],
  signal?: AbortSignal,
) => Promise<unknown>;

/**
 * Runs tasks as a single use of the file, so that closing and resizing wait. The result is returned as soon as
 * possible; the use ends when no thread accesses the file any more.
 */
export function inTurn<T>(
  mapping: Mapping,
  { pool, ...limits }: TaskLimits,
  act: (start: Start) => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const use = async (): Promise<void> => {
      const { shared } = mapping;
      const file = mapping.share();
      const underway = new Set<Promise<void>>();
      const start: Start = async (task, args, signal = limits.signal) => {
        const job = pool.start({ task, file, shared, args }, { ...limits, signal });
        underway.add(job.ended);
        void job.ended.then(() => underway.delete(job.ended));
        const reply = await pool.replyTo(job);
        if ('failure' in reply) throw unpackFailure(reply.failure);
        return reply.value;
      };
      await act(start).then(resolve, reject);
      await Promise.all(underway);
    };
    mapping.queue.use(use, limits.signal).catch(reject);
  });
}
