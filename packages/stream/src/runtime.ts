// The seam of @fmmap/stream: its base classes add streams to files, readers and writers.
import type { ReadableStream, WritableStream } from 'node:stream/web';
import {
  CursorReads,
  CursorWriter,
  FileReads,
  FileWrites,
  type OperationOptions,
} from '@fmmap/core/internal';
import { type LinesOptions, linesOf } from './lines.js';
import { type ChunkOptions, type ReadableOptions, readableOf } from './readable.js';
import { takeRest } from './rest.js';
import { type WritableOptions, writableOf } from './writable.js';

export { poolRuntime as runtime } from '@fmmap/core/internal';

/** The base class of files: adds `readable` and `lines` to the methods of every async package. */
export abstract class Reads<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends FileReads<Memory> {
  /**
   * Returns a byte stream over a range, by default the whole mapping. Bytes are read in on the thread pool of libuv,
   * one step ahead, so that the event loop does not wait for the disk.
   *
   * A BYOB reader gets its buffers filled. Every other consumer gets views of the mapping, without copying: they show
   * the file as it is at each moment, storing to them stores to the file, and after `close` they read zeroes. Finish
   * with a chunk before requesting the next one, or set the option `copy`. Even with `shared`, the views are backed by
   * an `ArrayBuffer` of their own, because byte streams do not accept shared memory.
   *
   * The stream fails with the errors that the file's methods throw: `MmapClosedError` once the file is closed,
   * `MmapFaultError` if a page was lost (checked before the end at the latest, so a stream that completes has shown
   * nothing but the file), `MmapRangeError` if `truncate` has cut off part of the range.
   *
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError; the signal's reason
   * @example
   * ```ts
   * import { AsyncMmapFile } from '@fmmap/stream';
   *
   * const file = await AsyncMmapFile.open('package.json');
   * let bytes = 0;
   * for await (const chunk of file.readable({ chunkSize: 4096 })) bytes += chunk.length;
   * console.log(bytes === file.length); // true
   * await file.close();
   * ```
   */
  readable(options?: ReadableOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
    return readableOf(this, options);
  }

  /**
   * Iterates over the lines of a range, by default the whole mapping, decoded as UTF-8 and without their `\n` or
   * `\r\n`. As with {@link readable}, the event loop does not wait for the disk.
   *
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError; the signal's reason
   * @example
   * ```ts
   * import { AsyncMmapFile } from '@fmmap/stream';
   *
   * const file = AsyncMmapFile.memory('greeting', 'hello\r\nworld\n');
   * for await (const line of file.lines()) console.log(line);
   * await file.close();
   * ```
   */
  lines(options?: LinesOptions): AsyncGenerator<string, void, undefined> {
    return linesOf(this, options);
  }
}

/** The base class of writable files' writing methods: adds `writable`. */
export abstract class Writes extends FileWrites {
  /**
   * Returns a stream that writes bytes, or text encoded as UTF-8, from an offset on. It accepts chunks as fast as the
   * pages they go to are read into memory, and `close` is fulfilled once everything is on disk.
   *
   * A chunk that does not fit is refused with `MmapRangeError` before any of it is written. With `grow` the file is
   * extended instead: to about twice its size each time, but by 16 MiB at most, with disk blocks reserved for it. It is
   * trimmed to what was written when the stream ends, successfully or not, and at the latest when the file is closed or
   * the process exits. A process that is killed, or a system crash, leaves this room at the end of the file as zeroes.
   * Programs that must then know where their data ends should record it, such as by a length before each record. After
   * an abort or an error the file holds what was written until then, not flushed. As with `fs`, the bytes of a chunk
   * are read when its turn comes: do not modify them until `write` is fulfilled. All other arguments are read at the
   * call.
   *
   * @throws MmapError `ENOSPC` or `EDQUOT`, with which `write` rejects if the disk is full; the file keeps what was
   * written before.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError; the signal's reason
   * @throws MmapUnsupportedError for `grow` on a copy-on-write mapping
   * @example
   * ```ts
   * import { AsyncMmapFileMut } from '@fmmap/stream';
   *
   * const file = await AsyncMmapFileMut.create('greeting.txt');
   * const writer = file.writable({ grow: true }).getWriter();
   * await writer.write('hello');
   * await writer.close();
   * console.log(file.length); // 5
   * await file.close();
   * ```
   */
  writable(options?: WritableOptions): WritableStream<Uint8Array | string> {
    return writableOf(this, options);
  }
}

/** The base class of readers: adds `readable` and `lines`. */
export abstract class Reader<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends CursorReads<Memory> {
  /**
   * Returns a byte stream over the remaining bytes, like the file's `readable`; the reader moves to its end.
   *
   * @param options - Those of the file's method, except the range.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError; the signal's reason
   * @example
   * ```ts
   * import { text } from 'node:stream/consumers';
   * import { AsyncMmapFile } from '@fmmap/stream';
   *
   * const file = AsyncMmapFile.memory('message', Buffer.from('\x05helloworld'));
   * const reader = file.reader();
   * const head = reader.bytes(reader.readUInt8());
   * console.log(head.toString(), await text(reader.readable())); // hello world
   * await file.close();
   * ```
   */
  readable(options?: ChunkOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
    return takeRest(this, options, ['chunkSize', 'copy'], (all) => readableOf(this.file, all));
  }

  /** Iterates over the remaining lines, like the file's `lines`; the reader moves to its end. */
  lines(options?: OperationOptions): AsyncGenerator<string, void, undefined> {
    return takeRest(this, options, [], (all) => linesOf(this.file, all));
  }
}

/** The base class of writers: adds `writable`. */
export abstract class Writer<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends CursorWriter<Memory> {
  /**
   * Returns a stream that writes to the remaining bytes, like the file's `writable`; the writer moves to its end.
   *
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError; the signal's reason
   */
  writable(options?: OperationOptions): WritableStream<Uint8Array | string> {
    this._drain();
    return takeRest(this, options, [], (all) => writableOf(this.file, all));
  }
}
