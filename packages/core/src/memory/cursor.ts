import { type InspectOptionsStylized, inspect } from 'node:util';
import { checkInteger, checkSize } from '../arguments/range.js';
import { invoke } from '../binding/steps.js';
import { MmapRangeError, typeError } from '../errors.js';
import { type CursorDescription, show } from '../mapping/describe.js';
import { Mapping } from '../mapping/mapping.js';
import { toTarget } from './copy.js';
import type { FileReads } from './file-reads.js';
import type { FileWrites } from './file-writes.js';

/** As a reader goes on it looks at the file, about as often as one that reads with `fs` would. */
const REFILL = 2 ** 16;

/** What a cursor moves over. Only writers write to it. */
export type CursorFile = FileReads<ArrayBufferLike> & FileWrites;

/** Where an offset of `seek` counts from. */
export type Whence = 'start' | 'current' | 'end';

/**
 * A position in a part of a mapped file: what readers and writers have in common.
 *
 * The part is fixed when the cursor is made, and grows by {@link follow} alone. Where the mapping has become shorter (`truncate`, `reopen`,
 * another thread), the part ends with the mapping, for all methods alike, and where it has grown again, so has the part:
 *
 * | | while the mapping ends inside the part |
 * |---|---|
 * | `offset`, `position` | stay, also behind the end |
 * | `length` | the bytes of the part that the mapping has; 0 if it ends before |
 * | `remaining` | from the position to that end; 0 at or behind it |
 * | `seek` | 0 to `length`; `'end'` is that end |
 * | `skip`, `read`, `peek`, `writeSome` | take what remains: less than asked for, and nothing at the end |
 * | `readLine`, iteration | the last line ends with the mapping; then `null`, or the end |
 * | `readUntil` | `null` if the delimiter is not in what remains |
 * | `readText` | all that remains, or `MmapRangeError` for more |
 * | `chunks` | give what remained when they were asked for; `MmapRangeError` when the mapping ends before that |
 * | `readExact`, `bytes`, `readX`, `write`, `writeX` | `MmapRangeError` if too little remains; the position stays |
 *
 * A poisoned mapping has length 0, and what throws `MmapRangeError` there throws `MmapPoisonedError`. Once the file is closed the getters say
 * what the part was, so that no loop takes that for its end, and every method throws `MmapClosedError`.
 */
export abstract class Cursor<Memory extends ArrayBufferLike = ArrayBuffer> {
  /** @internal */
  protected readonly file: CursorFile;
  readonly #offset: number;
  #length: number;
  #position = 0;
  /** The position from which on the file is due for a look. */
  #due = REFILL;

  /** For `reader()` and `writer()` of a file; use those. */
  constructor(file: object, offset?: number, length?: number) {
    const mapping = (file as CursorFile | undefined)?._mapping;
    if (!(mapping instanceof Mapping))
      throw typeError(
        'file',
        'a mapped file, whose reader() or writer() is called instead of "new"',
        file,
      );
    this.file = file as CursorFile;
    this.#length = mapping.resolve(offset, length) + 0;
    this.#offset = (offset ?? 0) + 0;
  }

  /** Where in the mapping the part starts, in bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** The bytes of the part, as far as the mapping has them now. */
  get length(): number {
    const mapping = this.file._mapping;
    return mapping.isClosed ? this.#length : this.#lengthIn(mapping.length);
  }

  #lengthIn(total: number): number {
    return Math.max(Math.min(this.#length, total - this.#offset), 0);
  }

  /** Where the next byte is, in bytes from the start of the part; what {@link seek} takes. */
  get position(): number {
    return this.#position;
  }

  /** Where the next byte is, as the methods of the file take offsets: `offset + position`. */
  get fileOffset(): number {
    return this.#offset + this.#position;
  }

  /** Bytes from the position to the end; 0 where the mapping has become so short that it ends before. */
  get remaining(): number {
    return Math.max(this.length - this.#position, 0);
  }

  /**
   * Has the part end where the mapping ends now, if that is further on: after `truncate`, or after `reopen` of a file that
   * another process has made longer. The position stays.
   * @returns The bytes that remain.
   * @throws MmapClosedError, MmapFaultError
   * @example
   * ```ts
   * using file = MmapFileMut.memory('log', 'one\n');
   * const reader = file.reader();
   * console.log([...reader]); // [ 'one' ]
   * file.truncate(8);
   * file.write('two\n', 4);
   * console.log(reader.follow(), [...reader]); // 4 [ 'two' ]
   * ```
   */
  follow(): number {
    const mapping = this.file._mapping;
    mapping.refresh();
    this.#length = Math.max(this.#length, mapping.length - this.#offset);
    return this.remaining;
  }

  /**
   * Moves the position, to 0 to `length`.
   * @param offset - Bytes from there, also negative.
   * @param whence - From where to count: `'start'` of the part, `'current'` position, or `'end'` of the part. Default: `'start'`.
   * @returns The new position.
   * @throws TypeError, MmapRangeError (the position stays), MmapClosedError, MmapFaultError
   */
  seek(offset: number, whence: Whence = 'start'): number {
    checkInteger(offset, 'offset', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    if (whence !== 'start' && whence !== 'current' && whence !== 'end') {
      throw typeError('whence', "'start', 'current' or 'end'", whence);
    }
    const mapping = this.file._mapping;
    mapping.refresh();
    const { length } = this;
    const position = { start: 0, current: this.#position, end: length }[whence] + offset;
    if (position > length) mapping.requireUsable(); // a poisoned one says that it is
    checkInteger(position, 'offset', 0, length);
    this.#position = position;
    return position;
  }

  /**
   * Moves on by `length` bytes, at most to the end.
   * @returns The bytes skipped.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  skip(length: number): number {
    checkSize(length, 'length');
    this.file._mapping.refresh();
    const bytes = Math.min(length + 0, this.remaining);
    this.#position += bytes;
    return bytes;
  }

  /** For `JSON.stringify`: where it is, not what it reads or writes. Throws nothing, whatever the state. */
  toJSON(): CursorDescription {
    const { path, length: total, state } = this.file._mapping.describe();
    const length = state === 'closed' ? this.#length : this.#lengthIn(total);
    return { path, offset: this.#offset, length, position: this.#position, state };
  }

  /** For `console.log` and `util.inspect`, which show {@link toJSON}. */
  [inspect.custom](depth?: number, options?: InspectOptionsStylized, how?: typeof inspect): string {
    return show(this, depth, options, how);
  }

  /**
   * The next `length` bytes without copying, as a view of the kind that `bytes` of the file gives; the position moves past
   * them. What is stored through the view of a writer is not known to its `flush`.
   * @param length - Bytes: 0 to {@link remaining}.
   * @throws MmapRangeError if too little remains; the position stays.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  bytes(length: number): Buffer<Memory> {
    checkSize(length, 'length');
    const bytes = this.file.bytes(this.claim(length), length);
    this.advance(length, false);
    return bytes as Buffer<Memory>;
  }

  /**
   * The offset in the file of the next `length` bytes; for none, one that always is in it.
   * @throws MmapRangeError, MmapPoisonedError if fewer remain
   * @internal
   */
  protected claim(length: number): number {
    const mapping = this.file._mapping;
    mapping.refresh();
    if (length === 0) return 0;
    const end = Math.min(this.#length, mapping.length - this.#offset);
    if (length > end - this.#position) {
      mapping.requireUsable();
      const { path } = mapping;
      throw new MmapRangeError(
        `a length of ${length} bytes at position ${this.#position} is more than what remains: ${this.remaining} of the ${this.length} bytes of this part of '${path}'`,
        { argument: 'length', path },
      );
    }
    return this.#offset + this.#position;
  }

  /**
   * Moves the position past `length` bytes that were used, and returns it.
   * @param _isWritten - Whether they were written by a writer.
   * @internal
   */
  protected advance(length: number, _isWritten?: boolean): number {
    const position = this.#position + length;
    if (position >= this.#due) {
      invoke(this.file._mapping.checkFault());
      this.#due = position + REFILL;
    }
    this.#position = position;
    return position;
  }
}

/** A view of the next `length` bytes of a cursor, or of what remains. The position stays. */
export function peekAt(
  mapping: Mapping,
  cursor: Pick<Cursor, 'remaining' | 'fileOffset'>,
  length: number,
): Buffer {
  checkSize(length, 'length');
  return mapping.settled(() => {
    mapping.refresh();
    // What remains is asked for once: another thread may make it less at any time.
    const bytes = Math.min(length, cursor.remaining);
    return mapping.bytes(bytes === 0 ? 0 : cursor.fileOffset, bytes);
  });
}

/** What `target` has room for of what remains, and where in the file that is. @throws TypeError */
export function aim(
  { remaining, fileOffset }: Pick<Cursor, 'remaining' | 'fileOffset'>,
  target: unknown,
): { readonly to: Uint8Array; readonly from: number } {
  const to = toTarget(target);
  return { to: to.subarray(0, Math.min(to.length, remaining)), from: fileOffset };
}
