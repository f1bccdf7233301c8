// The read methods of a mapped file that need no I/O, shared by the sync and the async classes.
import { type InspectOptionsStylized, inspect } from 'node:util';

import { Access, binding, LockKind, type OffsetArray } from '../binding/binding.js';
import { type FileDescription, type LockState, show } from '../mapping/describe.js';
import type { FaultListener } from '../mapping/faults.js';
import type { Mapping } from '../mapping/mapping.js';
import type { SharedMapping } from '../mapping/traits.js';
import type { WasmMemory } from '../mapping/wasm-memory.js';
import { gather } from './gather.js';
import { NumericReads } from './generated/numeric-reads.js';
import { indexesOf, indexOf, lastIndexOf, type Needle, searchArguments } from './search.js';
import { arrayOver, type TypedArrayConstructor, type TypedArrayOf } from './typed-array.js';
import { mapInto, type WasmRange } from './wasm-range.js';

/** The read methods that only access memory, shared by the sync and the async classes. */
export abstract class FileReads<Memory extends ArrayBufferLike = ArrayBuffer> extends NumericReads {
  /** The path as given, or `''` for anonymous memory and for a file opened by descriptor. */
  get path(): string {
    const { isNameless, path } = this._mapping;
    return isNameless ? '' : path;
  }

  /** Number of mapped bytes; 0 once closed or poisoned. */
  get length(): number {
    const mapping = this._mapping;
    return mapping.isClosed ? 0 : mapping.length;
  }

  /** Whether no bytes are mapped. */
  get isEmpty(): boolean {
    return this.length === 0;
  }

  /** Whether the memory is executable. */
  get isExec(): boolean {
    return this._mapping.access === Access.exec;
  }

  /** Whether stores go to a private copy (copy-on-write), never to the file. */
  get isCow(): boolean {
    return this._mapping.isCow;
  }

  /** Whether a change failed half-way; see {@link MmapPoisonedError}. */
  get isPoisoned(): boolean {
    return this._mapping.isPoisoned;
  }

  /**
   * Whether an access to a page has failed; see {@link MmapFaultError}. Does not look at the file;
   * {@link checkFault} does.
   */
  get isFaulted(): boolean {
    return this._mapping.isFaulted;
  }

  /** The lock held by this handle; `'none'` for memory and once closed. */
  get lockState(): LockState {
    return LockKind[this._mapping.lockKind] as LockState;
  }

  /** Whether the mapping was closed, by this handle or by the one it was attached to. */
  get isClosed(): boolean {
    return this._mapping.isClosed;
  }

  /**
   * The whole mapping as a Buffer, without copying.
   *
   * The Buffer's `ArrayBuffer` holds exactly these bytes and adds nothing to V8's memory accounting. It can be used
   * wherever a Buffer can: `structuredClone` and `postMessage` copy its bytes; with a transfer list they move this
   * view, but neither the file nor other views. The memory stays valid, and shows the file, as long as anything uses
   * it. For `Atomics` across threads, use the option `shared`: views then lie over shared memory, and a cloned view is
   * a `Uint8Array` over the same memory.
   *
   * The first byte may be at any address. `DataView` and, on x64 and ARM64, typed arrays work at any address; `Atomics`
   * need an offset that is a multiple of the element size.
   *
   * After `close` the Buffer reads as zeroes, or is detached with `detachOnClose`. For a poisoned mapping it is empty;
   * calls that need a byte of such a mapping ({@link bytes}, `readExact`, a typed read) throw `MmapPoisonedError`.
   *
   * @throws MmapClosedError, MmapFaultError
   * @throws MmapRangeError if the mapping is larger than a Buffer can be; use {@link bytes}.
   * @example
   * ```ts
   * const file = MmapFile.open('package.json');
   * console.log(JSON.parse(file.asBuffer().toString()));
   * file.close();
   * ```
   */
  asBuffer(): Buffer<Memory> {
    const mapping = this._mapping;
    mapping.refresh();
    return mapping.bytes(0, mapping.length) as Buffer<Memory>;
  }

  /**
   * A part of the mapping as a Buffer, without copying; see {@link asBuffer}. Each call makes an `ArrayBuffer`, which takes
   * several times as long as `subarray`: for many small parts, take one view of all of them, and parts of that.
   *
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   * @throws MmapUnsupportedError for a range that crosses the 4 GiB boundary of a copy-on-write mapping
   * on Node 20.
   */
  bytes(offset?: number, length?: number): Buffer<Memory> {
    const mapping = this._mapping;
    const bytes = mapping.resolve(offset, length);
    return mapping.bytes(offset ?? 0, bytes) as Buffer<Memory>;
  }

  /**
   * A part of the mapping as numbers, without copying: a typed array of any element type, over the same kind of memory
   * as {@link bytes}. Elements are in the byte order of the machine, which is little-endian nearly everywhere.
   *
   * To use `Atomics`, open the file with `shared`.
   *
   * @param type - `Float64Array`, `Int32Array`, `BigUint64Array`, … of this realm or another.
   * @param offset - Offset of the first byte, whose address must be a multiple of the element size. What counts is
   * `offset` plus the offset that the mapping was opened with. Default: `0`.
   * @param length - Number of elements, not bytes. Default: all to the end, which must be a whole number of elements.
   * @throws TypeError if `type` makes no typed arrays, such as `DataView` (`new DataView(view.buffer, …)`) or a class
   * of your own
   * @throws MmapRangeError, also if the offset is not aligned or the rest is not a whole number of elements
   * @throws MmapUnsupportedError for elements of several bytes on a big-endian machine
   * @throws MmapClosedError, MmapPoisonedError, MmapFaultError
   * @example
   * ```ts
   * const file = MmapFile.memory('vector', new Uint8Array(Float64Array.of(1, 2.5, 4).buffer));
   * const vector = file.array(Float64Array);
   * console.log(vector.length, vector[1]); // 3 2.5
   * console.log(file.array(Float64Array, 16, 1)); // Float64Array(1) [ 4 ]
   * file.close();
   * ```
   */
  array<Type extends TypedArrayConstructor>(
    type: Type,
    offset?: number,
    length?: number,
  ): TypedArrayOf<Type, Memory> {
    const array = arrayOver(this._mapping, type, offset, length);
    return array as TypedArrayOf<Type, Memory>;
  }

  /**
   * Maps a part of the file, by default all of it, into the memory of WebAssembly code, without copying: loads from
   * `address` on read the file, and stores write to it.
   *
   * The memory grows by as many 64 KiB pages as are needed, unless pages of released ranges can be reused. `address`
   * need not be aligned: it is as far into a 64 KiB page as `offset` is into a system page. The rest of the first and
   * the last system page of the range is mapped as well. Arrays over the old `memory.buffer` do not reach the new
   * pages: read the property again.
   *
   * It behaves like a view: after `close` or `release` it reads as zeroes, a file that becomes shorter leaves zeroes,
   * lost pages read as zeroes and cause a fault, and stores to a read-only file do not reach it. WebAssembly traps stay
   * traps. If the code grows the memory itself, such stores go unnoticed until the next `mapInto`, but still do not
   * reach the file.
   *
   * The file stays in the memory as long as the handle is open. If the handle is dropped without `close`, the file is
   * unmapped once this thread's object for the memory is collected too, which is after the last instance that uses it.
   *
   * @typeParam Address - `bigint` for a memory with 64-bit addresses.
   * @param memory - A `WebAssembly.Memory` that is `shared` and has a `maximum` that leaves room.
   * @param offset - Offset of the first byte. Default: `0`.
   * @param length - Number of bytes; 0 is allowed and needs no room. Default: to the end.
   * @returns The mapped range, which lasts until it is released.
   * @throws TypeError if `memory` is not a `WebAssembly.Memory`; MmapRangeError, also if the memory has no room
   * @throws MmapUnsupportedError if the memory is not shared, or the mapping is copy-on-write
   * @throws MmapClosedError, MmapPoisonedError, MmapFaultError, MmapError from the system (`mmap(2)`)
   * @example
   * ```ts
   * const file = MmapFile.open('package.json');
   * const memory = new WebAssembly.Memory({ initial: 1, maximum: 100, shared: true });
   * const range = file.mapInto(memory);
   * // What WebAssembly code loads from there:
   * console.log(new Uint8Array(memory.buffer)[range.address] === file.readUInt8(0)); // true
   * file.close();
   * ```
   */
  mapInto<Address extends number | bigint = number>(
    memory: WasmMemory,
    offset?: number,
    length?: number,
  ): WasmRange<Address> {
    return mapInto(this._mapping, memory, offset, length);
  }

  /**
   * Copies a part of the mapping, by default all of it, to the heap.
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  copyBytes(offset?: number, length?: number): Buffer<ArrayBuffer> {
    const mapping = this._mapping;
    const copy = mapping.settled(() =>
      mapping.windows.copy(offset ?? 0, mapping.resolve(offset, length)),
    );
    mapping.checkAfter(copy.length);
    return copy;
  }

  /**
   * The offset of the first occurrence of `value` at or after `offset`, or -1.
   * @param value - Bytes, text, or one byte (0 to 255).
   * @param offset - Where to start; past the end nothing is found. Default: `0`.
   * @param end - Where the occurrence must end at the latest. Default: `length`.
   * @param encoding - Encoding of text. May also follow `value` or `offset`, as in `Buffer.indexOf`. Default: `'utf8'`.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  indexOf(
    value: Needle,
    offset?: number | BufferEncoding,
    end?: number | BufferEncoding,
    encoding?: BufferEncoding,
  ): number {
    return indexOf(this._mapping, value, ...searchArguments(value, offset, end, encoding));
  }

  /**
   * The offset of the last occurrence of `value` that starts at or before `offset`, or -1.
   * @param value - Bytes, text, or one byte (0 to 255).
   * @param offset - Where the occurrence must start at the latest. Default: `length`.
   * @param encoding - Encoding of text; may take the place of `offset`. Default: `'utf8'`.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  lastIndexOf(value: Needle, offset?: number | BufferEncoding, encoding?: BufferEncoding): number {
    const [from, , by] = searchArguments(value, offset, undefined, encoding);
    return lastIndexOf(this._mapping, value, from, by);
  }

  /**
   * Whether `value` occurs; otherwise like {@link indexOf}.
   * @param offset - Where to start. Default: `0`.
   * @param end - Where the occurrence must end at the latest. Default: `length`.
   * @param encoding - Encoding of text. Default: `'utf8'`.
   */
  includes(
    value: Needle,
    offset?: number | BufferEncoding,
    end?: number | BufferEncoding,
    encoding?: BufferEncoding,
  ): boolean {
    return this.indexOf(value, offset, end, encoding) >= 0;
  }

  /**
   * Writes the offsets of all occurrences of `value`, in order and without overlaps, to `target` until it
   * is full. Much faster than repeated {@link indexOf}.
   * @param value - Bytes, text, or one byte (0 to 255); not empty.
   * @param target - Receives the offsets: a `BigUint64Array` holds them as 64-bit integers in the byte order
   * of the processor, and may lie over another mapping.
   * @param start - Where to start: 0 to `end`. Default: `0`.
   * @param end - Where the last occurrence must end at the latest: 0 to `length`. Default: `length`.
   * @param encoding - Encoding of text. Default: `'utf8'`.
   * @returns The number of offsets written. If `target` is full, there may be more occurrences after the last one.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError; MmapPoisonedError for an `end` that is gone
   * @example
   * ```ts
   * const file = MmapFile.open('package.json');
   * const ends = new Float64Array(1000);
   * const count = file.indexesOf('\n', ends);
   * console.log(`${count} lines, the first of ${ends[0]} bytes`);
   * file.close();
   * ```
   */
  indexesOf(
    value: Needle,
    target: OffsetArray,
    start = 0,
    end?: number,
    encoding?: BufferEncoding,
  ): number {
    return indexesOf(this._mapping, value, target, start, end, encoding);
  }

  /**
   * Copies elements from many places at once, into `target`: the first from `offsets[0]`, and so on. Much faster than a typed
   * read of each. Elements are in little-endian byte order in the file and need not be aligned.
   * @param target - Receives one element for each offset, and is left alone after them. Its type determines what is
   * read: a `Float64Array`, for example, receives 8 bytes from each offset. It may lie over another mapping.
   * @param offsets - Where the elements start, in bytes: 0 to `length` minus the size of an element. Nothing is copied
   * unless all of them are right. If other threads change them meanwhile, some elements may have been copied by then.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   * @example
   * ```ts
   * const file = MmapFile.open('package.json');
   * const ends = new Uint8Array(2);
   * file.gather(ends, Float64Array.of(0, file.length - 2));
   * console.log(String.fromCharCode(...ends)); // {}
   * file.close();
   * ```
   */
  gather(target: NodeJS.TypedArray, offsets: OffsetArray | Uint32Array): void {
    gather(this._mapping, target, offsets);
  }

  /**
   * Reports which pages of a range, by default all, are in memory: one byte for each page of {@link pageSize} bytes
   * that the range touches, 1 if it is resident (`mincore(2)`). The first is the page that contains `offset`; pages
   * start at multiples of `pageSize` in the file, not in the mapping. Linux reports 1 for every page of a file that the
   * caller neither owns nor may write.
   *
   * @param offset - Offset of the first byte. Default: `0`.
   * @param length - Number of bytes. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   * @example
   * ```ts
   * const file = MmapFile.open('package.json');
   * const pages = file.residency();
   * const there = pages.reduce((sum, page) => sum + page, 0);
   * console.log(`${there} of ${pages.length} pages, ${there * pageSize} bytes of memory`);
   * file.close();
   * ```
   */
  residency(offset?: number, length?: number): Uint8Array {
    const mapping = this._mapping;
    const bytes = mapping.resolve(offset, length);
    const from = mapping.windows.delta + (offset ?? 0);
    const first = Math.floor(from / binding.pageSize);
    const pages = new Uint8Array(
      bytes === 0 ? 0 : Math.ceil((from + bytes) / binding.pageSize) - first,
    );
    if (bytes > 0) binding.residency(mapping.id, offset ?? 0, bytes, pages);
    return pages;
  }

  /**
   * Calls `listener` once with the error when a fault occurs, or if one has already occurred: soon
   * afterwards, from the event loop. The listener does not keep the process alive; an error that it
   * throws is an uncaught exception.
   * @returns A function that removes the listener.
   * @throws TypeError, MmapClosedError
   */
  onFault(listener: FaultListener): () => void {
    return this._mapping.onFault(listener);
  }

  /**
   * Returns a token for `attach` in another thread, to be sent with `postMessage` or as `workerData`.
   * @throws MmapClosedError, MmapFaultError
   */
  share(): SharedMapping {
    return this._mapping.share();
  }

  /** For `JSON.stringify`: describes the file, not its content. Never throws, whatever the state. */
  toJSON(): FileDescription {
    return (this._mapping as Mapping | undefined)?.describe() as FileDescription; // undefined on a prototype
  }

  /** For `console.log` and `util.inspect`: shows {@link toJSON}. */
  [inspect.custom](depth?: number, options?: InspectOptionsStylized, how?: typeof inspect): string {
    return show(this, depth, options, how);
  }
}
