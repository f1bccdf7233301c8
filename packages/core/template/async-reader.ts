// The asynchronous reader: reads from a position that advances.
import {
  abortable,
  aim,
  checkEncoding,
  checkInteger,
  checkSize,
  failLate,
  type Needle,
  type OperationOptions,
  peekAt,
  prepare,
  readAll,
  readNext,
  readReserved,
  throwIfAborted,
  toDelimiter,
  toTarget,
} from '../src/internal.js';
import { Reader, runtime } from './runtime.js';

const LF = 10;

/** Bytes to read in ahead when searching for lines and delimiters. */
const AHEAD = 2 ** 18;

/**
 * Reads a part of a mapped file from a position that advances. Created by `file.reader()`. Typed reads, `bytes` and
 * `peek` only access memory; methods that return a promise have cold pages loaded {@where}.
 *
 * @example
 * ```ts
 * import { AsyncMmapFile } from '@fmmap/async';
 *
 * const file = await AsyncMmapFile.open('package.json');
 * for await (const line of file.reader()) console.log(line);
 * await file.close();
 * ```
 */
export class AsyncMmapFileReader<Memory extends ArrayBufferLike = ArrayBuffer>
  extends Reader<Memory>
  implements AsyncIterable<string>
{
  /** The offset in the mapping up to which pages have been read in. */
  #ready = 0;

  /** {@inheritDoc MmapFileReader.read} */
  async read(target: Uint8Array, options?: OperationOptions): Promise<number> {
    const { to, from } = aim(this, target);
    const signal = abortable(options);
    const mapping = this.file._mapping;
    return await readNext(runtime, mapping, to, from, (length) => this._reserve(length), signal);
  }

  /** {@inheritDoc MmapFileReader.peek} */
  peek(length: number): Buffer<Memory> {
    return peekAt(this.file._mapping, this, length) as Buffer<Memory>;
  }

  /**
   * Fills all of `target`.
   * @throws MmapRangeError if too few bytes remain; nothing is read then.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  async readExact(target: Uint8Array, options?: OperationOptions): Promise<void> {
    const to = toTarget(target);
    const signal = abortable(options);
    const from = this.claim(to.length);
    const mapping = this.file._mapping;
    mapping.resolve(from, to.length);
    await readReserved(
      (length) => this._reserve(length),
      to.length,
      () => readAll(runtime, mapping, to, from, signal),
    );
  }

  /** {@inheritDoc MmapFileReader.readLine} */
  async readLine(options?: OperationOptions): Promise<string | null> {
    return await this.#search(LF, abortable(options), (from, found, end) => {
      const text = this.file.copyBytes(from, (found < 0 ? end : found) - from).toString();
      this.advance((found < 0 ? end : found + 1) - from);
      return found >= 0 && text.endsWith('\r') ? text.slice(0, -1) : text;
    });
  }

  /**
   * Returns the bytes up to and including the next `delimiter`, without copying. Returns `null` if the delimiter does
   * not occur in the remaining bytes; the position does not change then.
   * @param delimiter - Bytes, text to encode as UTF-8, or a single byte (0 to 255); not empty.
   * @throws TypeError, MmapRangeError (an empty delimiter), MmapClosedError, MmapFaultError
   */
  async readUntil(delimiter: Needle, options?: OperationOptions): Promise<Buffer<Memory> | null> {
    const needle = toDelimiter(delimiter).slice();
    return await this.#search(needle, abortable(options), (from, found) =>
      found < 0 ? null : this.bytes(found + needle.length - from),
    );
  }

  /** {@inheritDoc MmapFileReader.readText} */
  async readText(
    length?: number,
    encoding: BufferEncoding = 'utf8',
    options?: OperationOptions,
  ): Promise<string> {
    if (length !== undefined) checkSize(length, 'length');
    checkEncoding(encoding);
    const signal = abortable(options);
    const mapping = this.file._mapping;
    mapping.refresh();
    const bytes = length ?? this.remaining;
    const from = this.claim(bytes);
    const read = async () => {
      await prepare(runtime, mapping, from, bytes, signal);
      return this.file.copyBytes(from, bytes).toString(encoding);
    };
    return await readReserved((length) => this._reserve(length), bytes, read);
  }

  /** Iterates over the remaining lines, as {@link readLine} returns them. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    for (let line = await this.readLine(); line !== null; line = await this.readLine()) yield line;
  }

  /**
   * Iterates over the bytes that remain at the time of the call, as views of `size` bytes; the last one may be shorter.
   * The bytes of each view have been read into memory when it is yielded.
   * @throws MmapRangeError also if some of these bytes are cut off meanwhile: an iteration that completes has covered
   * all of them.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  chunks(
    size: number,
    options?: OperationOptions,
  ): AsyncGenerator<Buffer<Memory>, void, undefined> {
    checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER);
    const signal = abortable(options);
    this.file._mapping.refresh();
    return this.#chunks(size, this.length, signal);
  }

  async *#chunks(
    size: number,
    end: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Buffer<Memory>, void, undefined> {
    while (this.position < end) {
      throwIfAborted(signal);
      const from = this.fileOffset;
      const length = Math.min(size, end - this.position);
      await prepare(runtime, this.file._mapping, from, length, signal);
      if (this.fileOffset !== from) continue; // another call was faster
      const chunk = this.peek(length); // shorter if the mapping has shrunk meanwhile
      if (chunk.length === 0) {
        this.claim(1); // throws, since the byte is gone
        continue;
      }
      this.advance(chunk.length);
      yield chunk;
      this.file._mapping.refresh();
    }
  }

  async #prepare(from: number, until: number, signal: AbortSignal | undefined): Promise<void> {
    if (until <= this.#ready && from >= this.#ready - 2 * AHEAD) return;
    await prepare(runtime, this.file._mapping, from, until - from, signal);
    this.#ready = until;
  }

  /**
   * Reads in everything up to the next occurrence of `needle`, or to the end.
   * @param take - Called before the file can change, with the position, the offset of the match (-1 if there is none)
   * and the end of the searched range.
   * @returns The result of `take`; `null` if nothing remains.
   */
  async #search<T>(
    needle: Uint8Array | number,
    signal: AbortSignal | undefined,
    take: (from: number, found: number, end: number) => T,
  ): Promise<T | null> {
    const mapping = this.file._mapping;
    mapping.refresh();
    const overlap = typeof needle === 'number' ? 0 : needle.length - 1;
    const end = () => this.offset + this.length; // may change while waiting
    for (let from = this.fileOffset, searched = from; from < end(); ) {
      const until = Math.min(searched + overlap + AHEAD, end());
      await this.#prepare(searched, until, signal);
      mapping.refresh();
      // The mapping has shrunk, or another call was faster and has moved the position.
      if (end() < until || this.fileOffset !== from) {
        from = this.fileOffset;
        searched = from;
        continue;
      }
      const found = this.file.indexOf(needle, searched, until);
      if (found >= 0 || until === end()) return take(from, found, until);
      searched = until - overlap;
    }
    return null;
  }
}

failLate(AsyncMmapFileReader);
