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

/** What files have besides the methods of every async package. */
export abstract class Reads<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends FileReads<Memory> {
  /**
   * A byte stream over a range, by default all of it. What it is about to give is read in on the
   * thread pool of libuv, one step ahead, so that the event loop waits for no disk.
   *
   * A BYOB reader has its buffers filled. Every other consumer gets views of the mapping, without a
   * copy: they show the file as it is at each moment, what is stored in them is stored in the file,
   * and after `close` they read zeroes. A chunk is to be done with before the next one is asked for,
   * or the option `copy` to be set. They lie over an `ArrayBuffer` of their own also with `shared`, because a byte
   * stream takes no shared memory.
   *
   * The stream fails with what the methods of the file throw: `MmapClosedError` once it is closed,
   * `MmapFaultError` if a page was gone (asked before the end at the latest, so a stream that ends well
   * has shown nothing but the file), `MmapRangeError` if `truncate` has taken some of the range away.
   *
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError; the signal's reason
   * @example
   * ```ts
   * import { AsyncMmapFile } from '@fmmap/stream';
   *
   * await using file = await AsyncMmapFile.open('package.json');
   * let bytes = 0;
   * for await (const chunk of file.readable({ chunkSize: 4096 })) bytes += chunk.length;
   * console.log(bytes === file.length); // true
   * ```
   */
  readable(options?: ReadableOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
    return readableOf(this, options);
  }

  /**
   * The lines of a range, by default of all, as UTF-8 without their `\n` or `\r\n`; each waits for
   * no disk, as of {@link readable}.
   *
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError; the signal's reason
   * @example
   * ```ts
   * import { AsyncMmapFile } from '@fmmap/stream';
   *
   * await using file = AsyncMmapFile.memory('greeting', 'hello\r\nworld\n');
   * for await (const line of file.lines()) console.log(line);
   * ```
   */
  lines(options?: LinesOptions): AsyncGenerator<string, void, undefined> {
    return linesOf(this, options);
  }
}

/** What writable files have besides. */
export abstract class Writes extends FileWrites {
  /**
   * A stream that writes bytes, or text as UTF-8, from an offset on. It takes chunks as fast as the
   * pages they go to are in memory, and `close` is fulfilled when all of it is on the disk.
   *
   * A chunk that does not fit is refused with `MmapRangeError` before any of it is written. With
   * `grow` the file is made larger instead, about twice as large each time and by 16 MiB at most, with blocks of the
   * disk set aside for it, and trimmed to what was written when the stream ends, well or not, at the latest when the
   * file is closed or the process exits. A process that is killed leaves the room, which is zeroes, at the end of the
   * file; so does a crash of the system. Programs that must know then where their data ends write that down, as a length
   * before each record. After an abort or an error the file holds what was written until then, which is not flushed. As
   * with `fs`, the bytes of a chunk are read when its turn comes: leave them alone until `write` is fulfilled. All other
   * arguments are taken at the call.
   *
   * @throws MmapError `ENOSPC` or `EDQUOT`, with which `write` rejects where the disk is full; the file keeps what was
   * written before.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError; the
   * signal's reason
   * @throws MmapUnsupportedError for `grow` on a copy-on-write mapping
   * @example
   * ```ts
   * import { AsyncMmapFileMut } from '@fmmap/stream';
   *
   * await using file = await AsyncMmapFileMut.create('greeting.txt');
   * const writer = file.writable({ grow: true }).getWriter();
   * await writer.write('hello');
   * await writer.close();
   * console.log(file.length); // 5
   * ```
   */
  writable(options?: WritableOptions): WritableStream<Uint8Array | string> {
    return writableOf(this, options);
  }
}

/** What readers have besides. */
export abstract class Reader<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends CursorReads<Memory> {
  /**
   * A byte stream over what remains, as `readable` of the file gives; the reader is at its end from here on.
   *
   * @param options - As of the file, but for the range.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError; the signal's reason
   * @example
   * ```ts
   * import { text } from 'node:stream/consumers';
   * import { AsyncMmapFile } from '@fmmap/stream';
   *
   * await using file = AsyncMmapFile.memory('message', Buffer.from('\x05helloworld'));
   * const reader = file.reader();
   * const head = reader.bytes(reader.readUInt8());
   * console.log(head.toString(), await text(reader.readable())); // hello world
   * ```
   */
  readable(options?: ChunkOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
    return takeRest(this, options, ['chunkSize', 'copy'], (all) => readableOf(this.file, all));
  }

  /** The lines of what remains, as `lines` of the file gives; the reader is at its end from here on. */
  lines(options?: OperationOptions): AsyncGenerator<string, void, undefined> {
    return takeRest(this, options, [], (all) => linesOf(this.file, all));
  }
}

/** What writers have besides. */
export abstract class Writer<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends CursorWriter<Memory> {
  /**
   * A stream that writes to what remains, as `writable` of the file gives; the writer is at its end from here on.
   *
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError; the signal's reason
   */
  writable(options?: OperationOptions): WritableStream<Uint8Array | string> {
    return takeRest(this, options, [], (all) => writableOf(this.file, all));
  }
}
