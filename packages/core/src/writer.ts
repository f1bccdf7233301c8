import { MemoryWriter } from './memory-writer.js';
import type { MemoryWrites } from './memory-writes.js';

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
export class MmapFileWriter extends MemoryWriter<WritableFile> {
  /**
   * Makes durable what this writer wrote since its last flush; see `MmapFileMut.flush`.
   * @throws MmapClosedError, MmapPoisonedError, MmapFaultError, MmapError of the system
   */
  flush(): void {
    const unflushed = this.takeUnflushed();
    try {
      this.file.flush(...unflushed.range);
    } catch (error) {
      this.giveBack(unflushed);
      throw error;
    }
  }
}
