import {
  failLate,
  MemoryWriter,
  type MemoryWrites,
  type OperationOptions,
} from '../src/internal.js';

/** A file that a writer can flush. */
interface WritableFile extends MemoryWrites {
  readonly length: number;
  flush(offset?: number, length?: number, options?: OperationOptions): Promise<void>;
}

/**
 * Writes a part of a mapped file from a position that moves. Made by `file.writer()`. Only `flush`
 * waits for the system.
 *
 * @example
 * ```ts
 * import { AsyncMmapFileMut } from '@fmmap/async';
 *
 * await using file = AsyncMmapFileMut.memory('greeting', 'hello, .....');
 * const writer = file.writer();
 * writer.seek(7);
 * writer.writeAll('world');
 * await writer.flush();
 * ```
 */
export class AsyncMmapFileWriter extends MemoryWriter<WritableFile> {
  /**
   * Makes durable what this writer wrote since its last flush; see `AsyncMmapFileMut.flush`.
   * @throws MmapClosedError, MmapPoisonedError, MmapFaultError, MmapError of the system
   */
  async flush(options?: OperationOptions): Promise<void> {
    const unflushed = this.takeUnflushed();
    try {
      await this.file.flush(...unflushed.range, options);
    } catch (error) {
      this.giveBack(unflushed);
      throw error;
    }
  }
}

failLate(AsyncMmapFileWriter);
