// The synchronous reader: reads from a position that advances.
import { checkInteger, checkSize } from '../arguments/range.js';
import { copyExact, copyTo, toTarget } from '../memory/copy.js';
import { aim, peekAt } from '../memory/cursor.js';
import { CursorReads } from '../memory/generated/cursor-reads.js';
import { checkEncoding, indexOf, type Needle, toDelimiter } from '../memory/search.js';

const LF = 10;

/**
 * Reads a part of a mapped file from a position that advances. Created by `file.reader()`.
 *
 * @example
 * ```ts
 * const file = MmapFile.open('package.json');
 * for (const line of file.reader()) console.log(line);
 * file.close();
 * ```
 */
export class MmapFileReader<Memory extends ArrayBufferLike = ArrayBuffer>
  extends CursorReads<Memory>
  implements Iterable<string>
{
  /**
   * Fills `target` with the remaining bytes, at most `target.length` of them.
   * @returns The number of bytes read; 0 at the end.
   * @throws TypeError, MmapClosedError, MmapFaultError
   */
  read(target: Uint8Array): number {
    const { to, from } = aim(this, target);
    const read = copyTo(this.file._mapping, to, from);
    this.advance(read);
    return read;
  }

  /**
   * Like {@link bytes}, but does not advance, and returns the available bytes if fewer than `length` remain.
   * @param length - Maximum number of bytes; may exceed what remains.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  peek(length: number): Buffer<Memory> {
    return peekAt(this.file._mapping, this, length) as Buffer<Memory>;
  }

  /**
   * Fills all of `target`.
   * @throws MmapRangeError if too few bytes remain; nothing is read then.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  readExact(target: Uint8Array): void {
    const to = toTarget(target);
    const from = this.claim(to.length);
    copyExact(this.file._mapping, to, from);
    this.advance(to.length);
  }

  /**
   * Returns the next line, decoded as UTF-8 and without its `\n` or `\r\n`, or `null` at the end.
   * @throws MmapClosedError, MmapFaultError
   */
  readLine(): string | null {
    const mapping = this.file._mapping;
    const from = this.fileOffset;
    const line = mapping.settled(() => {
      for (;;) {
        mapping.refresh();
        const end = Math.min(this.offset + this.length, mapping.length);
        if (from >= end) return null;
        const found = indexOf(mapping, LF, from, end);
        if (mapping.length < end) continue; // another thread has made the mapping shorter
        const length = (found < 0 ? end : found) - from;
        return { text: mapping.windows.text(from, length), isEnded: found >= 0, length };
      }
    });
    if (line === null) return null;
    const { text, isEnded, length } = line;
    this.advance(isEnded ? length + 1 : length);
    return isEnded && text.endsWith('\r') ? text.slice(0, -1) : text;
  }

  /**
   * Returns the bytes up to and including the next `delimiter`, without copying. Returns `null` if the delimiter does
   * not occur in the remaining bytes; the position does not change then.
   * @param delimiter - Bytes, text to encode as UTF-8, or a single byte (0 to 255); not empty.
   * @throws TypeError, MmapRangeError (an empty delimiter), MmapClosedError, MmapFaultError
   * @example
   * ```ts
   * const file = MmapFile.memory('records', 'one;two;thr');
   * const reader = file.reader();
   * const records: string[] = [];
   * for (let record; (record = reader.readUntil(';')); ) records.push(record.toString());
   * console.log(records.join(' '), reader.remaining); // one; two; 3
   * file.close();
   * ```
   */
  readUntil(delimiter: Needle): Buffer<Memory> | null {
    const needle = toDelimiter(delimiter);
    const mapping = this.file._mapping;
    const from = this.fileOffset;
    const found = indexOf(mapping, needle, from, this.offset + this.length);
    return found < 0 ? null : this.bytes(found + needle.length - from);
  }

  /**
   * Returns the next `length` bytes, decoded as text.
   * @param length - Number of bytes, not characters. Default: all that remain.
   * @param encoding - A `Buffer` encoding. Default: `'utf8'`.
   * @throws MmapRangeError if too few bytes remain; the position does not change then.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  readText(length?: number, encoding: BufferEncoding = 'utf8'): string {
    if (length !== undefined) checkSize(length, 'length');
    checkEncoding(encoding);
    this.file._mapping.refresh();
    const bytes = length ?? this.remaining;
    const text = this.file.copyBytes(this.claim(bytes), bytes).toString(encoding);
    this.advance(bytes);
    return text;
  }

  /** Iterates over the remaining lines, as {@link readLine} returns them. */
  *[Symbol.iterator](): Generator<string, void, undefined> {
    for (let line = this.readLine(); line !== null; line = this.readLine()) yield line;
  }

  /**
   * Iterates over the bytes that remain at the time of the call, as views of `size` bytes; the last one may be shorter.
   * @throws MmapRangeError also if some of these bytes are cut off meanwhile: an iteration that completes has covered
   * all of them.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  chunks(size: number): Generator<Buffer<Memory>, void, undefined> {
    checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER);
    this.file._mapping.refresh();
    return this.#chunks(size, this.length);
  }

  *#chunks(size: number, end: number): Generator<Buffer<Memory>, void, undefined> {
    while (this.position < end) {
      const chunk = this.peek(Math.min(size, end - this.position));
      if (chunk.length === 0) {
        this.claim(1); // throws, since the byte is gone
        continue;
      }
      this.advance(chunk.length);
      yield chunk;
      this.file._mapping.refresh();
    }
  }
}
