import { TypedWriter } from './generated/typed-writer.js';
import { type MemoryWrites, sourceBytes } from './memory-writes.js';

/** From one position to another, and the range of the file. */
interface Unflushed {
  readonly from: number;
  readonly to: number;
  readonly range: readonly [offset: number, length: number];
}

/** What the writers of the sync and the async classes have in common: it never leaves memory. */
export abstract class MemoryWriter<
  File extends MemoryWrites & { readonly length: number },
> extends TypedWriter<File> {
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

  protected override advance(length: number): number {
    this.#from = Math.min(this.#from, this.position);
    this.#to = Math.max(this.#to, this.position + length);
    return super.advance(length);
  }
}
