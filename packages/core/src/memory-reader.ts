import { TypedReader } from './generated/typed-reader.js';
import type { MemoryReads } from './memory-reads.js';
import { checkSize } from './range.js';

/** What the readers of the sync and the async classes have in common: it never leaves memory. */
export abstract class MemoryReader extends TypedReader<MemoryReads> {
  /**
   * The next `length` bytes without copying; see `MmapFile.asBuffer`.
   * @throws MmapRangeError if too little remains; the position stays.
   * @throws TypeError, MmapClosedError
   */
  bytes(length: number): Buffer {
    checkSize(length, 'length');
    const bytes = this.file.bytes(this.claim(length), length);
    this.advance(length);
    return bytes;
  }

  /** Like {@link bytes}, but stays, and gives what there is where too little remains. */
  peek(length: number): Buffer {
    checkSize(length, 'length');
    const wanted = Math.min(length, this.remaining);
    const from = this.offset + this.position;
    const rest = Math.max(this.file.length - from, 0);
    return this.file.bytes(rest === 0 ? 0 : from, Math.min(wanted, rest));
  }
}
