// The windows of one handle, and memory access across them.
import { Buffer, constants } from 'node:buffer';
import { bufferOf, isShared, type Owner, type TypedArray } from '../arguments/bytes.js';
import type { Views } from '../arguments/options.js';
import { binding, type HandleId, type ViewOf } from '../binding/binding.js';
import { relieved } from '../binding/shortage.js';
import { type Call, invoke } from '../binding/steps.js';
import { MmapClosedError, MmapRangeError, MmapUnsupportedError } from '../errors.js';
import { process } from '../host.js';
import { tenantsOf } from './wasm-memory.js';
import { isPooled, MAX_WINDOW, returnWindow, takeWindow, type Window } from './window.js';

const { Mark } = binding;

/** The mapping that an array of the user's lies over, if any. */
export function ownerOf(array: TypedArray): Owner | undefined {
  return Mark.of(bufferOf(array))?.owner ?? tenantsOf(array);
}

/** Bytes of new windows after which to probe for free address space: V8 crashes when it runs out. */
const LARGE = 2 ** 26;
let unasked = 0;

let hasWarned = binding.hasPlainViews;

function warnOfCounting(): void {
  hasWarned = true;
  process.emitWarning(
    'This engine counts views of mapped files as memory of its own, and may collect garbage because of large ones; ' +
      'read() and typed reads make no views. Further views are not reported.',
    { type: 'MmapViewWarning', code: 'FMMAP_COUNTED_VIEWS' },
  );
}

/** The properties that all windows of a mapping share. */
export interface WindowSetTraits extends Views {
  readonly id: HandleId;
  readonly path: string;
  /** Copy-on-write: private pages cannot be mapped twice. */
  readonly isCow: boolean;
}

/** Windows for a length that the file has or is about to have. */
export interface Cover {
  readonly list: readonly Window[];
  /** The windows of the list that were made for it. */
  readonly added: readonly Window[];
  /** What maps those; a failed one is undone by {@link WindowSet.cancel}. */
  readonly calls: readonly Call[];
  /** Number of visible bytes that they are mapped for, as the last call found. */
  length: number;
}

/**
 * The windows through which one handle sees its file: contiguous, {@link MAX_WINDOW} bytes each, so
 * there is only one unless the file is larger than a buffer of this Node. Callers check ranges.
 */
export class WindowSet {
  /** Offset of the first visible byte in its page. */
  readonly delta: number;
  /** Another thread may use the windows: they never change in place, and are never reused. */
  isShared: boolean;
  /** A WebAssembly memory has shown the file, so any array over such a memory may show it. */
  isLent = false;
  readonly #traits: WindowSetTraits;
  #list: readonly Window[] = [];
  /** For views of a range that spans two windows of the list. */
  #bridge: Window | undefined;
  /** The buffers to detach on close. */
  #views: WeakRef<ArrayBuffer>[] = [];

  constructor(traits: WindowSetTraits, delta: number, isShared: boolean) {
    this.#traits = traits;
    this.delta = delta;
    this.isShared = isShared;
  }

  /** The window that the hot path reads through; undefined if nothing was ever mapped. */
  get first(): Window | undefined {
    return this.#list[0];
  }

  /** Whether another thread has changed the file since the windows were made. */
  get isStale(): boolean {
    if (this.first === undefined) return this.isShared;
    for (const window of this.#list) if (window.stale) return true;
    return false;
  }

  share(): SharedArrayBuffer[] {
    this.isShared = true;
    return this.#list.map(({ memory }) => memory);
  }

  // --- size ---

  /** Uses the windows of another thread instead of new ones, if they are all that `length` bytes need. */
  adopt(shared: readonly Window[], length: number): void {
    for (const window of shared) window.isMapped = true;
    const total = length === 0 ? 0 : this.delta + length;
    const isWhole =
      shared.length === Math.ceil(total / MAX_WINDOW) &&
      shared.every(({ start, capacity }, index) => {
        const needed = Math.min(total - index * MAX_WINDOW, MAX_WINDOW);
        return start === index * MAX_WINDOW && capacity >= needed;
      });
    if (isWhole) this.#list = shared;
    else for (const window of shared) this.#unmap(window);
  }

  /** Whether there are windows for `length` visible bytes. */
  covers(length: number): boolean {
    const last = this.#list.at(-1);
    return length === 0 || (last ? last.start + last.capacity >= this.delta + length : false);
  }

  /** Makes windows for the `length` visible bytes that the file is about to have: for {@link use} or {@link cancel}. */
  cover(length: number): Cover {
    return this.#cover(length, length, this.isShared ? [] : this.#list);
  }

  /** Switches to these windows, unless some were released meanwhile: others have replaced them then. */
  use(cover: Cover): void {
    if (!cover.list.every(({ isMapped }) => isMapped)) {
      this.cancel(cover);
      return;
    }
    const before = this.#list;
    this.#list = cover.list;
    for (const window of before) if (!this.#list.includes(window)) this.#unmap(window);
  }

  cancel({ added }: Pick<Cover, 'added'>): void {
    for (const window of added) this.#unmap(window);
  }

  /**
   * Makes windows for about `length` visible bytes, reusing those that fit.
   * @returns The actual number of visible bytes.
   */
  renew(length: number): number {
    const reuse = this.isShared || this.isStale ? [] : this.#list;
    const cover =
      length === 0 ? { list: [], added: [], calls: [], length } : this.#cover(length, -1, reuse);
    try {
      for (const call of cover.calls) invoke(call);
    } catch (error) {
      this.cancel(cover);
      throw error;
    }
    this.use(cover);
    return cover.length;
  }

  /** @param visible - The number of visible bytes to map for, or -1 for those that there are by then. */
  #cover(length: number, visible: number, reuse: readonly Window[]): Cover {
    // With nothing to show, the existing windows stay for the next growth.
    if (length === 0) return { list: this.#list, added: [], calls: [], length };
    const total = this.delta + length;
    const list: Window[] = [];
    const added: Window[] = [];
    const calls: Call[] = [];
    const cover = { list, added, calls, length };
    let isAsked = false; // for all windows that are still to come
    try {
      for (let start = 0; start < total; start += MAX_WINDOW) {
        const needed = Math.min(total - start, MAX_WINDOW);
        const old = reuse[list.length];
        if (old && old.capacity >= needed) {
          list.push(old);
          continue;
        }
        // A window that grew once will grow again, and address space is free.
        const room = Math.min(Math.max(needed, 2 * (old?.capacity ?? 0)), MAX_WINDOW);
        if (!isAsked && !isPooled(room)) {
          isAsked = true;
          const bytes = Math.max(room, total - start);
          unasked += bytes;
          if (unasked >= LARGE) {
            relieved(() => binding.probe(this.#traits.id, bytes), true);
            unasked = 0;
          }
        }
        const window = takeWindow(room, start, this.#traits.path);
        added.push(window);
        list.push(window);
        calls.push(this.#map(window, visible, cover));
      }
    } catch (error) {
      this.cancel(cover);
      throw error;
    }
    return cover;
  }

  #map(window: Window, visible: number, cover?: Cover): Call {
    return {
      name: 'map',
      args: [this.#traits.id, window.whole, window.start, visible],
      subject: undefined,
      finish(shown) {
        window.isMapped = true;
        if (cover) cover.length = shown;
        return shown;
      },
    };
  }

  /** Memory that views or work in flight still use stays mapped until they are done. */
  #unmap(window: Window): void {
    const isFree = binding.unmap(this.#traits.id, window.whole);
    const wasMapped = window.isMapped;
    window.isMapped = false;
    if (isFree && wasMapped && !this.isShared) returnWindow(window);
  }

  /** Called after the binding has released all windows. @param areBlank - Whether it has also zeroed their footers. */
  close(areBlank = false): void {
    for (const view of this.#views) {
      const buffer = view.deref();
      if (buffer) binding.detach(buffer);
    }
    for (const window of this.isShared ? [] : this.#list) {
      if (window.wasExposed && !areBlank) window.blank();
      if (window.isMapped) returnWindow(window);
    }
    for (const window of this.#list) window.isMapped = false;
    this.#list = [];
    this.#views = [];
    this.#bridge = undefined;
  }

  // --- memory ---

  /** The bytes of each window. */
  bytes(): Buffer[] {
    return this.#list.map(({ bytes }) => bytes);
  }

  #at(page: number): Window {
    return this.#list[Math.floor(page / MAX_WINDOW)] as Window;
  }

  /**
   * Calls `visit` for each piece of a range, one or more per window.
   * @param visit - Gets the bytes and their offset in the mapping; returns `true` to stop.
   * @param step - The maximum size of a piece, in bytes.
   */
  each(
    offset: number,
    length: number,
    visit: (bytes: Buffer, offset: number) => unknown,
    step: number = MAX_WINDOW,
  ): void {
    let at = offset + this.delta;
    const end = at + length;
    while (at < end) {
      const window = this.#at(at);
      const until = Math.min(end, window.start + window.capacity, at + step);
      const bytes = window.bytes.subarray(at - window.start, until - window.start);
      if (visit(bytes, at - this.delta) === true) return;
      at = until;
    }
  }

  /** Copies a range to the start of an array. */
  load(offset: number, length: number, to: Uint8Array): void {
    if (length === 0) return;
    const at = offset + this.delta;
    const window = this.#at(at);
    const from = at - window.start;
    if (from + length <= window.capacity) to.set(new Uint8Array(window.memory, from, length));
    else this.each(offset, length, (bytes, start) => to.set(bytes, start - offset));
  }

  /** Copies an array into the mapping. */
  store(offset: number, source: Uint8Array): void {
    const { length } = source;
    if (length === 0) return;
    const at = offset + this.delta;
    const window = this.#at(at);
    const from = at - window.start;
    if (from + length <= window.capacity) window.bytes.set(source, from);
    else {
      this.each(offset, length, (bytes, start) => {
        bytes.set(source.subarray(start - offset, start - offset + bytes.length));
      });
    }
  }

  /** Copies a few bytes out of one window. @returns Whether the range lies in one, and that still shows the file. */
  get(offset: number, length: number, to: Uint8Array): boolean {
    const at = offset + this.delta;
    const window = this.#at(at);
    const from = at - window.start;
    if (from + length > window.capacity) return false;
    for (let i = 0; i < length; ++i) to[i] = window.bytes[from + i] as number;
    return !window.stale;
  }

  /** Copies a few bytes into one window, likewise. */
  set(offset: number, length: number, source: Uint8Array): boolean {
    const at = offset + this.delta;
    const window = this.#at(at);
    const from = at - window.start;
    if (from + length > window.capacity) return false;
    for (let i = 0; i < length; ++i) window.bytes[from + i] = source[i] as number;
    return !window.stale;
  }

  /**
   * Whether an array of the user's lies over pages of this mapping at other addresses, where a copy
   * between the two would not notice the overlap.
   */
  aliases(array: Uint8Array, owner: object): boolean {
    const mark = Mark.of(bufferOf(array));
    if (this.#list.length === 1 && mark && mark.window === this.first) return false;
    return ownerOf(array) === owner || (this.isLent && isShared(bufferOf(array)));
  }

  copy(offset: number, length: number): Buffer<ArrayBuffer> {
    if (length > constants.MAX_LENGTH) throw this.#tooLong(length, constants.MAX_LENGTH);
    const copy = Buffer.allocUnsafeSlow(length);
    this.load(offset, length, copy);
    return copy;
  }

  /** A range decoded as UTF-8. */
  text(offset: number, length: number): string {
    if (length === 0) return '';
    const window = this.#at(offset + this.delta);
    const from = offset + this.delta - window.start;
    return from + length <= window.capacity
      ? window.bytes.toString('utf8', from, from + length)
      : this.copy(offset, length).toString();
  }

  /**
   * A view for the user, over an ArrayBuffer of its own or over memory that threads may share.
   * @param owner - Kept alive as long as the view.
   */
  view(offset: number, length: number, owner: ViewOf['owner'], isShared: boolean): Buffer {
    // Not over our memory: an empty view has no address, which Node 20's `zlib.crc32` treats as no data at all.
    if (length === 0) return Buffer.alloc(0);
    const at = offset + this.delta;
    const regular = this.#at(at);
    const isCut = at - regular.start + length > regular.capacity;
    const window = isCut ? this.#bridgeOver(at, length) : regular;
    const from = at - window.start;
    if (isShared) return Buffer.from(this.#sharedOf(window, owner) as never, from, length);
    const buffer = binding.view(this.#traits.id, window.address, from, length);
    if (buffer === undefined) throw new MmapClosedError(this.#traits.path); // just closed by another thread
    new Mark(buffer, window.markFor(owner));
    if (!hasWarned && length >= LARGE) warnOfCounting();
    if (this.#traits.detachOnClose) this.#toDetach(buffer);
    return Buffer.from(buffer);
  }

  #sharedOf(window: Window, owner: ViewOf['owner']): SharedArrayBuffer {
    const { shared } = window;
    if (Mark.of(shared) === undefined) {
      new Mark(shared, window.markFor(owner));
      binding.keepFor(this.#traits.id, window.address, 0, window.capacity, shared);
    }
    return shared;
  }

  #toDetach(buffer: ArrayBuffer): void {
    // Now and then, drop those that have been collected.
    if (Number.isInteger(Math.log2(this.#views.length))) {
      this.#views = this.#views.filter((view) => view.deref() !== undefined);
    }
    this.#views.push(new WeakRef(buffer));
  }

  /** A separate window for a range that spans two: it maps the same pages of the file again. */
  #bridgeOver(at: number, length: number): Window {
    const known = this.#bridge;
    if (known && !known.stale && at >= known.start && at + length <= known.start + known.capacity) {
      return known;
    }
    const start = Math.floor(at / binding.pageSize) * binding.pageSize;
    if (at - start + length > MAX_WINDOW) throw this.#tooLong(length, MAX_WINDOW);
    if (this.#traits.isCow) {
      throw new MmapUnsupportedError(
        `${length} bytes at offset ${at - this.delta} cross the 4 GiB boundary of a copy-on-write ` +
          'mapping, which has no second view of its private pages on this Node; use copyBytes',
        { path: this.#traits.path },
      );
    }
    const window = takeWindow(at - start + length, start, this.#traits.path);
    try {
      invoke(this.#map(window, -1));
    } catch (error) {
      this.#unmap(window);
      throw error;
    }
    if (known) this.#unmap(known);
    this.#bridge = window;
    return window;
  }

  #tooLong(length: number, most: number): MmapRangeError {
    return new MmapRangeError(
      `"length" ${length} is more than one Buffer of this Node holds (${most} bytes); ask for less`,
      { argument: 'length', path: this.#traits.path },
    );
  }
}
