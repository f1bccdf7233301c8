// The synchronous writer: writes at a position that advances.
import { copyTo } from '../memory/copy.js';
import { aim, type CursorFile } from '../memory/cursor.js';
import { CursorWriter } from '../memory/cursor-writer.js';

/**
 * Writes to a part of a mapped file at a position that advances. Created by `file.writer()`.
 *
 * @example
 * ```ts
 * const file = MmapFileMut.memory('greeting', 'hello, .....');
 * const writer = file.writer();
 * writer.seek(7);
 * writer.write('world');
 * file.close();
 * ```
 */
export class MmapFileWriter<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends CursorWriter<Memory> {
  /** @internal */
  declare protected readonly file: CursorFile & { flush(offset: number, length: number): void };

  /**
   * Fills `target` with the bytes at the position, at most `target.length` of them, and advances past them.
   * @returns The number of bytes read; 0 at the end.
   * @throws TypeError, MmapClosedError, MmapFaultError
   */
  read(target: Uint8Array): number {
    this._drain();
    const { to, from } = aim(this, target);
    const read = copyTo(this.file._mapping, to, from);
    this.advance(read, false);
    return read;
  }

  /**
   * Makes durable what this writer has written since its last flush; see `MmapFileMut.flush`.
   * @throws MmapClosedError, MmapPoisonedError, MmapFaultError, MmapError from the system
   */
  flush(): void {
    this._drain();
    const unflushed = this.takeUnflushed();
    try {
      this.file.flush(...unflushed.range);
    } catch (error) {
      this.giveBack(unflushed);
      throw error;
    }
  }
}
