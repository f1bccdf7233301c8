import {
  abortable,
  aim,
  checkEncoding,
  checkInteger,
  checkSize,
  copyExact,
  failLate,
  type Needle,
  type OperationOptions,
  peekAt,
  prepare,
  readSome,
  toDelimiter,
  toTarget,
} from '../src/internal.js';
import { Reader, runtime } from './runtime.js';

const LF = 10;

/** Lines and chunks are read in ahead by so much. */
const AHEAD = 2 ** 18;

/**
 * Reads a part of a mapped file from a position that moves. Made by `file.reader()`. Typed reads,
 * `bytes` and `peek` only touch memory; what returns a promise has cold pages read in {@where}.
 *
 * @example
 * ```ts
 * import { AsyncMmapFile } from '@fmmap/async';
 *
 * await using file = await AsyncMmapFile.open('package.json');
 * for await (const line of file.reader()) console.log(line);
 * ```
 */
export class AsyncMmapFileReader<Memory extends ArrayBufferLike = ArrayBuffer>
  extends Reader<Memory>
  implements AsyncIterable<string>
{
  /** Up to where the mapping has been prepared, in its offsets. */
  #ready = 0;

  /** {@inheritDoc MmapFileReader.read} */
  async read(target: Uint8Array, options?: OperationOptions): Promise<number> {
    const { to, from } = aim(this, target);
    const signal = abortable(options);
    const mapping = this.file._mapping;
    // Before it waits, so that two reads at once get different bytes.
    this.advance(Math.max(Math.min(to.length, mapping.length - from), 0));
    return await readSome(runtime, mapping, to, from, signal);
  }

  /** {@inheritDoc MmapFileReader.peek} */
  peek(length: number): Buffer<Memory> {
    return peekAt(this.file._mapping, this, length) as Buffer<Memory>;
  }

  /**
   * Fills all of `target`.
   * @throws MmapRangeError if too little remains; then nothing is read.
   * @throws TypeError, MmapClosedError, MmapFaultError
   */
  async readExact(target: Uint8Array, options?: OperationOptions): Promise<void> {
    const to = toTarget(target);
    const signal = abortable(options);
    const from = this.claim(to.length);
    const mapping = this.file._mapping;
    mapping.resolve(from, to.length);
    this.advance(to.length);
    await prepare(runtime, mapping, from, to.length, signal);
    copyExact(mapping, to, from);
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
   * The bytes up to and with the next `delimiter`, without copying, or `null` if there is none in what remains; then the
   * position stays.
   * @param delimiter - Bytes, text in UTF-8, or one byte (0 to 255); not empty.
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
    this.advance(bytes);
    await prepare(runtime, mapping, from, bytes, signal);
    return this.file.copyBytes(from, bytes).toString(encoding);
  }

  /** The remaining lines, as {@link readLine} gives them. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    for (let line = await this.readLine(); line !== null; line = await this.readLine()) yield line;
  }

  /**
   * What remains now, as views of `size` bytes, the last one shorter. They are in memory when they come.
   * @throws MmapRangeError also when some of it is gone meanwhile: an iteration that ends well was of all.
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
      const length = Math.min(size, this.remaining);
      await prepare(runtime, this.file._mapping, this.fileOffset, length, signal);
      const chunk = this.peek(length); // of fewer bytes, if it was made shorter meanwhile
      if (chunk.length === 0) {
        this.claim(1); // which is gone
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
   * Has all read in up to where `needle` next is, or to the end.
   * @param take - What is done then, before the file can change: from the position on, with where it is found, or -1.
   * @returns What `take` does; `null` if nothing remains.
   */
  async #search<T>(
    needle: Uint8Array | number,
    signal: AbortSignal | undefined,
    take: (from: number, found: number, end: number) => T,
  ): Promise<T | null> {
    const mapping = this.file._mapping;
    mapping.refresh();
    const overlap = typeof needle === 'number' ? 0 : needle.length - 1;
    const end = () => this.offset + this.length; // which may move while it waits
    for (let from = this.fileOffset, searched = from; from < end(); ) {
      const until = Math.min(searched + overlap + AHEAD, end());
      await this.#prepare(searched, until, signal);
      mapping.refresh();
      // The file is shorter, or another call was quicker and has moved the position.
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
