// Streams that write to a mapped file.
import { WritableStream, type WritableStreamDefaultController } from 'node:stream/web';
import {
  AbortController,
  checkSize,
  checkWhole,
  type FileWrites,
  isBytes,
  MmapRangeError,
  type OperationOptions,
  onAbortWeakly,
  operationOptions,
  operations,
  poolRuntime,
  prepare,
  runAsync,
  sourceBytes,
  throwIfAborted,
} from '@fmmap/core/internal';
import { Growth } from './growth.js';
import { checkBoolean } from './options.js';

/** Options of `writable`. */
export interface WritableOptions extends OperationOptions {
  /** Offset of the first byte to write. @defaultValue `0` */
  offset?: number | undefined;
  /**
   * Number of bytes that the stream may write, within the file as it is or, with `grow`, as it may become.
   * @defaultValue to the end
   */
  length?: number | undefined;
  /** Extend the file for chunks that do not fit. @defaultValue `false` */
  grow?: boolean | undefined;
}

/** Bytes to read in, and to write, at a time. */
const STEP = 2 ** 20;

/** Producers are asked to wait when this many bytes are queued. */
const QUEUE = 2 ** 18;

export function writableOf(
  file: FileWrites,
  options: WritableOptions | undefined,
): WritableStream<Uint8Array | string> {
  const takes = ['offset', 'length', 'grow'];
  const { offset = 0, length, grow = false, signal } = operationOptions(options, takes);
  checkSize(offset, 'offset');
  if (length !== undefined) checkSize(length, 'length');
  checkBoolean(grow, 'grow');
  const mapping = file._mapping;
  mapping.requireUsable();
  if (!grow) mapping.requireBytes(offset, length ?? 0);
  const end = length === undefined ? Number.MAX_SAFE_INTEGER : offset + length;
  const sink = new Sink(file, offset, end, grow ? Growth.join(mapping) : undefined, signal);
  return new WritableStream(sink, { highWaterMark: QUEUE, size: sizeOf });
}

/** An invalid chunk counts as 1, and is refused when its turn comes. */
function sizeOf(chunk: unknown): number {
  return isBytes(chunk) || typeof chunk === 'string' ? chunk.length : 1;
}

/** The destination of a stream's bytes. */
class Sink {
  readonly #file: FileWrites;
  readonly #from: number;
  /** The end of the stream's part of the file. */
  readonly #end: number;
  readonly #signal: AbortSignal | undefined;
  readonly #over = new AbortController();
  readonly #growth: Growth | undefined;
  #at: number;
  /** The offset up to which pages have been read in. */
  #ready = 0;
  #controller: WritableStreamDefaultController | undefined;
  #unlisten: (() => void) | undefined;
  #left: Promise<void> | undefined;

  constructor(
    file: FileWrites,
    offset: number,
    end: number,
    growth: Growth | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#file = file;
    this.#from = offset;
    this.#end = end;
    this.#at = offset;
    this.#growth = growth;
    this.#signal = signal;
  }

  start(controller: WritableStreamDefaultController): void {
    // The stream's own signal fires before `abort`, which waits for the chunk in flight.
    const { signal } = controller as unknown as { signal: AbortSignal }; // missing from the types
    signal.addEventListener('abort', () => this.#stop(signal.reason), { once: true });
    this.#controller = controller;
    this.#unlisten = onAbortWeakly(this.#signal, this, Sink.#abort);
  }

  // Not a closure, which would keep its enclosing scope alive.
  static #abort(sink: Sink, reason: unknown): void {
    sink.#controller?.error(reason);
    void sink.#stop(reason);
  }

  async write(chunk: unknown): Promise<void> {
    try {
      await this.#write(sourceBytes(chunk, 'chunk'));
    } catch (error) {
      const stopped = this.#stop(error);
      if (!this.#signal?.aborted) await stopped; // after an abort, the room goes in its turn
      throw error;
    }
  }

  async close(): Promise<void> {
    try {
      const mapping = this.#file._mapping;
      const signal = this.#over.signal;
      await mapping.queue.use(() => {
        const end = Math.min(this.#at, mapping.length);
        const from = Math.min(this.#from, end);
        return runAsync(poolRuntime, operations.flush(mapping, true, from, end - from), signal);
      }, signal);
    } catch (error) {
      await this.#stop(error);
      throw error;
    }
    this.#unlisten?.();
    await this.#leave();
  }

  async abort(reason: unknown): Promise<void> {
    await this.#stop(reason);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const file = this.#file;
    const { length } = bytes;
    const end = this.#at + length;
    file._mapping.requireUsable();
    if (end > this.#end) throw this.#full(length);
    if (this.#growth && end > file._mapping.length) {
      await this.#growth.reserve(end, this.#over.signal);
    }
    file._mapping.requireBytes(this.#at, length, 'chunk');
    for (let done = 0; done < length; done += STEP) {
      await this.#prepare(this.#at + Math.min(STEP, length - done));
      throwIfAborted(this.#over.signal);
      checkWhole(bytes, length, 'chunk');
      this.#at = file.write(bytes.subarray(done, done + STEP), this.#at);
      this.#growth?.wrote(this.#at);
    }
  }

  #full(length: number): MmapRangeError {
    const { path } = this.#file._mapping;
    const room = this.#end - this.#at;
    return new MmapRangeError(
      `the chunk of ${length} bytes does not fit: the stream may write ${room} more to '${path}'; give it a larger "length"`,
      { argument: 'length', path },
    );
  }

  async #prepare(until: number): Promise<void> {
    if (until <= this.#ready) return;
    await prepare(poolRuntime, this.#file._mapping, this.#at, STEP, this.#over.signal);
    this.#ready = this.#at + STEP;
  }

  /**
   * Ends the stream early and at once: whatever the user does to the file from here on comes after it.
   * @returns A promise that is fulfilled when the room has been removed; a failure to remove it is ignored, because
   * what matters is the reason.
   */
  #stop(reason: unknown): Promise<void> {
    this.#unlisten?.();
    this.#over.abort(reason);
    return this.#leave().catch(() => {});
  }

  async #leave(): Promise<void> {
    this.#left ??= this.#growth?.leave();
    await this.#left;
  }
}
