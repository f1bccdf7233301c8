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

/** What files have besides the methods of every async package: work in other threads. */
export abstract class Reads<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends FileReads<Memory> {
  /**
   * Runs a function in a worker thread, on a handle of its own on the same memory: nothing is copied,
   * opened or locked again. The function gets the file as the sync class (`MmapFile`, or
   * `MmapFileMut` if this one is writable), which is closed when it is done, and the arguments; what it
   * returns, or its promise is fulfilled with, is the result. Closing and resizing this file wait for it.
   *
   * Arguments and result are copied by structured clone. A view of the file is not: it stays a
   * view, which this file's `close` empties, so return `copyBytes()`.
   *
   * @param task - The URL or absolute path of a module whose default export is the function; or a
   * function that is sent as its source. That one sees globals, its arguments and what it `import()`s, and
   * nothing else from around it, neither variables nor helpers that a compiler put there.
   * @throws What the function throws, with its message, name, stack and own properties
   * @throws MmapError `ERR_MMAP_POOL_THREAD` if the function ended its thread, or there is none and none can be
   * started; `ERR_MMAP_TASK_RESULT` if its result cannot be cloned; `ERR_MMAP_POOL_DESTROYED`
   * @throws MmapUnsupportedError for a function, where no code is made of strings (`--disallow-code-generation-from-strings`)
   * @throws TypeError, MmapClosedError, MmapFaultError
   * @example
   * ```ts
   * import { AsyncMmapFile } from '@fmmap/worker';
   *
   * await using file = await AsyncMmapFile.open('package.json');
   * const braces = await file.run((file, wanted) => file.asBuffer().filter((byte) => byte === wanted).length, 123);
   * ```
   */
  run<Args extends unknown[], Result>(
    task: (file: AttachedFile<this>, ...args: Args) => Result,
    ...args: Args
  ): Promise<Awaited<Result>>;
  /** The same, with a task in a module of its own. */
  run<Result = unknown>(task: TaskModule, ...args: unknown[]): Promise<Result>;
  async run(task: TaskModule | ((...args: never[]) => unknown), ...args: unknown[]) {
    return await runTask(this, {}, task, args);
  }

  /**
   * {@link run} with options: a `signal`, a `timeout`, a `pool`. A task that is stopped by one of
   * them loses its thread, in the midst of what it does.
   *
   * @throws MmapError `ERR_MMAP_TASK_TIMEOUT`; the signal's reason; or as {@link run}
   */
  runWith<Args extends unknown[], Result>(
    options: RunOptions,
    task: (file: AttachedFile<this>, ...args: Args) => Result,
    ...args: Args
  ): Promise<Awaited<Result>>;
  /** The same, with a task in a module of its own. */
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
   * Splits the mapping into chunks, and runs a task on each, several at once, as {@link run} does. The
   * task gets the file, the chunk's offset and its length.
   *
   * @returns What it returned, in the order of the chunks.
   * @throws What the first failing task throws; the others are stopped then.
   * @throws as {@link runWith}
   * @example
   * ```ts
   * import { AsyncMmapFile } from '@fmmap/worker';
   *
   * await using file = await AsyncMmapFile.open('package.json');
   * const lines = await file.map(
   *   (file, offset, length) => file.bytes(offset, length).toString().split('\n').length - 1,
   *   { chunkSize: 256, boundary: 'line' },
   * );
   * console.log(lines.reduce((sum, count) => sum + count, 0));
   * ```
   */
  map<Result, Args extends unknown[] = []>(
    task: (file: AttachedFile<this>, offset: number, length: number, ...args: Args) => Result,
    options?: ChunkOptions<AttachedFile<this>, Args>,
  ): Promise<Awaited<Result>[]>;
  /** The same, with a task in a module of its own. */
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
