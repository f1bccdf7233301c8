// Byte streams that read from a mapped file.
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

/** Options of a reader's `readable`. */
export interface ChunkOptions extends OperationOptions {
  /** Maximum number of bytes in a chunk, except for BYOB readers. @defaultValue 256 KiB */
  chunkSize?: number | undefined;
  /** Return copies on the heap instead of views of the mapping. @defaultValue `false` */
  copy?: boolean | undefined;
}

/** Options of `readable`. */
export interface ReadableOptions extends RangeOptions, ChunkOptions {}

const CHUNK = 2 ** 18;

/** The file is checked after this many bytes of views, as readers check it. */
const CHECK = 2 ** 20;

/** Larger chunks would exceed what V8 can account for without harm. */
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
  // Nothing is queued: reading ahead fills the page cache.
  return new ReadableStream(source, { highWaterMark: 0 }) as ReadableStream<
    Uint8Array<ArrayBuffer>
  >;
}

/** The source of a stream's bytes. */
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
  /** The offset at which the file is to be checked next, for losses that no page fault reports. */
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

  // Not a closure, which would keep its enclosing scope alive.
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

  /** Fulfills the current request once its bytes are in memory; after a wait that may be another reader's request. */
  #serve(controller: ReadableByteStreamController): Promise<void> | undefined {
    if (this.#over.signal.aborted) return undefined;
    const wanted = controller.byobRequest?.view?.byteLength ?? this.#chunkSize;
    const length = Math.min(wanted, this.#end - this.#at);
    const wait = this.#ahead.reach(this.#at + length);
    if (wait) return wait.then(() => this.#serve(controller));
    this.#give(controller, length);
    return undefined;
  }

  /** Also called at the end: stops reading ahead and removes the abort listener. */
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

  /** Checks that everything delivered so far was the file: this is where consumers of views learn of faults. */
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
      // On Node 20, no view can span two windows of a private mapping.
      if (error instanceof MmapUnsupportedError) return this.#file.copyBytes(this.#at, length);
      throw error;
    }
  }

  #whole(found: number, length: number): void {
    if (found === length) return;
    throw new MmapRangeError(
      `the stream was to give ${length} bytes at offset ${this.#at}, but '${this.#file.path}' has been truncated meanwhile`,
      { argument: 'length', path: this.#file.path },
    );
  }
}
