import { sourceBytes } from './file-writes.js';
import { CursorWrites } from './generated/cursor-writes.js';

/** From one position to another, and the range of the file. */
interface Unflushed {
  readonly from: number;
  readonly to: number;
  readonly range: readonly [offset: number, length: number];
}

/** What the writers of the sync and the async classes have in common: it never leaves memory. */
export abstract class CursorWriter<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends CursorWrites<Memory> {
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

  /** What has to be flushed, which from now on is not. What a truncate has taken away needs no flush. @internal */
  protected takeUnflushed(): Unflushed {
    const to = Math.min(this.offset + this.#to, this.file.length);
    const from = Math.min(this.offset + this.#from, to);
    const taken = { from: this.#from, to: this.#to, range: [from, to - from] as const };
    this.#from = Number.POSITIVE_INFINITY;
    this.#to = 0;
    return taken;
  }

  /** After a flush that failed. @internal */
  protected giveBack({ from, to }: Unflushed): void {
    this.#from = Math.min(this.#from, from);
    this.#to = Math.max(this.#to, to);
  }

  /** @param isWritten - The bytes have to be flushed. @internal */
  protected override advance(length: number, isWritten = true): number {
    if (isWritten) {
      this.#from = Math.min(this.#from, this.position);
      this.#to = Math.max(this.#to, this.position + length);
    }
    return super.advance(length);
  }
}
