import { type InspectOptionsStylized, inspect } from 'node:util';

import { Access, binding, LockKind, type OffsetArray } from '../binding/binding.js';
import { type FileDescription, type LockState, show } from '../mapping/describe.js';
import type { FaultListener } from '../mapping/faults.js';
import type { Mapping, SharedMapping } from '../mapping/mapping.js';
import type { WasmMemory } from '../mapping/wasm-memory.js';
import { NumericReads } from './generated/numeric-reads.js';
import { indexesOf, indexOf, lastIndexOf, type Needle, searchArguments } from './search.js';
import { arrayOver, type TypedArrayConstructor, type TypedArrayOf } from './typed-array.js';
import { mapInto, type WasmRange } from './wasm-range.js';

/** Reading of a mapped file that never leaves memory; shared by the sync and the async classes. */
export abstract class FileReads<Memory extends ArrayBufferLike = ArrayBuffer> extends NumericReads {
  /** The path as it was given, or `''` for anonymous memory and for a file that was opened by a descriptor. */
  get path(): string {
    const { isNameless, path } = this._mapping;
    return isNameless ? '' : path;
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

  /** The lock that is held; `'none'` for memory and once closed. */
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
   * It lies over an `ArrayBuffer` of exactly its own bytes, for which V8 counts nothing. Whatever takes a Buffer takes it:
   * `structuredClone` and `postMessage` copy its bytes; with a transfer list they move this view, and neither the file nor
   * other views. The memory lives, and shows the file, as long as anything uses it. For `Atomics` across threads, ask for
   * views of shared memory with the option `shared`; they are a `Uint8Array` over the same memory when they are cloned.
   *
   * The first byte may be at any address. `DataView` and, on x64 and ARM64, typed arrays over it do not mind; `Atomics`
   * need an offset that is a multiple of the element's size.
   *
   * After `close` it reads zeroes, or is detached with `detachOnClose`. Of a poisoned mapping it is empty; what needs a
   * byte of such a mapping ({@link bytes}, `readExact`, a typed read) throws `MmapPoisonedError`.
   *
   * @throws MmapClosedError, MmapFaultError
   * @throws MmapRangeError if the mapping is larger than a Buffer can be; use {@link bytes}.
   * @example
   * ```ts
   * using file = MmapFile.open('package.json');
   * console.log(JSON.parse(file.asBuffer().toString()));
   * ```
   */
  asBuffer(): Buffer<Memory> {
    const mapping = this._mapping;
    mapping.refresh();
    return mapping.bytes(0, mapping.length) as Buffer<Memory>;
  }

  /**
   * A part of the mapping as a Buffer, without copying; see {@link asBuffer}.
   *
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   * @throws MmapUnsupportedError for a range across the 4 GiB boundary of a copy-on-write mapping
   * on Node 20.
   */
  bytes(offset?: number, length?: number): Buffer<Memory> {
    const mapping = this._mapping;
    const bytes = mapping.resolve(offset, length);
    return mapping.bytes(offset ?? 0, bytes) as Buffer<Memory>;
  }

  /**
   * A part of the mapping as numbers, without copying: a typed array of any element type, over memory as that of
   * {@link bytes}. Elements are read and stored in the byte order of the machine, which is little-endian nearly everywhere.
   *
   * `Atomics` are for arrays of a file that is opened with `shared`.
   *
   * @param type - `Float64Array`, `Int32Array`, `BigUint64Array`, … of this realm or another.
   * @param offset - First byte, whose place in memory must be a multiple of the element's size: that is `offset` plus the
   * mapping's own, with which it was opened. Default: `0`.
   * @param length - Elements, not bytes. Default: all to the end, of which no bytes may be left over.
   * @throws TypeError for what makes no typed arrays, such as `DataView` (`new DataView(view.buffer, …)`) or a class of yours
   * @throws MmapRangeError also where the offset is not aligned, and where the rest is no whole number of elements
   * @throws MmapUnsupportedError for elements of several bytes on a big-endian machine
   * @throws MmapClosedError, MmapPoisonedError, MmapFaultError
   * @example
   * ```ts
   * using file = MmapFile.memory('vector', new Uint8Array(Float64Array.of(1, 2.5, 4).buffer));
   * const vector = file.array(Float64Array);
   * console.log(vector.length, vector[1]); // 3 2.5
   * console.log(file.array(Float64Array, 16, 1)); // Float64Array(1) [ 4 ]
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
   * Maps a part of the file into the memory of WebAssembly code, by default all of it, without copying: code loads from
   * `address` on what the file holds, and stores go to it.
   *
   * The memory grows by as many pages of 64 KiB as are needed, or pages of released ranges are used again. `address` need not be a
   * multiple of anything: it is as far into a page of 64 KiB as `offset` into one of the system's. What else of the file is in the
   * range's first and last page of the system is there, too. Arrays over the old `memory.buffer` do not reach new pages: take it again.
   *
   * As of a view: after `close` or `release` zeroes are there, a file that becomes shorter leaves zeroes, pages that are lost read as
   * zeroes and make a fault, and stores to a file that may only be read do not reach it. Traps of WebAssembly stay traps. If code
   * grows the memory itself, such stores are no longer noticed until the next `mapInto`; they still do not reach the file.
   *
   * The file stays in the memory as long as the handle is open. One that is dropped is unmapped when the memory, as this thread knows
   * it, is collected as well: with the last instance that uses it.
   *
   * @typeParam Address - `bigint` for a memory with 64-bit addresses.
   * @param memory - A `WebAssembly.Memory` that is `shared`, and has a `maximum` that leaves room.
   * @param offset - First byte. Default: `0`.
   * @param length - Bytes; none is no error, and needs no room. Default: to the end.
   * @returns Where it is, until it is released.
   * @throws TypeError for what is no `WebAssembly.Memory`; MmapRangeError, also if the memory has no room
   * @throws MmapUnsupportedError for a memory that is not shared, and of a copy-on-write mapping
   * @throws MmapClosedError, MmapPoisonedError, MmapFaultError, MmapError of the system (`mmap(2)`)
   * @example
   * ```ts
   * using file = MmapFile.open('package.json');
   * const memory = new WebAssembly.Memory({ initial: 1, maximum: 100, shared: true });
   * using range = file.mapInto(memory);
   * // What code of WebAssembly loads from there:
   * console.log(new Uint8Array(memory.buffer)[range.address] === file.readUInt8(0)); // true
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
   * A copy of a part of the mapping on the heap, by default of all of it.
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
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
   * @param offset - Where to start; any, past the end nothing is found. Default: `0`.
   * @param end - Where the occurrence must end at the latest. Default: `length`.
   * @param encoding - Of text. It may come after `value` or `offset` as well, as in `Buffer.indexOf`. Default: `'utf8'`.
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
   * @param encoding - Of text; also without `offset`. Default: `'utf8'`.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  lastIndexOf(value: Needle, offset?: number | BufferEncoding, encoding?: BufferEncoding): number {
    const [from, , by] = searchArguments(value, offset, undefined, encoding);
    return lastIndexOf(this._mapping, value, from, by);
  }

  /**
   * Whether `value` occurs; otherwise as {@link indexOf}.
   * @param offset - Where to start. Default: `0`.
   * @param end - Where the occurrence must end at the latest. Default: `length`.
   * @param encoding - Of text. Default: `'utf8'`.
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
   * The offsets of all occurrences of `value`, in order and none overlapping the one before: put into
   * `target` until it is full. Much faster than one {@link indexOf} after another.
   * @param value - Bytes, text, or one byte (0 to 255); not empty.
   * @param target - What the offsets go to: a `BigUint64Array` takes them as 64-bit integers in the byte order
   * of the processor, which may lie over another mapping.
   * @param start - Where to start: 0 to `end`. Default: `0`.
   * @param end - Where the last one must end: 0 to `length`. Default: `length`.
   * @param encoding - Of text. Default: `'utf8'`.
   * @returns How many were found. If `target` is full there may be more, after the last one.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError; MmapPoisonedError for an `end` that is gone
   * @example
   * ```ts
   * using file = MmapFile.open('package.json');
   * const ends = new Float64Array(1000);
   * const count = file.indexesOf('\n', ends);
   * console.log(`${count} lines, the first of ${ends[0]} bytes`);
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
   * Which pages of a range, by default all, are in memory: one byte for each page of {@link pageSize} bytes that the range touches,
   * 1 if it is (`mincore(2)`). The first is the page that `offset` lies in; pages start where the file, not the mapping, has a
   * multiple of `pageSize`. Linux says 1 for every page of a file that the caller neither owns nor may write.
   *
   * @param offset - First byte. Default: `0`.
   * @param length - Bytes. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   * @example
   * ```ts
   * using file = MmapFile.open('package.json');
   * const pages = file.residency();
   * const there = pages.reduce((sum, page) => sum + page, 0);
   * console.log(`${there} of ${pages.length} pages, ${there * pageSize} bytes of memory`);
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
    binding.residency(mapping.id, offset ?? 0, bytes, pages);
    return pages;
  }

  /**
   * Has `listener` called with the error, once, when a fault happens or has happened: soon after
   * it, from the event loop. It does not keep the process alive, and an error that it throws is
   * an uncaught exception.
   * @returns What takes the listener away.
   * @throws TypeError, MmapClosedError
   */
  onFault(listener: FaultListener): () => void {
    return this._mapping.onFault(listener);
  }

  /**
   * A token for `attach` in another thread, to be sent with `postMessage` or as `workerData`.
   * @throws MmapClosedError, MmapFaultError
   */
  share(): SharedMapping {
    return this._mapping.share();
  }

  /** For `JSON.stringify`: what the file is, not what it holds. Throws nothing, whatever the state. */
  toJSON(): FileDescription {
    return (this._mapping as Mapping | undefined)?.describe() as FileDescription; // of a prototype: nothing
  }

  /** For `console.log` and `util.inspect`, which show {@link toJSON}. */
  [inspect.custom](depth?: number, options?: InspectOptionsStylized, how?: typeof inspect): string {
    return show(this, depth, options, how);
  }
}
