// The writer's methods that need no I/O, shared by the sync and the async classes.
import { sourceBytes } from './file-writes.js';
import { CursorWrites } from './generated/cursor-writes.js';

/** An unflushed range: as positions, and as a range of the file. */
interface Unflushed {
  readonly from: number;
  readonly to: number;
  readonly range: readonly [offset: number, length: number];
}

/** The methods shared by the writers of the sync and the async classes: memory access only. */
export abstract class CursorWriter<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends CursorWrites<Memory> {
  /** The range written since the last flush, as positions. */
  #from = Number.POSITIVE_INFINITY;
  #to = 0;

  /**
   * Writes all of `source`.
   * @param source - Bytes, or text to encode as UTF-8.
   * @returns The new position.
   * @throws MmapRangeError if there is not enough room; nothing is written then.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  write(source: Uint8Array | string): number {
    const bytes = sourceBytes(source);
    this.file.write(bytes, this.claim(bytes.length));
    return this.advance(bytes.length);
  }

  /** Alias of {@link write}, named as in the Rust crate. */
  writeAll(source: Uint8Array | string): number {
    return this.write(source);
  }

  /**
   * Writes as many of the first bytes of `source` as there is room for.
   * @returns The number of bytes written; 0 at the end.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  writeSome(source: Uint8Array | string): number {
    const bytes = sourceBytes(source);
    const length = Math.min(bytes.length, this.remaining);
    const written = this.file.writeSome(bytes.subarray(0, length), this.fileOffset);
    this.advance(written);
    return written;
  }

  /** Takes the range that needs a flush and clears it. Bytes cut off by a truncate need no flush. @internal */
  protected takeUnflushed(): Unflushed {
    const to = Math.min(this.offset + this.#to, this.file.length);
    const from = Math.min(this.offset + this.#from, to);
    const taken = { from: this.#from, to: this.#to, range: [from, to - from] as const };
    this.#from = Number.POSITIVE_INFINITY;
    this.#to = 0;
    return taken;
  }

  /** Restores the range after a failed flush. @internal */
  protected giveBack({ from, to }: Unflushed): void {
    this.#from = Math.min(this.#from, from);
    this.#to = Math.max(this.#to, to);
  }

  /** @param isWritten - Whether the bytes need a flush. @internal */
  protected override advance(length: number, isWritten = true): number {
    if (isWritten) {
      this.#from = Math.min(this.#from, this.position);
      this.#to = Math.max(this.#to, this.position + length);
    }
    return super.advance(length);
  }
}
