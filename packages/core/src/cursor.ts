import { MmapRangeError, typeError } from './errors.js';
import { checkInteger, checkSize } from './range.js';

/** Where an offset of `seek` counts from. */
export type Whence = 'start' | 'current' | 'end';

/** The position of a reader or a writer in its range. */
export class Cursor {
  readonly offset: number;
  readonly length: number;
  position = 0;

  constructor(offset: number, length: number) {
    this.offset = offset;
    this.length = length;
  }

  get remaining(): number {
    return this.length - this.position;
  }

  /** The offset in the file of the next `length` bytes. @throws MmapRangeError if fewer remain */
  claim(length: number): number {
    if (length > this.remaining) {
      throw new MmapRangeError(
        `"length" ${length} at position ${this.position} is past the end: ${this.remaining} of ${this.length} bytes remain`,
        { argument: 'length' },
      );
    }
    return this.offset + this.position;
  }

  /** A count of bytes, at most what remains. */
  clamp(length: number): number {
    checkSize(length, 'length');
    return Math.min(length, this.remaining);
  }

  seek(offset: number, whence: Whence): number {
    checkInteger(offset, 'offset', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    if (whence !== 'start' && whence !== 'current' && whence !== 'end') {
      throw typeError('whence', "'start', 'current' or 'end'", whence);
    }
    const origin = { start: 0, current: this.position, end: this.length }[whence];
    checkInteger(origin + offset, 'offset', 0, this.length);
    this.position = origin + offset;
    return this.position;
  }
}
