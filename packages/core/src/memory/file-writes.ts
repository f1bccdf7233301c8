// The write methods of a mapped file that need no I/O, shared by the sync and the async classes.
import { Buffer } from 'node:buffer';

import { isBytes, plain } from '../arguments/bytes.js';
import { checkInteger, checkSize } from '../arguments/range.js';
import { binding } from '../binding/binding.js';
import { MmapRangeError, typeError } from '../errors.js';
import type { Mapping } from '../mapping/mapping.js';
import { ownerOf } from '../mapping/window-set.js';
import { NumericWrites } from './generated/numeric-writes.js';

/** The bytes of a `source` of {@link FileWrites.write}. */
export function sourceBytes(source: unknown, name = 'source'): Uint8Array {
  if (typeof source === 'string') return Buffer.from(source);
  if (isBytes(source)) return plain(source, name);
  throw typeError(name, 'a Uint8Array or a string', source);
}

/** From this many bytes on, a system call costs less than the faults of pages that the process has not touched yet. */
const LARGE = 2 ** 16;

/** The most bytes to move at once: large for speed, bounded because a file may be larger than the heap. */
const MOVE = 2 ** 20;

/** Stores all of `from`, for which there is room. Called in {@link Mapping.settled}. */
function put(mapping: Mapping, from: Uint8Array, offset: number): void {
  const { windows } = mapping;
  let done = 0;
  while (from.length - done >= LARGE) {
    const piece = from.subarray(done, done + MOVE);
    const written = binding.writeCached(mapping.id, offset + done, piece, true);
    if (written === 0) windows.store(offset + done, piece);
    done += written || piece.length;
  }
  if (done < from.length) windows.store(offset + done, from.subarray(done));
}

/**
 * Puts bytes that a writer has collected into the file. A full disk is an error without a fault.
 * @throws MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError, MmapError from the system
 */
export function putCollected(mapping: Mapping, from: Uint8Array, offset: number): void {
  mapping.settled(() => {
    mapping.requireUsable();
    mapping.requireBytes(offset, from.length, 'length');
    const written = binding.writeCached(mapping.id, offset, from, false);
    if (written < from.length) mapping.windows.store(offset + written, from.subarray(written));
  });
  mapping.checkAfter(from.length);
}

/**
 * Copies the start of `from` into the mapping.
 * @param count - Returns how many bytes; called on every attempt, as another thread may shorten the mapping.
 */
function store(mapping: Mapping, from: Uint8Array, offset: number, count: () => number): number {
  const stored = mapping.settled(() => {
    const length = count();
    const part = length === from.length ? from : from.subarray(0, length);
    // Bytes of a mapped file are copied through the map, which knows what to do if they are lost or overlap.
    if (length >= LARGE && ownerOf(part) === undefined) put(mapping, part, offset);
    else
      mapping.windows.store(offset, mapping.windows.aliases(part, mapping) ? part.slice() : part);
    return length;
  }, from);
  mapping.checkAfter(stored);
  return stored;
}

/** About the bytes that {@link FileWrites.fill} stores at once: they stay in the processor's cache. */
const BLOCK = 2 ** 18;

/** The write methods that only access memory, shared by the sync and the async classes. */
export abstract class FileWrites extends NumericWrites {
  /**
   * Copies all of `source` to `offset`.
   * @param source - Bytes, or text to encode as UTF-8.
   * @param offset - Offset of the first byte: 0 to `length` minus the byte length of `source`. Default: `0`.
   * @returns The offset after the last byte, where the next write goes.
   * @throws MmapRangeError if there is not enough room; nothing is written then.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   * @example
   * ```ts
   * const file = MmapFileMut.memory('log', new Uint8Array(11));
   * let end = file.write('hello ');
   * end = file.write('world', end);
   * console.log(end, file.asBuffer().toString()); // 11 hello world
   * file.close();
   * ```
   */
  write(source: Uint8Array | string, offset = 0): number {
    const from = sourceBytes(source);
    checkSize(offset, 'offset');
    const mapping = this._mapping;
    const stored = store(mapping, from, offset, () => {
      mapping.requireUsable();
      mapping.requireBytes(offset, from.length, 'source');
      return from.length;
    });
    return offset + stored;
  }

  /**
   * Alias of {@link write}, named as in the Rust crate.
   * @param offset - Offset of the first byte. Default: `0`.
   */
  writeAll(source: Uint8Array | string, offset = 0): number {
    return this.write(source, offset);
  }

  /**
   * Copies as many of the first bytes of `source` to `offset` as there is room for.
   * @param offset - Offset of the first byte; may be past the end. Default: `0`.
   * @returns The number of bytes written: fewer than `source` has near the end of the mapping, 0 past it. Text may be
   * cut within a character.
   * @throws TypeError, MmapRangeError (an offset that is not an integer from 0 to 2^53-1), MmapClosedError,
   * MmapPoisonedError, MmapFaultError
   */
  writeSome(source: Uint8Array | string, offset = 0): number {
    const from = sourceBytes(source);
    checkSize(offset, 'offset');
    const mapping = this._mapping;
    return store(mapping, from, offset, () => {
      mapping.requireUsable();
      return Math.max(Math.min(from.length, mapping.length - offset), 0);
    });
  }

  /**
   * Fills a range with a byte, or with repeated bytes or text.
   * @param value - A byte (0 to 255), bytes, or text to encode as UTF-8; not empty.
   * @param start - Offset of the first byte. Default: `0`.
   * @param end - Offset after the last byte. Default: `length`.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  fill(value: number | Uint8Array | string, start = 0, end?: number): void {
    // A copy, because the pattern may overlap the range.
    const pattern =
      typeof value === 'number' ? Uint8Array.of(value) : sourceBytes(value, 'value').slice();
    if (typeof value === 'number') checkInteger(value, 'value', 0, 255);
    if (pattern.length === 0) {
      throw new MmapRangeError('"value" must not be empty: there is nothing to fill with', {
        argument: 'value',
      });
    }
    if (isBytes(value)) ownerOf(value)?.requireIntact();
    const mapping = this._mapping;
    const count = mapping.settled(() => {
      const until = mapping.resolveEnd(start, end);
      const size = Math.min(until - start, pattern.length * Math.ceil(BLOCK / pattern.length));
      const block = Buffer.alloc(size, pattern);
      for (let at = start; at < until; at += size) put(mapping, block.subarray(0, until - at), at);
      return until - start;
    });
    mapping.checkAfter(count);
  }

  /**
   * Fills a range with zeroes.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  zeroRange(start: number, end: number): void {
    const { _mapping: mapping } = this;
    checkSize(start, 'start', mapping.most());
    checkSize(end, 'end', mapping.most());
    this.fill(0, start, end);
  }

  /**
   * Copies the bytes from `start` to `end` to `target`; the ranges may overlap.
   * @param target - Offset that the first byte goes to: 0 to `length`.
   * @param start - Offset of the first byte to copy: 0 to `end`.
   * @param end - Offset after the last byte to copy. Default: `length`.
   * @throws MmapRangeError if they do not fit there; nothing is copied then.
   * @throws TypeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  copyWithin(target: number, start: number, end?: number): void {
    const mapping = this._mapping;
    checkSize(target, 'target', mapping.most());
    checkSize(start, 'start', mapping.most());
    const length = mapping.resolveEnd(start, end) - start;
    if (length > mapping.length - target) {
      throw new MmapRangeError(
        `${length} bytes from "start" ${start} do not fit at "target" ${target}: the mapping has ${mapping.length} bytes`,
        { argument: 'target', path: mapping.path },
      );
    }
    // Backwards towards a higher offset, so that no byte is overwritten before it is read.
    const isBackwards = target > start;
    for (let done = 0; done < length; done += MOVE) {
      const size = Math.min(MOVE, length - done);
      const shift = isBackwards ? length - done - size : done;
      const piece = mapping.settled(() => {
        mapping.resolve(start + shift, size, true);
        return mapping.windows.copy(start + shift, size);
      });
      this.write(piece, target + shift);
    }
  }
}
