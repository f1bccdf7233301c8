// The asynchronous writer: writes at a position that advances.
import {
  abortable,
  aim,
  type CursorFile,
  failLate,
  MmapRangeError,
  type OperationOptions,
  readNext,
} from '../src/internal.js';
import { runtime, Writer } from './runtime.js';

/**
 * Writes to a part of a mapped file at a position that advances. Created by `file.writer()`. Only `flush` and `read`
 * wait for the system.
 *
 * @example
 * ```ts
 * import { AsyncMmapFileMut } from '@fmmap/async';
 *
 * const file = AsyncMmapFileMut.memory('greeting', 'hello, .....');
 * const writer = file.writer();
 * writer.seek(7);
 * writer.write('world');
 * await writer.flush();
 * await file.close();
 * ```
 */
export class AsyncMmapFileWriter<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends Writer<Memory> {
  /** @internal */
  declare protected readonly file: CursorFile & {
    flush(offset: number, length: number, options?: OperationOptions): Promise<void>;
  };

  /** {@inheritDoc MmapFileWriter.read} */
  async read(target: Uint8Array, options?: OperationOptions): Promise<number> {
    this._drain();
    const { to, from } = aim(this, target);
    const signal = abortable(options);
    const mapping = this.file._mapping;
    return await readNext(runtime, mapping, to, from, (length) => this._reserve(length), signal);
  }

  /**
   * Makes durable what this writer has written since its last flush; see `AsyncMmapFileMut.flush`.
   * @throws MmapClosedError, MmapPoisonedError, MmapFaultError, MmapError from the system
   */
  async flush(options?: OperationOptions): Promise<void> {
    this._drain();
    for (;;) {
      const unflushed = this.takeUnflushed();
      const [offset, length] = unflushed.range;
      try {
        return await this.file.flush(offset, length, options);
      } catch (error) {
        this.giveBack(unflushed);
        // An earlier truncate that was still pending may have cut some of it off, which needs no flush.
        const isCut = error instanceof MmapRangeError && offset + length > this.file.length;
        if (!isCut) throw error;
      }
    }
  }
}

failLate(AsyncMmapFileWriter);
