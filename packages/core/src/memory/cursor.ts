// The position of a reader or writer in a part of a mapped file.
import { type InspectOptionsStylized, inspect } from 'node:util';
import { checkInteger, checkSize } from '../arguments/range.js';
import { invoke } from '../binding/steps.js';
import { MmapRangeError, typeError } from '../errors.js';
import { type CursorDescription, show } from '../mapping/describe.js';
import { isIntact } from '../mapping/flag.js';
import { Mapping } from '../mapping/mapping.js';
import { toTarget } from './copy.js';
import type { FileReads } from './file-reads.js';
import type { FileWrites } from './file-writes.js';

/** Bytes a cursor advances between checks of the file: about as often as a reader based on `fs` would look at it. */
const REFILL = 2 ** 16;

/** Bytes that an async read has set aside. */
interface Reservation {
  /** The position after them. */
  readonly to: number;
  /** The position after those that were read, once the read has ended. */
  end: number | undefined;
}

/** The file that a cursor moves over. Only writers write to it. */
export type CursorFile = FileReads<ArrayBufferLike> & FileWrites;

/** What the offset of `seek` is relative to. */
export type Whence = 'start' | 'current' | 'end';

/**
 * A position in a part of a mapped file: the base of readers and writers.
 *
 * The part is fixed when the cursor is created; only {@link follow} extends it. If the mapping becomes shorter
 * (`truncate`, `reopen`, another thread), the part ends where the mapping ends, for all methods alike; if the mapping
 * grows again, so does the part:
 *
 * | | while the mapping ends inside the part |
 * |---|---|
 * | `offset`, `position` | unchanged, even past the end |
 * | `length` | the bytes of the part that are mapped; 0 if the mapping ends before the part |
 * | `remaining` | the bytes from the position to that end; 0 at or past it |
 * | `seek` | 0 to `length`; `'end'` is that end |
 * | `skip`, `read`, `peek`, `writeSome` | take what remains: fewer bytes than asked for, none at the end |
 * | `readLine`, iteration | the last line ends with the mapping; then `null`, or the iteration ends |
 * | `readUntil` | `null` if the delimiter is not in what remains |
 * | `readText` | all that remains, or `MmapRangeError` for more |
 * | `chunks` | yields what remained when it was called; `MmapRangeError` if the mapping ends before that |
 * | `readExact`, `bytes`, `readX`, `write`, `writeX` | `MmapRangeError` if too little remains; the position stays |
 *
 * A poisoned mapping has length 0, and what would throw `MmapRangeError` throws `MmapPoisonedError` instead. Once the
 * file is closed, the getters still report the part, so that no loop mistakes the close for the end, and every method
 * throws `MmapClosedError`.
 */
export abstract class Cursor<Memory extends ArrayBufferLike = ArrayBuffer> {
  /** @internal */
  protected readonly file: CursorFile;
  readonly #offset: number;
  #length: number;
  /** `offset + length` */
  #end: number;
  #position = 0;
  /** The position at which the next check of the file is due. */
  #due = REFILL;
  /** The async reads under way, and those that ended before an earlier one, in the order of their bytes. */
  readonly #reads: Reservation[] = [];

  /** Used by `reader()` and `writer()` of a file; call those instead. */
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
    this.#end = this.#offset + this.#length;
  }

  /** Offset of the part in the mapping, in bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** Length of the part in bytes, as far as it is mapped now. */
  get length(): number {
    const mapping = this.file._mapping;
    return mapping.isClosed ? this.#length : this.#lengthIn(mapping.length);
  }

  #lengthIn(total: number): number {
    return Math.max(Math.min(this.#length, total - this.#offset), 0);
  }

  /** Offset of the next byte from the start of the part, in bytes, as {@link seek} takes it. */
  get position(): number {
    return this.#position;
  }

  /** Offset of the next byte in the mapping, as the methods of the file take it: `offset + position`. */
  get fileOffset(): number {
    return this.#offset + this.#position;
  }

  /** Bytes from the position to the end; 0 if the mapping now ends before the position. */
  get remaining(): number {
    return Math.max(this.length - this.#position, 0);
  }

  /**
   * Extends the part to the current end of the mapping, if that is further on: after `truncate`, or after `reopen` of a
   * file that another process has extended. The position stays.
   * @returns The number of bytes that remain.
   * @throws MmapClosedError, MmapFaultError
   * @example
   * ```ts
   * const file = MmapFileMut.memory('log', 'one\n');
   * const reader = file.reader();
   * console.log([...reader]); // [ 'one' ]
   * file.truncate(8);
   * file.write('two\n', 4);
   * console.log(reader.follow(), [...reader]); // 4 [ 'two' ]
   * file.close();
   * ```
   */
  follow(): number {
    const mapping = this.file._mapping;
    mapping.refresh();
    this.#length = Math.max(this.#length, mapping.length - this.#offset);
    this.#end = this.#offset + this.#length;
    return this.remaining;
  }

  /**
   * Moves the position, to a value from 0 to `length`.
   * @param offset - Offset in bytes, relative to `whence`; may be negative.
   * @param whence - What the offset is relative to: the `'start'` of the part, the `'current'` position, or the `'end'`
   * of the part. Default: `'start'`.
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
    if (position > length) mapping.requireUsable(); // a poisoned mapping reports that instead
    checkInteger(position, 'offset', 0, length);
    this.#moveTo(position);
    return position;
  }

  /**
   * Advances the position by `length` bytes, at most to the end.
   * @returns The number of bytes skipped.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  skip(length: number): number {
    checkSize(length, 'length');
    this.file._mapping.refresh();
    const bytes = Math.min(length + 0, this.remaining);
    this.#moveTo(this.#position + bytes);
    return bytes;
  }

  #moveTo(position: number): void {
    this._endRun(position);
    this.#position = position;
  }

  /**
   * Called before the position moves in another way than past bytes that were written.
   * @param _next - The position from then on.
   * @internal
   */
  protected _endRun(_next: number): void {}

  /** For `JSON.stringify`: where the cursor is, not what it reads or writes. Never throws, whatever the state. */
  toJSON(): CursorDescription {
    const { path, length: total, state } = this.file._mapping.describe();
    const length = state === 'closed' ? this.#length : this.#lengthIn(total);
    return { path, offset: this.#offset, length, position: this.#position, state };
  }

  /** For `console.log` and `util.inspect`: shows {@link toJSON}. */
  [inspect.custom](depth?: number, options?: InspectOptionsStylized, how?: typeof inspect): string {
    return show(this, depth, options, how);
  }

  /**
   * Returns the next `length` bytes without copying, as a view like that of the file's `bytes`, and moves past them.
   * Bytes stored through a writer's view are not tracked by its `flush`.
   * @param length - Number of bytes: 0 to {@link remaining}.
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
   * The offset in the mapping of the next `length` bytes; for a length of 0, one that is always valid.
   * @throws MmapRangeError, MmapPoisonedError if fewer remain
   * @internal
   */
  protected claim(length: number): number {
    const at = this.#offset + this.#position;
    const mapping = this.file._mapping;
    const isThere = at + length <= this.#end && at + length <= mapping.length;
    return isThere && length > 0 && isIntact(mapping.flag) ? at : this.#claimSlowly(length);
  }

  #claimSlowly(length: number): number {
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
   * Moves the position past `length` bytes that were used, and returns the new one.
   * @param isWritten - Whether a writer wrote them.
   * @internal
   */
  protected advance(length: number, isWritten = true): number {
    const position = this.#position + length;
    if (position >= this.#due) this.#look(position);
    if (!isWritten) this._endRun(position);
    this.#position = position;
    return position;
  }

  /**
   * Moves the position past the next `length` bytes before an async read of them, so that reads at the same time get
   * different bytes.
   * @returns Call it with the number of bytes that were read: the position moves back to after them once all reads that
   * started later have given theirs back, unless another call has moved it meanwhile.
   * @internal
   */
  protected _reserve(length: number): (used: number) => void {
    const from = this.#position;
    const read: Reservation = { to: this.advance(length, false), end: undefined };
    this.#reads.push(read);
    return (used) => {
      read.end = from + used;
      for (let last = this.#reads.at(-1); last?.end !== undefined; last = this.#reads.at(-1)) {
        this.#reads.pop();
        if (this.#position === last.to && last.end < last.to) this.#moveTo(last.end);
      }
    };
  }

  #look(position: number): void {
    invoke(this.file._mapping.checkFault());
    this.#due = position + REFILL;
  }
}

/** A view of the next `length` bytes of a cursor, or of the rest if fewer remain. The position stays. */
export function peekAt(
  mapping: Mapping,
  cursor: Pick<Cursor, 'remaining' | 'fileOffset'>,
  length: number,
): Buffer {
  checkSize(length, 'length');
  return mapping.settled(() => {
    // Read first: `remaining` may notice what another thread has done, after which there may be no windows.
    const { remaining, fileOffset } = cursor;
    mapping.refresh();
    const bytes = Math.max(Math.min(length, remaining, mapping.length - fileOffset), 0);
    return mapping.bytes(bytes === 0 ? 0 : fileOffset, bytes);
  });
}

/** The part of `target` that the remaining bytes fill, and the offset they start at. @throws TypeError */
export function aim(
  { remaining, fileOffset }: Pick<Cursor, 'remaining' | 'fileOffset'>,
  target: unknown,
): { readonly to: Uint8Array; readonly from: number } {
  const to = toTarget(target);
  return { to: to.subarray(0, Math.min(to.length, remaining)), from: fileOffset };
}
