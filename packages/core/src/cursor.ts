import { MmapRangeError, typeError } from './errors.js';
import { Mapping } from './mapping.js';
import { checkInteger, checkSize } from './range.js';
import { perform } from './work.js';

/** As a reader goes on it looks at the file, about as often as one that reads with `fs` would. */
const REFILL = 2 ** 16;

/** Where an offset of `seek` counts from. */
export type Whence = 'start' | 'current' | 'end';

/** A position in a part of a mapped file: what readers and writers have in common. */
export abstract class Cursor<File extends { readonly _mapping: Mapping }> {
  protected readonly file: File;
  readonly #offset: number;
  readonly #length: number;
  #position = 0;
  /** The position from which on the file is due for a look. */
  #due = REFILL;

  /** @internal */
  constructor(file: File, offset?: number, length?: number) {
    const mapping = (file as File | undefined)?._mapping;
    if (!(mapping instanceof Mapping)) throw typeError('file', 'a mapped file', file);
    this.file = file;
    this.#length = mapping.resolve(offset, length);
    this.#offset = offset ?? 0;
  }

  /** Where in the mapping the part begins, in bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** The bytes of the part. */
  get length(): number {
    return this.#length;
  }

  /** Where the next byte is, counted from the begin of the part. */
  get position(): number {
    return this.#position;
  }

  /** Bytes from the position to the end. */
  get remaining(): number {
    return this.#length - this.#position;
  }

  /**
   * Moves the position, to 0 to `length`.
   * @returns The new position.
   * @throws TypeError, MmapRangeError (the position stays), MmapClosedError
   */
  seek(offset: number, whence: Whence = 'start'): number {
    checkInteger(offset, 'offset', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    if (whence !== 'start' && whence !== 'current' && whence !== 'end') {
      throw typeError('whence', "'start', 'current' or 'end'", whence);
    }
    this.file._mapping.refresh();
    const origin = { start: 0, current: this.#position, end: this.#length }[whence];
    checkInteger(origin + offset, 'offset', 0, this.#length);
    this.#position = origin + offset;
    return this.#position;
  }

  /**
   * Moves on by `length` bytes, at most to the end.
   * @returns The bytes skipped.
   * @throws TypeError, MmapRangeError, MmapClosedError
   */
  skip(length: number): number {
    checkSize(length, 'length');
    this.file._mapping.refresh();
    const bytes = Math.min(length, this.remaining);
    this.#position += bytes;
    return bytes;
  }

  /** The offset in the file of the next `length` bytes. @throws MmapRangeError if fewer remain */
  protected claim(length: number): number {
    this.file._mapping.refresh();
    if (length > this.remaining) {
      throw new MmapRangeError(
        `"length" ${length} at position ${this.#position} is past the end: ${this.remaining} of ${this.#length} bytes remain`,
        { argument: 'length' },
      );
    }
    return this.#offset + this.#position;
  }

  /** Moves the position past `length` bytes that were used, and returns it. */
  protected advance(length: number): number {
    const position = this.#position + length;
    if (position >= this.#due) {
      perform(this.file._mapping.checkFault());
      this.#due = position + REFILL;
    }
    this.#position = position;
    return position;
  }
}
