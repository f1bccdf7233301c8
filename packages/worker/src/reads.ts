// The methods that run tasks on a file in other threads.
import { FileReads, failLate } from '@fmmap/core/internal';

import { type ChunkOptions, mapChunks } from './chunks.js';
import { addCaller } from './failure.js';
import {
  type AttachedFile,
  inTurn,
  type RunOptions,
  runOptions,
  type TaskModule,
  toArguments,
  toLimits,
  toSource,
} from './task.js';

/** The base class of files: adds `run`, `runWith` and `map` to the methods of every async package. */
export abstract class Reads<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends FileReads<Memory> {
  /**
   * Runs a function in a worker thread, with a handle of its own on the same memory: nothing is copied, reopened or
   * locked again. The function gets the file as the sync class (`MmapFile`, or `MmapFileMut` if this one is writable),
   * which is closed when the function is done, followed by the arguments. Its return value, or the value its promise is
   * fulfilled with, is the result. Closing and resizing this file wait for it.
   *
   * Arguments and result are copied by structured clone, including views of the file, unless it was opened with
   * `shared: true`. The function's handle is closed before its result is sent: return `copyBytes()` rather than a view.
   *
   * @param task - The URL or absolute path of a module whose default export is the function; or a function, which is
   * sent as its source. Such a function sees globals, its arguments and what it `import()`s, and nothing else from its
   * surroundings: neither variables nor helpers that a compiler added there.
   * @throws What the function throws, with its message, name, stack and own properties
   * @throws MmapError `ERR_MMAP_POOL_THREAD` if the function ended its thread, or there is no thread and none can be
   * started; `ERR_MMAP_TASK_RESULT` if its result cannot be cloned; `ERR_MMAP_POOL_DESTROYED`
   * @throws MmapUnsupportedError for a function if code generation from strings is disabled
   * (`--disallow-code-generation-from-strings`)
   * @throws TypeError, MmapClosedError, MmapFaultError
   * @example
   * ```ts
   * import { AsyncMmapFile } from '@fmmap/worker';
   *
   * const file = await AsyncMmapFile.open('package.json');
   * const braces = await file.run((file, wanted) => file.asBuffer().filter((byte) => byte === wanted).length, 123);
   * await file.close();
   * ```
   */
  run<Args extends unknown[], Result>(
    task: (file: AttachedFile<this>, ...args: Args) => Result,
    ...args: Args
  ): Promise<Awaited<Result>>;
  /** The same, for a task in a module of its own. */
  run<Result = unknown>(task: TaskModule, ...args: unknown[]): Promise<Result>;
  async run(task: TaskModule | ((...args: never[]) => unknown), ...args: unknown[]) {
    return await runTask(this, {}, task, args);
  }

  /**
   * Like {@link run}, with options: a `signal`, a `timeout`, a `pool`. A task that is stopped by one of them loses its
   * thread in the middle of its work.
   *
   * @throws MmapError `ERR_MMAP_TASK_TIMEOUT`; the signal's reason; or the same errors as {@link run}
   */
  runWith<Args extends unknown[], Result>(
    options: RunOptions,
    task: (file: AttachedFile<this>, ...args: Args) => Result,
    ...args: Args
  ): Promise<Awaited<Result>>;
  /** The same, for a task in a module of its own. */
  runWith<Result = unknown>(
    options: RunOptions,
    task: TaskModule,
    ...args: unknown[]
  ): Promise<Result>;
  async runWith(
    options: RunOptions,
    task: TaskModule | ((...args: never[]) => unknown),
    ...args: unknown[]
  ): Promise<unknown> {
    return await runTask(this, options, task, args);
  }

  /**
   * Splits the mapping into chunks and runs a task on each, several at once, as {@link run} does. The task gets the
   * file, the chunk's offset and its length.
   *
   * @returns The results of the tasks, in the order of the chunks.
   * @throws What the first failing task throws; the others are stopped then.
   * @throws The same errors as {@link runWith}
   * @example
   * ```ts
   * import { AsyncMmapFile } from '@fmmap/worker';
   *
   * const file = await AsyncMmapFile.open('package.json');
   * const lines = await file.map(
   *   (file, offset, length) => file.bytes(offset, length).toString().split('\n').length - 1,
   *   { chunkSize: 256, boundary: 'line' },
   * );
   * console.log(lines.reduce((sum, count) => sum + count, 0));
   * await file.close();
   * ```
   */
  map<Result, Args extends unknown[] = []>(
    task: (file: AttachedFile<this>, offset: number, length: number, ...args: Args) => Result,
    options?: ChunkOptions<AttachedFile<this>, Args>,
  ): Promise<Awaited<Result>[]>;
  /** The same, for a task in a module of its own. */
  map<Result = unknown>(
    task: TaskModule,
    options?: ChunkOptions<AttachedFile<this>>,
  ): Promise<Result[]>;
  async map(task: TaskModule | ((...args: never[]) => unknown), options?: object) {
    try {
      return await mapChunks(this._mapping, task, options);
    } catch (error) {
      throw addCaller(error);
    }
  }
}

failLate(Reads);

async function runTask(
  { _mapping: mapping }: FileReads<ArrayBufferLike>,
  options: RunOptions,
  task: unknown,
  args: readonly unknown[],
): Promise<unknown> {
  const limits = toLimits(runOptions(options));
  const source = toSource(task);
  const sent = toArguments(args);
  mapping.refresh();
  try {
    return await inTurn(mapping, limits, (start) => start(source, sent));
  } catch (error) {
    throw addCaller(error);
  }
}
