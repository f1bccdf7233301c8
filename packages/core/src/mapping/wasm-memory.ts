// The pages of WebAssembly memories, and the files that are mapped into them.
import {
  bufferOf,
  byteLengthOf,
  byteOffsetOf,
  isShared,
  type Owner,
  type TypedArray,
} from '../arguments/bytes.js';
import { binding } from '../binding/binding.js';
import { MmapUnsupportedError, typeError } from '../errors.js';
import { WebAssembly } from '../host.js';

/**
 * A `WebAssembly.Memory` of any realm, described by its shape, because TypeScript's `dom` library may be absent. It
 * must be `shared`.
 */
export interface WasmMemory {
  /** The whole memory; another object after it has grown. */
  readonly buffer: ArrayBufferLike;
  /** Adds pages of 64 KiB. @returns The previous number of pages. */
  grow(pages: number): number;
}

/** Size of a WebAssembly page in bytes, a multiple of the system's page size. */
export const WASM_PAGE = 2 ** 16;

const prototype = WebAssembly?.Memory.prototype;
const call = Function.prototype.call;
const get = prototype && Object.getOwnPropertyDescriptor(prototype, 'buffer')?.get;
/** These check internal slots, not prototypes, and throw a TypeError for anything but a memory. */
const memoryOf = get && (call.bind(get) as (memory: object) => ArrayBufferLike);
const growBy =
  prototype &&
  (call.bind(prototype.grow) as (memory: object, pages: number | bigint) => number | bigint);

/** Contiguous pages. */
interface Block {
  readonly page: number;
  readonly pages: number;
}

/** The process addresses where a file is mapped into a memory; valid as long as the owner lives. */
interface Lodging {
  readonly owner: WeakRef<Owner>;
  readonly start: number;
  readonly end: number;
}

const lodgings = new Set<Lodging>();

/**
 * The owner of the files in WebAssembly memories that an array overlaps. They are found by address: one memory may have
 * many objects, and V8 makes new ones when it grows.
 */
export function tenantsOf(array: TypedArray): Owner | undefined {
  if (lodgings.size === 0) return undefined;
  const buffer = bufferOf(array);
  const length = byteLengthOf(array);
  if (length === 0 || !isShared(buffer)) return undefined;
  const start = binding.addressOf(new Uint8Array(buffer, byteOffsetOf(array), length));
  const owners: Owner[] = [];
  for (const lodging of lodgings) {
    const owner = lodging.owner.deref();
    if (!owner) lodgings.delete(lodging);
    else if (lodging.start < start + length && start < lodging.end) owners.push(owner);
  }
  if (owners.length < 2) return owners[0];
  return { requireIntact: () => owners.forEach((owner) => void owner.requireIntact()) };
}

/**
 * The pages of one memory and the files in them, as seen from this thread. The memory references this object, which
 * references the mappings: none is collected while code may be using it.
 */
export class WasmPages {
  readonly #memory: object;
  readonly #isWide: boolean;
  readonly #tenants = new Set<{ readonly owner: Owner }>();
  /** Returned pages, in order. */
  #free: Block[] = [];

  private constructor(memory: object) {
    this.#memory = memory;
    this.#isWide = isWide(memory);
  }

  static readonly #known = new WeakMap<object, WasmPages>();

  /** @throws TypeError, MmapUnsupportedError */
  static of(memory: unknown): WasmPages {
    if (!isShared(bufferOfMemory(memory))) {
      throw new MmapUnsupportedError(
        '"memory" is not shared, and V8 moves such memory; make it with `shared: true` and a `maximum`, ' +
          'and declare it so in the module (the feature "threads")',
        { argument: 'memory' },
      );
    }
    const known = WasmPages.#known.get(memory as object);
    if (known) return known;
    const made = new WasmPages(memory as object);
    WasmPages.#known.set(memory as object, made);
    return made;
  }

  /** The buffer that arrays lie over until the memory grows. */
  get buffer(): SharedArrayBuffer {
    return bufferOfMemory(this.#memory) as SharedArrayBuffer;
  }

  /** An address as WebAssembly code takes it: 64-bit addresses are bigints in JavaScript. */
  address<Address extends number | bigint>(at: number): Address {
    return (this.#isWide ? BigInt(at) : at) as Address;
  }

  /**
   * Takes unused pages: returned ones, or new ones.
   * @returns The number of the first page; -1 if there is no room.
   */
  take(pages: number): number {
    const at = this.#free.findIndex((block) => block.pages >= pages);
    const found = this.#free[at];
    if (!found) return this.#grow(pages);
    const rest = { page: found.page + pages, pages: found.pages - pages };
    this.#free.splice(at, 1, ...(rest.pages > 0 ? [rest] : []));
    // The program may have written to them since.
    binding.blank(new Uint8Array(this.buffer, found.page * WASM_PAGE, pages * WASM_PAGE));
    return found.page;
  }

  /** Returns pages for reuse. */
  give(page: number, pages: number): void {
    let [start, end] = [page, page + pages];
    const apart = this.#free.filter((block) => {
      const touches = block.page === end || block.page + block.pages === start;
      if (touches) {
        start = Math.min(start, block.page);
        end = Math.max(end, block.page + block.pages);
      }
      return !touches;
    });
    this.#free = [...apart, { page: start, pages: end - start }].sort((a, b) => a.page - b.page);
  }

  /** Other threads may grow the memory at the same time; the pages returned belong to the caller alone. */
  #grow(pages: number): number {
    let page: number;
    try {
      page = Number(growBy?.(this.#memory, this.#isWide ? BigInt(pages) : pages));
    } catch {
      return -1;
    }
    // V8 has made the whole memory writable.
    if (page > 0) binding.protectGuests(new Uint8Array(this.buffer, 0, page * WASM_PAGE));
    return page;
  }

  /** Number of pages by which the memory can still grow; -1 if unknown. */
  get room(): number {
    try {
      return roomOf(this.#memory, this.buffer.byteLength / WASM_PAGE, this.#isWide);
    } catch {
      return -1;
    }
  }

  /** Records that a file is mapped at these bytes of the memory. @returns A function that removes the record. */
  lodge(owner: Owner, bytes: Uint8Array): () => void {
    const tenant = { owner };
    this.#tenants.add(tenant);
    const start = binding.addressOf(bytes);
    const lodging = { owner: new WeakRef(owner), start, end: start + bytes.length };
    lodgings.add(lodging);
    return () => {
      this.#tenants.delete(tenant);
      lodgings.delete(lodging);
    };
  }
}

function bufferOfMemory(memory: unknown): ArrayBufferLike {
  try {
    if (memoryOf) return memoryOf(memory as object);
  } catch {} // not a memory
  throw typeError('memory', 'a WebAssembly.Memory', memory);
}

/** The most pages that 32-bit addresses allow. */
const MOST = 2 ** 16;

// No property exposes the maximum of a memory or the size of its addresses, but instantiating a module that imports
// another kind of memory, or one with a smaller maximum, fails.

function isWide(memory: object): boolean {
  try {
    return !canImport(memory, MOST, false);
  } catch {
    return false; // compiling modules is not allowed here
  }
}

function roomOf(memory: object, pages: number, isWide: boolean): number {
  let [least, most] = [pages, Math.max(pages, 1)];
  while (!canImport(memory, most, isWide)) {
    least = most + 1;
    most = isWide ? 2 * most : MOST;
  }
  while (least < most) {
    const half = Math.floor((least + most) / 2);
    if (canImport(memory, half, isWide)) most = half;
    else least = half + 1;
  }
  return least - pages;
}

function canImport(memory: object, maximum: number, isWide: boolean): boolean {
  const limit: number[] = [];
  for (let rest = maximum; ; rest = Math.floor(rest / 128)) {
    limit.push((rest % 128) + (rest < 128 ? 0 : 128));
    if (rest < 128) break;
  }
  // (module (import "" "" (memory 0 maximum shared)))
  const imports = [1, 0, 0, 2, isWide ? 7 : 3, 0, ...limit];
  const code = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, imports.length, ...imports];
  const { Module, Instance } = WebAssembly as NonNullable<typeof WebAssembly>;
  const module = new Module(new Uint8Array(code));
  try {
    new Instance(module, { '': { '': memory } });
    return true;
  } catch {
    return false;
  }
}
