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
export class MmapFileWriter extends TypedWriter<WritableFile> {
  /** What was written since the last flush, counted as the position is. */
  #from = Number.POSITIVE_INFINITY;
  #to = 0;

  /**
   * Writes as much of `source` as there is room for.
   * @returns The bytes written; 0 at the end.
   * @throws TypeError, MmapClosedError, MmapPoisonedError
   */
  write(source: Uint8Array | string): number {
    const bytes = sourceBytes(source);
    const length = Math.min(bytes.length, this.remaining);
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

  protected override advance(length: number): number {
    this.#from = Math.min(this.#from, this.position);
    this.#to = Math.max(this.#to, this.position + length);
    return super.advance(length);
  }
}
