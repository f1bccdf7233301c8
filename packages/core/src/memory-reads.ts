import { Access, binding } from './binding.js';
import { plain } from './bytes.js';
import { typeError } from './errors.js';
import { TypedReads } from './generated/typed-reads.js';
import { checkSize } from './range.js';
import { MmapFileReader } from './reader.js';
import { indexOf, lastIndexOf, type Needle } from './search.js';

function toTarget(target: unknown): Uint8Array {
  if (!(target instanceof Uint8Array)) throw typeError('target', 'a Uint8Array', target);
  return plain(target);
}

/** Reading of a mapped file that never leaves memory; shared by the sync and the async classes. */
export abstract class MemoryReads extends TypedReads {
  /** The path as it was given, or `''` for anonymous memory. */
  get path(): string {
    return this._mapping.path;
  }

  /** Mapped bytes; 0 once closed or poisoned. */
  get length(): number {
    const mapping = this._mapping;
    return mapping.isClosed ? 0 : mapping.length;
  }

  /** Whether there is nothing mapped. */
  get isEmpty(): boolean {
    return this.length === 0;
  }

  /** Whether the memory may be executed. */
  get isExec(): boolean {
    return this._mapping.access === Access.exec;
  }

  /** Whether stores go to a private copy and never to the file. */
  get isCow(): boolean {
    return this._mapping.isCow;
  }

  /** Whether a change failed half-way; see {@link MmapPoisonedError}. */
  get isPoisoned(): boolean {
    return this._mapping.isPoisoned;
  }

  /**
   * Whether a page could not be used when it was touched; see {@link MmapFaultError}. Asks nobody:
   * {@link checkFault} also looks at the file.
   */
  get isFaulted(): boolean {
    return this._mapping.isFaulted;
  }

  /** Whether the mapping was closed, by this handle or by the one it was attached to. */
  get isClosed(): boolean {
    return this._mapping.isClosed;
  }

  /**
   * The whole mapping as a Buffer, without copying.
   *
   * It lies over shared memory: `WebCrypto`, `Blob` and `fetch`, which refuse such memory, take
   * {@link copyBytes} instead. After `close` it reads zeroes, or is detached with `detachOnClose`.
   *
   * @throws MmapClosedError
   * @throws MmapRangeError if the mapping is larger than a Buffer can be; use {@link bytes}.
   * @example
   * ```ts
   * using file = MmapFile.open('package.json');
   * console.log(JSON.parse(file.asBuffer().toString()));
   * ```
   */
  asBuffer(): Buffer {
    const mapping = this._mapping;
    mapping.refresh();
    return mapping.bytes(0, mapping.length);
  }

  /**
   * A part of the mapping as a Buffer, without copying; see {@link asBuffer}.
   *
   * @param offset - First byte: 0 to `length`.
   * @param length - Bytes: 0 to `length - offset`.
   * @throws TypeError, MmapRangeError, MmapClosedError
   * @throws MmapUnsupportedError for a range across the 4 GiB boundary of a copy-on-write mapping
   * on Node 20.
   */
  bytes(offset: number, length: number): Buffer {
    checkSize(offset, 'offset');
    checkSize(length, 'length');
    const mapping = this._mapping;
    mapping.resolve(offset, length);
    return mapping.bytes(offset, length);
  }

  /**
   * A copy of a part of the mapping on the heap, by default of all of it.
   * @throws TypeError, MmapRangeError, MmapClosedError
   */
  copyBytes(offset?: number, length?: number): Buffer {
    const mapping = this._mapping;
    const copy = mapping.settled(() =>
      mapping.windows.copy(offset ?? 0, mapping.resolve(offset, length)),
    );
    mapping.checkAfter(copy.length);
    return copy;
  }

  /**
   * Copies into `target` what there is from `offset` on, at most `target.length` bytes.
   * @returns The bytes copied: fewer than asked at the end of the mapping, 0 behind it.
   * @throws TypeError, MmapRangeError (an offset that is no offset), MmapClosedError
   */
  read(target: Uint8Array, offset = 0): number {
    const to = toTarget(target);
    checkSize(offset, 'offset');
    const mapping = this._mapping;
    const count = mapping.settled(() => {
      mapping.refresh();
      const length = Math.max(Math.min(to.length, mapping.length - offset), 0);
      if (mapping.windows.aliases(to, mapping)) to.set(mapping.windows.copy(offset, length));
      else {
        mapping.windows.each(offset, length, (bytes, at) => {
          to.set(bytes, at - offset);
        });
      }
      return length;
    }, to);
    mapping.checkAfter(count);
    return count;
  }

  /**
   * Fills all of `target` from `offset` on.
   * @throws MmapRangeError if there are not enough bytes; then nothing is copied.
   * @throws TypeError, MmapClosedError
   */
  readExact(target: Uint8Array, offset = 0): void {
    const to = toTarget(target);
    checkSize(offset, 'offset');
    this._mapping.resolve(offset, to.length);
    this.read(to, offset);
  }

  /**
   * The offset of the first occurrence of `value` at or after `offset`, or -1.
   * @param value - Bytes, text in UTF-8, or one byte (0 to 255).
   * @throws TypeError, MmapRangeError, MmapClosedError
   */
  indexOf(value: Needle, offset = 0): number {
    return indexOf(this._mapping, value, offset);
  }

  /** The offset of the last occurrence of `value` that starts at or before `offset`, or -1. */
  lastIndexOf(value: Needle, offset?: number): number {
    return lastIndexOf(this._mapping, value, offset);
  }

  /** Whether `value` occurs at or after `offset`. */
  includes(value: Needle, offset = 0): boolean {
    return this.indexOf(value, offset) >= 0;
  }

  /**
   * A reader with a position of its own over a part of the mapping, by default all of it.
   * @throws TypeError, MmapRangeError, MmapClosedError
   */
  reader(offset?: number, length?: number): MmapFileReader {
    return new MmapFileReader(this, offset ?? 0, this._mapping.resolve(offset, length));
  }

  /**
   * Which pages of a range are in memory: one byte a page, 1 if it is (`mincore(2)`). Linux says 1
   * for every page of a file that the caller neither owns nor may write.
   * @throws TypeError, MmapRangeError, MmapClosedError
   */
  residency(offset?: number, length?: number): Uint8Array {
    const mapping = this._mapping;
    const bytes = mapping.resolve(offset, length);
    const from = mapping.windows.delta + (offset ?? 0);
    const first = Math.floor(from / binding.pageSize);
    const pages = new Uint8Array(
      bytes === 0 ? 0 : Math.ceil((from + bytes) / binding.pageSize) - first,
    );
    binding.residency(mapping.id, offset ?? 0, bytes, pages);
    return pages;
  }
}
