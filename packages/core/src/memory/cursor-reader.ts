import { checkSize } from '../arguments/range.js';
import type { FileReads } from './file-reads.js';
import { CursorReads } from './generated/cursor-reads.js';

/** What the readers of the sync and the async classes have in common: it never leaves memory. */
export abstract class CursorReader<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends CursorReads<FileReads> {
  /**
   * The next `length` bytes without copying; see `MmapFile.asBuffer`.
   * @throws MmapRangeError if too little remains; the position stays.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  bytes(length: number): Buffer<Memory> {
    checkSize(length, 'length');
    const bytes = this.file.bytes(this.claim(length), length) as Buffer<Memory>;
    this.advance(length);
    return bytes;
  }

  /**
   * Like {@link bytes}, but stays, and gives what there is where too little remains.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  peek(length: number): Buffer<Memory> {
    checkSize(length, 'length');
    const mapping = this.file._mapping;
    return mapping.settled(() => {
      mapping.refresh();
      // What remains is asked for once: another thread may make it less at any time.
      const bytes = Math.min(length, this.remaining);
      return mapping.bytes(bytes === 0 ? 0 : this.fileOffset, bytes) as Buffer<Memory>;
    });
  }
}
