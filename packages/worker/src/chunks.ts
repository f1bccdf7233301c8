// Splitting a mapping into chunks and running a task on each.
import {
  AbortController,
  checkInteger,
  isUrl,
  type Mapping,
  onAbort,
  throwIfAborted,
  typeError,
} from '@fmmap/core/internal';

import type { TaskSource } from './protocol.js';
import {
  inTurn,
  type RunOptions,
  runOptions,
  type Start,
  type TaskModule,
  toArguments,
  toLimits,
  toSource,
} from './task.js';

/** The progress of a `map`. */
export interface MapProgress {
  /** Number of chunks that are done. */
  readonly chunks: number;
  /** Number of all chunks. */
  readonly totalChunks: number;
  /** Bytes in the chunks that are done. */
  readonly bytes: number;
  /** Bytes in all chunks. */
  readonly totalBytes: number;
}

/** Options of `map`. `timeout` applies to each chunk. */
export interface ChunkOptions<File, Args extends unknown[] = unknown[]> extends RunOptions {
  /** Offset of the first byte of the part of the mapping to process. @defaultValue `0` */
  offset?: number | undefined;
  /** Number of bytes in that part. @defaultValue to the end */
  length?: number | undefined;
  /**
   * Bytes in a chunk, as nearly as the boundary allows.
   * @defaultValue what gives each thread four, at least 1 MiB
   */
  chunkSize?: number | undefined;
  /**
   * Where chunks may end: after any `'byte'`; after a `'line'`; after records of the given number of bytes; or at the
   * start of a record that a function (or module) finds. Such a function is run like a task: it gets the file and an
   * offset, and returns where the next record starts, at or after that offset. The last chunk gets the remaining bytes.
   * @defaultValue `'byte'`
   */
  boundary?:
    | 'byte'
    | 'line'
    | number
    | URL
    | ((file: File, offset: number) => number | Promise<number>)
    | undefined;
  /** Maximum number of chunks to process at once. @defaultValue the size of the pool */
  concurrency?: number | undefined;
  /** Further arguments for the task, after the chunk's offset and length. */
  args?: Args | undefined;
  /** Called after each chunk, on this thread; if it throws, `map` rejects with that error. */
  onProgress?: ((progress: MapProgress) => void) | undefined;
}

type Boundary = 'byte' | number | { readonly cutsBy: TaskSource | 'line' };

function toBoundary(boundary: unknown): Boundary {
  if (boundary === undefined || boundary === 'byte') return 'byte';
  if (boundary === 'line') return { cutsBy: 'line' };
  if (typeof boundary === 'function' || isUrl(boundary)) {
    return { cutsBy: toSource(boundary, 'boundary') };
  }
  if (typeof boundary !== 'number') {
    throw typeError('boundary', `'byte', 'line', a number, a function or a URL`, boundary);
  }
  checkInteger(boundary, 'boundary', 1, Number.MAX_SAFE_INTEGER);
  return boundary;
}

const SMALLEST = 2 ** 20;

/** The options of `map` besides {@link RunOptions}. */
const OPTIONS: readonly string[] = [
  ...['offset', 'length', 'chunkSize', 'boundary', 'concurrency'],
  ...['args', 'onProgress'],
];

/** Runs a task on each chunk. @returns The results in the order of the chunks. */
export async function mapChunks<File>(
  mapping: Mapping,
  task: TaskModule | ((...args: never[]) => unknown),
  options?: ChunkOptions<File>,
): Promise<unknown[]> {
  const values = runOptions(options, OPTIONS);
  const limits = toLimits(values);
  const source = toSource(task);
  const boundary = toBoundary(values.boundary);
  const args = toArguments(values.args ?? []);
  const {
    offset = 0,
    length: asked,
    chunkSize,
    concurrency = limits.pool.size,
    onProgress,
  } = values;
  if (chunkSize !== undefined) {
    checkInteger(chunkSize, 'chunkSize', 1, Number.MAX_SAFE_INTEGER);
  }
  checkInteger(concurrency, 'concurrency', 1, Number.MAX_SAFE_INTEGER);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw typeError('onProgress', 'a function', onProgress);
  }
  mapping.resolve(offset, asked);

  return inTurn(mapping, limits, async (start) => {
    const length = mapping.resolve(offset, asked);
    const size = chunkSize ?? Math.max(SMALLEST, Math.ceil(length / (4 * limits.pool.size)));
    const chunks = await split(start, boundary, offset + 0, length, size);
    const results: unknown[] = new Array(chunks.count);
    const progress = { chunks: 0, totalChunks: chunks.count, bytes: 0, totalBytes: length };
    const stop = new AbortController();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < chunks.count && !stop.signal.aborted) {
        const index = next++;
        const [from, bytes] = chunks.at(index);
        results[index] = await start(source, [from, bytes, ...args], stop.signal);
        if (stop.signal.aborted) return;
        progress.chunks += 1;
        progress.bytes += bytes;
        onProgress?.({ ...progress });
      }
    };
    const { signal } = limits;
    const ignore = onAbort(signal, (reason) => stop.abort(reason));
    try {
      throwIfAborted(signal);
      await Promise.all(Array.from({ length: Math.min(concurrency, chunks.count) }, lane));
      throwIfAborted(signal);
    } catch (error) {
      stop.abort(error); // the other results are no longer needed
      throw error;
    } finally {
      ignore();
    }
    return results;
  });
}

interface Chunks {
  readonly count: number;
  at(index: number): [offset: number, length: number];
}

async function split(
  start: Start,
  boundary: Boundary,
  offset: number,
  length: number,
  chunkSize: number,
): Promise<Chunks> {
  const end = offset + length;
  if (typeof boundary === 'object' && length > 0) {
    const cuts = (await start(boundary, [offset, end, chunkSize])) as number[];
    const at = (index: number) => cuts[index] ?? end;
    return {
      count: cuts.length - 1,
      at: (index) => [at(index), at(index + 1) - at(index)],
    };
  }
  const record = typeof boundary === 'number' ? boundary : 1;
  const step = Math.max(Math.floor(chunkSize / record), 1) * record;
  return {
    count: Math.ceil(length / step),
    at: (index) => [offset + index * step, Math.min(step, length - index * step)],
  };
}
