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
 * A `WebAssembly.Memory`, of any realm, by its shape: what TypeScript's `dom` library calls one need not be there. It must be
 * `shared`.
 */
export interface WasmMemory {
  /** All of it; another one after it has grown. */
  readonly buffer: ArrayBufferLike;
  /** Adds pages of 64 KiB. @returns How many there were. */
  grow(pages: number): number;
}

/** Bytes of a page of WebAssembly's, of which the system's are a part. */
export const WASM_PAGE = 2 ** 16;

const prototype = WebAssembly?.Memory.prototype;
const call = Function.prototype.call;
const get = prototype && Object.getOwnPropertyDescriptor(prototype, 'buffer')?.get;
/** They go by what an object is made of, and throw a TypeError for what is no memory. */
const memoryOf = get && (call.bind(get) as (memory: object) => ArrayBufferLike);
const growBy =
  prototype &&
  (call.bind(prototype.grow) as (memory: object, pages: number | bigint) => number | bigint);

/** Pages side by side. */
interface Block {
  readonly page: number;
  readonly pages: number;
}

/** Addresses of the process at which a file is in a memory. Whoever keeps the owner keeps this. */
interface Lodging {
  readonly owner: WeakRef<Owner>;
  readonly start: number;
  readonly end: number;
}

const lodgings = new Set<Lodging>();

/**
 * The files in WebAssembly memories that an array shows a part of. It is found by its addresses: of the objects for one
 * memory there may be many, and V8 makes new ones when a memory grows.
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
 * The pages of one memory, and which files are in them, seen from this thread. The memory leads here, and from here to the
 * mappings: none is dropped while code may be looking at it.
 */
export class WasmPages {
  readonly #memory: object;
  readonly #isWide: boolean;
  readonly #tenants = new Set<{ readonly owner: Owner }>();
  /** Such as were given back, in order. */
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

  /** What arrays lie over until the memory grows. */
  get buffer(): SharedArrayBuffer {
    return bufferOfMemory(this.#memory) as SharedArrayBuffer;
  }

  /** As code takes it: 64-bit numbers are bigints in JavaScript. */
  address<Address extends number | bigint>(at: number): Address {
    return (this.#isWide ? BigInt(at) : at) as Address;
  }

  /**
   * Pages that nobody uses: such as were given back, or new ones.
   * @returns The number of the first one; -1 where there is no room.
   */
  take(pages: number): number {
    const at = this.#free.findIndex((block) => block.pages >= pages);
    const found = this.#free[at];
    if (!found) return this.#grow(pages);
    const rest = { page: found.page + pages, pages: found.pages - pages };
    this.#free.splice(at, 1, ...(rest.pages > 0 ? [rest] : []));
    // The program may have written there since.
    binding.blank(new Uint8Array(this.buffer, found.page * WASM_PAGE, pages * WASM_PAGE));
    return found.page;
  }

  /** For others to take. */
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

  /** Others may grow it at the same time: what this gets is the caller's alone. */
  #grow(pages: number): number {
    let page: number;
    try {
      page = Number(growBy?.(this.#memory, this.#isWide ? BigInt(pages) : pages));
    } catch {
      return -1;
    }
    // V8 has made all of it writable.
    if (page > 0) binding.protectGuests(new Uint8Array(this.buffer, 0, page * WASM_PAGE));
    return page;
  }

  /** Pages by which it can still grow; -1 if that cannot be found out. */
  get room(): number {
    try {
      return roomOf(this.#memory, this.buffer.byteLength / WASM_PAGE, this.#isWide);
    } catch {
      return -1;
    }
  }

  /** Notes that a file is in these bytes of the memory. @returns What ends it. */
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
  } catch {} // that is how it says no
  throw typeError('memory', 'a WebAssembly.Memory', memory);
}

/** The most pages that there may be with 32-bit addresses. */
const MOST = 2 ** 16;

// No property tells the maximum of a memory, nor the size of its addresses; but a module that would import another kind, or
// one with a smaller maximum, is refused.

function isWide(memory: object): boolean {
  try {
    return !canImport(memory, MOST, false);
  } catch {
    return false; // no modules may be made here
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
