import { type ReadableByteStreamController, ReadableStream } from 'node:stream/web';
import {
  AbortController,
  checkInteger,
  copyTo,
  type FileReads,
  invoke,
  MmapRangeError,
  MmapUnsupportedError,
  type OperationOptions,
  onAbortWeakly,
  operationOptions,
} from '@fmmap/core/internal';
import { Ahead } from './ahead.js';
import { checkBoolean, type RangeOptions } from './options.js';

/** Options of `readable` of a reader. */
export interface ChunkOptions extends OperationOptions {
  /** The most bytes of a chunk, of those that are not a BYOB reader's. @defaultValue 256 KiB */
  chunkSize?: number | undefined;
  /** Give copies on the heap instead of views of the mapping. @defaultValue `false` */
  copy?: boolean | undefined;
}

/** Options of `readable`. */
export interface ReadableOptions extends RangeOptions, ChunkOptions {}

const CHUNK = 2 ** 18;

/** After so many bytes of views the file is looked at, as readers do. */
const CHECK = 2 ** 20;

/** Chunks beyond this would be larger than what V8 accounts without harm. */
const MOST = 2 ** 30;

export function readableOf(
  file: FileReads<ArrayBufferLike>,
  options: ReadableOptions | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const takes = ['offset', 'length', 'chunkSize', 'copy'];
  const values = operationOptions(options, takes);
  const { offset = 0, length, chunkSize = CHUNK, copy = false, signal } = values;
  checkInteger(chunkSize, 'chunkSize', 1, MOST);
  checkBoolean(copy, 'copy');
  const bytes = file._mapping.resolve(offset, length);
  const source = new Source(file, offset, bytes, chunkSize, copy, signal);
  // Nothing is queued: what is read ahead is read into the page cache.
  return new ReadableStream(source, { highWaterMark: 0 }) as ReadableStream<
    Uint8Array<ArrayBuffer>
  >;
}

/** Where the bytes of a stream come from. */
class Source {
  readonly type = 'bytes';
  readonly #file: FileReads<ArrayBufferLike>;
  readonly #offset: number;
  readonly #end: number;
  readonly #chunkSize: number;
  readonly #copy: boolean;
  readonly #ahead: Ahead;
  readonly #signal: AbortSignal | undefined;
  readonly #over = new AbortController();
  #at: number;
  /** Where the file is due for a look, which finds what no page fault tells of. */
  #due = 0;
  #controller: ReadableByteStreamController | undefined;
  #unlisten: (() => void) | undefined;

  constructor(
    file: FileReads<ArrayBufferLike>,
    offset: number,
    length: number,
    chunkSize: number,
    copy: boolean,
    signal: AbortSignal | undefined,
  ) {
    this.#file = file;
    this.#offset = offset;
    this.#at = offset;
    this.#end = offset + length;
    this.#chunkSize = chunkSize;
    this.#copy = copy;
    this.#signal = signal;
    this.#ahead = new Ahead(file, offset, this.#end, this.#over.signal);
  }

  start(controller: ReadableByteStreamController): void {
    this.#controller = controller;
    this.#unlisten = onAbortWeakly(this.#signal, this, Source.#abort);
  }

  // Not a closure, which would keep what it is made in.
  static #abort(source: Source, reason: unknown): void {
    source.#controller?.error(reason);
    source.cancel();
  }

  pull(controller: ReadableByteStreamController): Promise<void> | undefined {
    try {
      return this.#serve(controller)?.catch((error) => this.#fail(error));
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Gives what is asked for when it is there: after a wait that may be another reader's request. */
  #serve(controller: ReadableByteStreamController): Promise<void> | undefined {
    if (this.#over.signal.aborted) return undefined;
    const wanted = controller.byobRequest?.view?.byteLength ?? this.#chunkSize;
    const length = Math.min(wanted, this.#end - this.#at);
    const wait = this.#ahead.reach(this.#at + length);
    if (wait) return wait.then(() => this.#serve(controller));
    this.#give(controller, length);
    return undefined;
  }

  /** Also when it is all over: no more is read ahead, and nobody listens. */
  cancel(): void {
    this.#unlisten?.();
    this.#over.abort();
  }

  #fail(error: unknown): never {
    this.cancel();
    throw error;
  }

  #give(controller: ReadableByteStreamController, length: number): void {
    if (length === 0) {
      this.#check();
      controller.close();
      controller.byobRequest?.respond(0);
      this.cancel();
      return;
    }
    const request = controller.byobRequest;
    if (request?.view) {
      const { buffer, byteOffset } = request.view;
      const target = new Uint8Array(buffer, byteOffset, length);
      this.#whole(copyTo(this.#file._mapping, target, this.#at), length);
      request.respond(length);
    } else if (this.#copy) {
      controller.enqueue(this.#file.copyBytes(this.#at, length));
    } else {
      if (this.#at >= this.#due) this.#check();
      controller.enqueue(this.#view(length));
    }
    this.#at += length;
  }

  /** Whether what was given so far was the file: consumers of views learn of faults here. */
  #check(): void {
    const mapping = this.#file._mapping;
    mapping.resolve(this.#offset, this.#end - this.#offset);
    invoke(mapping.checkFault());
    this.#due = this.#at + CHECK;
  }

  /** A view that the stream may transfer: not of shared memory. */
  #view(length: number): Uint8Array {
    try {
      const mapping = this.#file._mapping;
      mapping.resolve(this.#at, length);
      return mapping.bytes(this.#at, length, false);
    } catch (error) {
      // Between two windows of a private mapping there is no view, on Node 20.
      if (error instanceof MmapUnsupportedError) return this.#file.copyBytes(this.#at, length);
      throw error;
    }
  }

  #whole(found: number, length: number): void {
    if (found === length) return;
    throw new MmapRangeError(
      `the stream was to give ${length} bytes at offset ${this.#at}, but '${this.#file.path}' was made shorter meanwhile`,
      { argument: 'length', path: this.#file.path },
    );
  }
}
