// The writer's methods that need no I/O, shared by the sync and the async classes.

import type { TypedMemory } from '../mapping/mapping.js';
import { sourceBytes } from './file-writes.js';
import { CursorWrites } from './generated/cursor-writes.js';
import { isBuffered, SIZE, WriteBuffer, type WriterOptions } from './write-buffer.js';

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
  /** @internal */
  protected readonly memory: TypedMemory;
  readonly #buffer: WriteBuffer | undefined;
  /** Since then, the position has moved past bytes that were written only. */
  #run = 0;
  /** The range written in earlier runs since the last flush, as positions. */
  #from = Number.POSITIVE_INFINITY;
  #until = 0;

  /** Used by `writer()` of a file; call that instead. */
  constructor(file: object, offset?: number, length?: number, options?: WriterOptions) {
    const hasBuffer = isBuffered(options);
    super(file, offset, length);
    const mapping = this.file._mapping;
    this.#buffer = hasBuffer ? new WriteBuffer(this, mapping) : undefined;
    this.memory = this.#buffer?.memory ?? mapping;
  }

  /**
   * Writes all of `source`.
   * @param source - Bytes, or text to encode as UTF-8.
   * @returns The new position.
   * @throws MmapRangeError if there is not enough room; nothing is written then.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  write(source: Uint8Array | string): number {
    const bytes = sourceBytes(source);
    this.#write(bytes);
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
    const some = bytes.subarray(0, length);
    const written = this.#buffer ? this.#write(some) : this.file.writeSome(some, this.fileOffset);
    this.advance(written);
    return written;
  }

  #write(bytes: Uint8Array): number {
    const { length } = bytes;
    const at = this.claim(length);
    if (this.#buffer !== undefined && length > 0 && length <= SIZE) {
      this.#buffer.set(bytes, at);
    } else {
      this._drain();
      this.file.write(bytes, at);
    }
    return length;
  }

  /** Puts into the file what is collected. @internal */
  protected _drain(): void {
    this.#buffer?.drain();
  }

  /** @internal */
  protected override _room(length: number): number {
    const at = this.claim(length);
    return this.#buffer === undefined ? at : this.#buffer.place(at, length);
  }

  /** Takes the range that needs a flush and clears it. Bytes cut off by a truncate need no flush. @internal */
  protected takeUnflushed(): Unflushed {
    this._endRun(this.position);
    const to = Math.min(this.offset + this.#until, this.file.length);
    const from = Math.min(this.offset + this.#from, to);
    const taken = { from: this.#from, to: this.#until, range: [from, to - from] as const };
    this.#from = Number.POSITIVE_INFINITY;
    this.#until = 0;
    return taken;
  }

  /** Restores the range after a failed flush. @internal */
  protected giveBack({ from, to }: Pick<Unflushed, 'from' | 'to'>): void {
    this.#from = Math.min(this.#from, from);
    this.#until = Math.max(this.#until, to);
  }

  /** @internal */
  protected override _endRun(next: number): void {
    const { position } = this;
    if (next !== position) this._drain();
    if (position > this.#run) this.giveBack({ from: this.#run, to: position });
    this.#run = next;
  }
}
