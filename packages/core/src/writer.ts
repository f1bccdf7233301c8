import { Cursor, type Whence } from './cursor.js';
import { TypedWriter } from './generated/typed-writer.js';
import { type MemoryWrites, sourceBytes } from './memory-writes.js';

/** A file that a writer can flush. */
interface WritableFile extends MemoryWrites {
  readonly length: number;
  flush(offset?: number, length?: number): void;
}

/**
 * Writes a part of a mapped file from a position that moves. Made by `file.writer()`.
 *
 * @example
 * ```ts
 * using file = MmapFileMut.memory('greeting', 'hello, .....');
 * const writer = file.writer();
 * writer.seek(7);
 * writer.writeAll('world');
 * ```
 */
export class MmapFileWriter extends TypedWriter {
  protected readonly file: WritableFile;
  readonly #cursor: Cursor;
  /** What was written since the last flush, in the reader's own count. */
  #from = Number.POSITIVE_INFINITY;
  #to = 0;

  /** @internal */
  constructor(file: WritableFile, offset: number, length: number) {
    super();
    this.file = file;
    this.#cursor = new Cursor(offset, length);
  }

  /** Where in the mapping the writer begins, in bytes. */
  get offset(): number {
    return this.#cursor.offset;
  }

  /** The bytes that the writer covers. */
  get length(): number {
    return this.#cursor.length;
  }

  /** Where the next byte is written, counted from the writer's begin. */
  get position(): number {
    return this.#cursor.position;
  }

  /** Bytes from the position to the end. */
  get remaining(): number {
    return this.#cursor.remaining;
  }

  /**
   * Moves the position, to 0 to `length`.
   * @returns The new position.
   * @throws TypeError, MmapRangeError (the position stays), MmapClosedError
   */
  seek(offset: number, whence: Whence = 'start'): number {
    this.file._mapping.refresh();
    return this.#cursor.seek(offset, whence);
  }

  /**
   * Moves on by `length` bytes, at most to the end, and leaves them as they are.
   * @returns The bytes skipped.
   * @throws TypeError, MmapRangeError, MmapClosedError
   */
  skip(length: number): number {
    const bytes = this.#cursor.clamp(length);
    this.file._mapping.refresh();
    this.#cursor.position += bytes;
    return bytes;
  }

  /**
   * Writes as much of `source` as there is room for.
   * @returns The bytes written; 0 at the end.
   * @throws TypeError, MmapClosedError, MmapPoisonedError
   */
  write(source: Uint8Array | string): number {
    const bytes = sourceBytes(source);
    const length = this.#cursor.clamp(bytes.length);
    const written = this.file.write(bytes.subarray(0, length), this.offset + this.position);
    this.advance(written);
    return written;
  }

  /**
   * Writes all of `source`.
   * @throws MmapRangeError if there is not enough room; then nothing is written.
   * @throws TypeError, MmapClosedError, MmapPoisonedError
   */
  writeAll(source: Uint8Array | string): void {
    const bytes = sourceBytes(source);
    this.file.writeAll(bytes, this.claim(bytes.length));
    this.advance(bytes.length);
  }

  /**
   * Makes durable what this writer wrote since its last flush; see `MmapFileMut.flush`.
   * @throws MmapClosedError, MmapPoisonedError, MmapError of the system
   */
  flush(): void {
    // What a truncate has taken away since needs no flush.
    const end = Math.min(this.offset + this.#to, this.file.length);
    const from = Math.min(this.offset + this.#from, end);
    this.file.flush(from, end - from);
    this.#from = Number.POSITIVE_INFINITY;
    this.#to = 0;
  }

  protected claim(length: number): number {
    this.file._mapping.refresh();
    return this.#cursor.claim(length);
  }

  protected advance(length: number): number {
    this.#from = Math.min(this.#from, this.position);
    this.#cursor.position += length;
    this.#to = Math.max(this.#to, this.position);
    return this.position;
  }
}
