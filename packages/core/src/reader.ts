import { plain } from './bytes.js';
import { typeError } from './errors.js';
import { TypedReader } from './generated/typed-reader.js';
import type { MemoryReads } from './memory-reads.js';
import { checkInteger, checkSize } from './range.js';
import { indexOf } from './search.js';

const LF = 10;

/**
 * Reads a part of a mapped file from a position that moves. Made by `file.reader()`.
 *
 * @example
 * ```ts
 * using file = MmapFile.open('package.json');
 * for (const line of file.reader()) console.log(line);
 * ```
 */
export class MmapFileReader extends TypedReader<MemoryReads> implements Iterable<string> {
  /**
   * Fills `target` with what remains, at most `target.length` bytes.
   * @returns The bytes read; 0 at the end.
   * @throws TypeError, MmapClosedError
   */
  read(target: Uint8Array): number {
    if (!(target instanceof Uint8Array)) throw typeError('target', 'a Uint8Array', target);
    const to = plain(target);
    const length = Math.min(to.length, this.remaining);
    const read = this.file.read(to.subarray(0, length), this.offset + this.position);
    this.advance(read);
    return read;
  }

  /**
   * Fills all of `target`.
   * @throws MmapRangeError if too little remains; then nothing is read.
   * @throws TypeError, MmapClosedError
   */
  readExact(target: Uint8Array): void {
    if (!(target instanceof Uint8Array)) throw typeError('target', 'a Uint8Array', target);
    const to = plain(target);
    this.file.readExact(to, this.claim(to.length));
    this.advance(to.length);
  }

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

  /**
   * The next line as UTF-8 without its `\n` or `\r\n`, or `null` at the end.
   * @throws MmapClosedError
   */
  readLine(): string | null {
    const mapping = this.file._mapping;
    const from = this.offset + this.position;
    const line = mapping.settled(() => {
      for (;;) {
        mapping.refresh();
        const end = Math.min(this.offset + this.length, mapping.length);
        if (from >= end) return null;
        const found = indexOf(mapping, LF, from, end);
        if (mapping.length < end) continue; // another thread has made it shorter
        const length = (found < 0 ? end : found) - from;
        return { text: mapping.windows.text(from, length), isEnded: found >= 0, length };
      }
    });
    if (line === null) return null;
    const { text, isEnded, length } = line;
    this.advance(isEnded ? length + 1 : length);
    return isEnded && text.endsWith('\r') ? text.slice(0, -1) : text;
  }

  /** The remaining lines, as {@link readLine} gives them. */
  *[Symbol.iterator](): Generator<string, void, undefined> {
    for (let line = this.readLine(); line !== null; line = this.readLine()) yield line;
  }

  /**
   * The remaining bytes as views of `size` bytes, the last one shorter.
   * @throws TypeError, MmapRangeError, MmapClosedError
   */
  chunks(size: number): Generator<Buffer, void, undefined> {
    checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER);
    this.file._mapping.refresh();
    return this.#chunks(size);
  }

  *#chunks(size: number): Generator<Buffer, void, undefined> {
    while (this.remaining > 0) {
      yield this.bytes(Math.min(size, this.remaining));
      this.file._mapping.refresh();
    }
  }
}
