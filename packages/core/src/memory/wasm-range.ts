// Maps a range of a file into a WebAssembly memory.
import { binding } from '../binding/binding.js';
import { MmapRangeError, MmapUnsupportedError } from '../errors.js';
import { clone } from '../host.js';
import type { Mapping } from '../mapping/mapping.js';
import { WASM_PAGE, type WasmMemory, WasmPages } from '../mapping/wasm-memory.js';

/**
 * A part of a file mapped into the memory of WebAssembly code; see {@link MmapFile.mapInto}.
 * @typeParam Address - `bigint` for a memory with 64-bit addresses, as its code takes them.
 */
export interface WasmRange<Address extends number | bigint = number> extends Disposable {
  /** Address of the first byte in the memory. */
  readonly address: Address;
  /** Length in bytes; never changes, whatever happens to the file. */
  readonly length: number;
  /**
   * Unmaps the file from the memory: the range reads as zeroes from now on, and its pages are unused until a later
   * `mapInto` reuses them. A second `release` does nothing; one after `close` only makes the pages available for reuse.
   */
  release(): void;
}

class Range<Address extends number | bigint> implements WasmRange<Address> {
  readonly address: Address;
  readonly length: number;
  #end: (() => void) | undefined;

  constructor(address: Address, length: number, end?: () => void) {
    this.address = address;
    this.length = length;
    this.#end = end;
  }

  release(): void {
    const end = this.#end;
    this.#end = undefined;
    end?.();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

Object.defineProperty(Range, 'name', { value: 'WasmRange' });

/** @throws TypeError, MmapRangeError, MmapUnsupportedError, MmapClosedError, MmapPoisonedError, MmapFaultError */
export function mapInto<Address extends number | bigint>(
  mapping: Mapping,
  memory: WasmMemory,
  offset: number | undefined,
  length: number | undefined,
): WasmRange<Address> {
  const pages = WasmPages.of(memory);
  const bytes = mapping.resolve(offset, length);
  if (mapping.isCow) {
    throw new MmapUnsupportedError(
      `'${mapping.path}' is a copy-on-write mapping, whose changes cannot be shown a second time; open it writable or ` +
        'read-only, or copy the bytes into the memory with read()',
      { path: mapping.path },
    );
  }
  return bytes === 0
    ? new Range(pages.address<Address>(0), 0)
    : place(mapping, pages, (offset ?? 0) + 0, bytes);
}

function place<Address extends number | bigint>(
  mapping: Mapping,
  pages: WasmPages,
  offset: number,
  length: number,
): Range<Address> {
  const { id } = mapping;
  const from = mapping.windows.delta + offset;
  const start = Math.floor(from / binding.pageSize) * binding.pageSize;
  const lead = from - start;
  const size = Math.ceil((lead + length) / binding.pageSize) * binding.pageSize;
  const count = Math.ceil(size / WASM_PAGE);
  const page = pages.take(count);
  if (page < 0) throw noRoom(mapping, pages, offset, length, count);
  const base = page * WASM_PAGE;
  // Over another object for the same memory, which the binding keeps until the file is unmapped again. If it kept the
  // user's memory, which references the mapping, the mapping would never be collected.
  const shown = new Uint8Array(clone(pages.buffer), base, size);
  try {
    binding.mapInto(id, shown, start);
  } catch (error) {
    binding.unmap(id, shown);
    pages.give(page, count);
    throw error;
  }
  mapping.windows.isLent = true;
  const moveOut = pages.lodge(mapping, shown);
  return new Range(pages.address<Address>(base + lead), length, () => {
    binding.unmap(id, shown);
    moveOut();
    pages.give(page, count);
  });
}

function noRoom(
  mapping: Mapping,
  pages: WasmPages,
  offset: number,
  length: number,
  count: number,
): MmapRangeError {
  const { room } = pages;
  const left = room < 0 ? 'fewer' : room;
  return new MmapRangeError(
    `"memory" has no room for ${length} bytes at offset ${offset}: they need ${count} pages of 64 KiB, and it can grow ` +
      `by ${left}; make it with a larger "maximum", map less, or release ranges that are done with`,
    { argument: 'memory', path: mapping.path },
  );
}
