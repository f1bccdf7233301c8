import { Buffer, constants } from 'node:buffer';
import process from 'node:process';
import { bufferOf, isShared, type Owner, type TypedArray } from '../arguments/bytes.js';
import type { Views } from '../arguments/options.js';
import { binding, type HandleId, type ViewOf } from '../binding/binding.js';
import { makeCall, runSync, type Steps } from '../binding/steps.js';
import { MmapClosedError, MmapRangeError, MmapUnsupportedError } from '../errors.js';
import { tenantsOf } from './wasm-memory.js';
import { MAX_WINDOW, returnWindow, takeWindow, type Window } from './window.js';

const { Mark } = binding;

/** The mapping that an array of a user's lies over, if it does. */
export function ownerOf(array: TypedArray): Owner | undefined {
  return Mark.of(bufferOf(array))?.owner ?? tenantsOf(array);
}

/** After so many bytes of windows it is worth asking whether the address space has room: V8 ends without any. */
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

/** What the windows of a mapping have in common. */
export interface WindowSetTraits extends Views {
  readonly id: HandleId;
  readonly path: string;
  /** Private pages cannot be shown twice. */
  readonly isCow: boolean;
}

/** WindowSet for a length that the file has, or is to have. */
export interface Cover {
  readonly list: readonly Window[];
  /** Those of the list that were made for it. */
  readonly added: readonly Window[];
  /** Visible bytes that they were mapped for. */
  readonly length: number;
}

/**
 * The windows through which one handle sees its file: side by side, {@link MAX_WINDOW} bytes each,
 * so that there is one but for files larger than a buffer of this Node. Ranges are checked before.
 */
export class WindowSet {
  /** Of the first visible byte from its page. */
  readonly delta: number;
  /** Another thread may be looking: windows never change under its eyes, and are never reused. */
  isShared: boolean;
  /** A WebAssembly memory has shown the file, so that any array over such a memory may. */
  isLent = false;
  readonly #traits: WindowSetTraits;
  #list: Window[] = [];
  /** For views of a range that lies in two of the list. */
  #bridge: Window | undefined;
  /** To be detached. */
  #views: WeakRef<ArrayBuffer>[] = [];

  constructor(traits: WindowSetTraits, delta: number, isShared: boolean) {
    this.#traits = traits;
    this.delta = delta;
    this.isShared = isShared;
  }

  /** The one that the hot path reads through; without any, nothing was ever mapped. */
  get first(): Window | undefined {
    return this.#list[0];
  }

  /** Whether another thread changed the file since the windows were made. */
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

  /** WindowSet of another thread, in place of some of one's own, if they are all that `length` bytes need. */
  adopt(shared: readonly Window[], length: number): void {
    for (const window of shared) window.isMapped = true;
    const total = length === 0 ? 0 : this.delta + length;
    const isWhole =
      shared.length === Math.ceil(total / MAX_WINDOW) &&
      shared.every(({ start, capacity }, index) => {
        const needed = Math.min(total - index * MAX_WINDOW, MAX_WINDOW);
        return start === index * MAX_WINDOW && capacity >= needed;
      });
    if (isWhole) this.#list = [...shared];
    else for (const window of shared) this.#unmap(window);
  }

  /** Whether there are windows for so many visible bytes. */
  covers(length: number): boolean {
    const last = this.#list.at(-1);
    return length === 0 || (last ? last.start + last.capacity >= this.delta + length : false);
  }

  /** WindowSet that show `length` visible bytes, which the file is to have: for {@link use} or {@link cancel}. */
  *cover(length: number): Steps<Cover> {
    // With nothing to show, the windows that are there stay for the next growth.
    if (length === 0) return { list: this.#list, added: [], length };
    return yield* this.#layout(length, length, this.isShared ? [] : this.#list);
  }

  /** From now on memory is seen through these windows, unless they were let go meanwhile: others have come then. */
  use(cover: Cover): void {
    if (!cover.list.every(({ isMapped }) => isMapped)) {
      this.cancel(cover);
      return;
    }
    const before = this.#list;
    this.#list = [...cover.list];
    for (const window of before) if (!this.#list.includes(window)) this.#unmap(window);
  }

  cancel({ added }: Pick<Cover, 'added'>): void {
    for (const window of added) this.#unmap(window);
  }

  /** WindowSet for about `length` visible bytes, new ones where those there are do not do. @returns The bytes that there really are. */
  renew(length: number): number {
    const reuse = this.isShared || this.isStale ? [] : this.#list;
    const cover = runSync(this.#layout(length, -1, reuse));
    this.use(cover);
    return cover.length;
  }

  *#layout(length: number, visible: number, reuse: readonly Window[]): Steps<Cover> {
    const total = length === 0 ? 0 : this.delta + length;
    const list: Window[] = [];
    const added: Window[] = [];
    let shown = length;
    unasked += total;
    if (unasked >= LARGE) {
      yield makeCall('probe', this.#traits.id, total);
      unasked = 0;
    }
    try {
      for (let start = 0; start < total; start += MAX_WINDOW) {
        const needed = Math.min(total - start, MAX_WINDOW);
        const old = reuse[list.length];
        if (old && old.capacity >= needed) {
          list.push(old);
          continue;
        }
        // One that grew once will grow again, and address space is free.
        const room = Math.min(Math.max(needed, 2 * (old?.capacity ?? 0)), MAX_WINDOW);
        const opened = yield* this.#map(room, start, visible);
        shown = opened.shown;
        added.push(opened.window);
        list.push(opened.window);
      }
    } catch (error) {
      this.cancel({ added });
      throw error;
    }
    return { list, added, length: shown };
  }

  *#map(
    capacity: number,
    start: number,
    visible: number,
  ): Steps<{ window: Window; shown: number }> {
    const { id, path } = this.#traits;
    const window = takeWindow(capacity, path);
    window.start = start;
    // Before it is: the thread that does it may end before it says so.
    window.isMapped = true;
    try {
      const shown = (yield makeCall('map', id, window.whole, start, visible)) as number;
      return { window, shown };
    } catch (error) {
      binding.unmap(id, window.whole);
      window.isMapped = false;
      throw error;
    }
  }

  /** What views or work in flight still look at stays mapped until they are over. */
  #unmap(window: Window): void {
    const isFree = binding.unmap(this.#traits.id, window.whole);
    const wasMapped = window.isMapped;
    window.isMapped = false;
    if (isFree && wasMapped && !this.isShared) returnWindow(window);
  }

  /** After the binding has let go of them all. @param areBlank - It has put zeroes over their footers, too. */
  close(areBlank = false): void {
    for (const view of this.#views) {
      const buffer = view.deref();
      if (buffer) binding.detach(buffer);
    }
    for (const window of this.isShared ? [] : this.#list) {
      if (window.wasExposed) {
        if (!areBlank) window.blank();
      } else if (window.isMapped) returnWindow(window);
    }
    for (const window of this.#list) window.isMapped = false;
    this.#list = [];
    this.#views = [];
    this.#bridge = undefined;
  }

  // --- memory ---

  #at(page: number): Window {
    return this.#list[Math.floor(page / MAX_WINDOW)] as Window;
  }

  /**
   * Calls `visit` for each piece of a range, as one window shows it.
   * @param visit - Gets the bytes and their offset in the mapping; `true` ends the walk.
   * @param step - The most bytes of a piece.
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

  /** Copies a range out to the start of an array. */
  load(offset: number, length: number, to: Uint8Array): void {
    if (length === 0) return;
    const at = offset + this.delta;
    const window = this.#at(at);
    const from = at - window.start;
    if (from + length <= window.capacity) to.set(new Uint8Array(window.memory, from, length));
    else this.each(offset, length, (bytes, start) => to.set(bytes, start - offset));
  }

  /** Copies an array in. */
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

  /** Copies a few bytes out of one window. @returns Whether it is one, and still shows the file. */
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
   * Whether an array of a user lies over pages of this mapping at other addresses, where a copy
   * between the two would not notice that they overlap.
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

  /** A range as UTF-8. */
  text(offset: number, length: number): string {
    if (length === 0) return '';
    const window = this.#at(offset + this.delta);
    const from = offset + this.delta - window.start;
    return from + length <= window.capacity
      ? window.bytes.toString('utf8', from, from + length)
      : this.copy(offset, length).toString();
  }

  /**
   * A view for the user, of an ArrayBuffer of its own, or of memory that threads may share.
   * @param owner - Lives as long as the view.
   */
  view(offset: number, length: number, owner: ViewOf['owner'], isShared: boolean): Buffer {
    // Not over memory of ours, which then has no address: to Node 20's `zlib.crc32` that is no data at all.
    if (length === 0) return Buffer.alloc(0);
    const at = offset + this.delta;
    const regular = this.#at(at);
    const isCut = at - regular.start + length > regular.capacity;
    const window = isCut ? this.#bridgeOver(at, length) : regular;
    const from = at - window.start;
    if (isShared) return Buffer.from(this.#sharedOf(window, owner) as never, from, length);
    const buffer = binding.view(this.#traits.id, window.address, from, length);
    if (buffer === undefined) throw new MmapClosedError(this.#traits.path); // by another thread, just now
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
    // Now and then without those that have been collected.
    if (Number.isInteger(Math.log2(this.#views.length))) {
      this.#views = this.#views.filter((view) => view.deref() !== undefined);
    }
    this.#views.push(new WeakRef(buffer));
  }

  /** A window of its own for a range that lies in two: the same pages of the file once more. */
  #bridgeOver(at: number, length: number): Window {
    const known = this.#bridge;
    if (known && !known.stale && at >= known.start && at + length <= known.start + known.capacity) {
      return known;
    }
    const start = Math.floor(at / binding.granularity) * binding.granularity;
    if (at - start + length > MAX_WINDOW) throw this.#tooLong(length, MAX_WINDOW);
    if (this.#traits.isCow) {
      throw new MmapUnsupportedError(
        `${length} bytes at offset ${at - this.delta} cross the 4 GiB boundary of a copy-on-write ` +
          'mapping, which has no second view of its private pages on this Node; use copyBytes',
        { path: this.#traits.path },
      );
    }
    const { window } = runSync(this.#map(at - start + length, start, -1));
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
