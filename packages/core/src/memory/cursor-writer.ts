import { checkSize } from '../arguments/range.js';
import { type FileWrites, sourceBytes } from './file-writes.js';
import { CursorWrites } from './generated/cursor-writes.js';

/** From one position to another, and the range of the file. */
interface Unflushed {
  readonly from: number;
  readonly to: number;
  readonly range: readonly [offset: number, length: number];
}

/** A file that may be written, and read back. */
export interface ReadableToo extends FileWrites {
  readonly length: number;
  bytes(offset?: number, length?: number): Buffer<ArrayBufferLike>;
}

/** What the writers of the sync and the async classes have in common: it never leaves memory. */
export abstract class CursorWriter<
  File extends ReadableToo,
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends CursorWrites<File> {
  /** What was written since the last flush, counted as the position is. */
  #from = Number.POSITIVE_INFINITY;
  #to = 0;

  /**
   * Writes all of `source`.
   * @param source - Bytes, or text in UTF-8.
   * @returns The new position.
   * @throws MmapRangeError if there is not enough room; then nothing is written.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  write(source: Uint8Array | string): number {
    const bytes = sourceBytes(source);
    this.file.write(bytes, this.claim(bytes.length));
    return this.advance(bytes.length);
  }

  /** The same as {@link write}, by the name that the Rust crate has for it. */
  writeAll(source: Uint8Array | string): number {
    return this.write(source);
  }

  /**
   * Writes as much of the start of `source` as there is room for.
   * @returns The bytes written; 0 at the end.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  writeSome(source: Uint8Array | string): number {
    const bytes = sourceBytes(source);
    const length = Math.min(bytes.length, this.remaining);
    const written = this.file.writeSome(bytes.subarray(0, length), this.fileOffset);
    this.advance(written);
    return written;
  }

  /**
   * The next `length` bytes without copying, as `MmapFile.asBuffer` has them; the position moves past them. What is stored
   * through the view is not known to {@link flush}.
   * @throws MmapRangeError if too little remains; the position stays.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  bytes(length: number): Buffer<Memory> {
    checkSize(length, 'length');
    const bytes = this.file.bytes(this.claim(length), length) as Buffer<Memory>;
    this.advance(length, false);
    return bytes;
  }

  /** What has to be flushed, which from now on is not. What a truncate has taken away needs no flush. */
  protected takeUnflushed(): Unflushed {
    const to = Math.min(this.offset + this.#to, this.file.length);
    const from = Math.min(this.offset + this.#from, to);
    const taken = { from: this.#from, to: this.#to, range: [from, to - from] as const };
    this.#from = Number.POSITIVE_INFINITY;
    this.#to = 0;
    return taken;
  }

  /** After a flush that failed. */
  protected giveBack({ from, to }: Unflushed): void {
    this.#from = Math.min(this.#from, from);
    this.#to = Math.max(this.#to, to);
  }

  /** @param isWritten - The bytes have to be flushed. */
  protected override advance(length: number, isWritten = true): number {
    if (isWritten) {
      this.#from = Math.min(this.#from, this.position);
      this.#to = Math.max(this.#to, this.position + length);
    }
    return super.advance(length);
  }
}
