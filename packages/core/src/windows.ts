import { constants } from 'node:buffer';

import { binding, type HandleId } from './binding.js';
import { bufferOf, type TypedArray } from './bytes.js';
import { MmapRangeError, MmapUnsupportedError } from './errors.js';
import type { Lease } from './lease.js';
import { MAX_WINDOW, returnWindow, takeWindow, Window } from './window.js';
import { call, perform, type Work } from './work.js';

/** Where the memory of a user's views keeps the mapping that it belongs to. */
const MAPPING: unique symbol = Symbol('fmmap.mapping');

/** The mapping that an array of a user's lies over, if it does. */
export function ownerOf(array: TypedArray): { requireIntact(): void } | undefined {
  return (bufferOf(array) as { [MAPPING]?: { requireIntact(): void } })[MAPPING];
}

/** From here on it is worth asking whether the address space has room: V8 ends without any. */
const LARGE = 2 ** 26;

/** What the windows of a mapping have in common. */
export interface WindowsTraits {
  readonly id: HandleId;
  readonly path: string;
  /** Private pages cannot be shown twice. */
  readonly isCow: boolean;
  readonly detachOnClose: boolean;
}

/** A window for another thread. */
export interface SharedWindow {
  readonly memory: SharedArrayBuffer;
  readonly start: number;
}

/**
 * The windows through which one handle sees its file: side by side, {@link MAX_WINDOW} bytes each,
 * so that there is one but for files larger than a buffer of this Node. Ranges are checked before.
 */
export class Windows {
  /** Of the first visible byte from its page. */
  readonly delta: number;
  /** Another thread may be looking: windows never change under its eyes, and are never reused. */
  isShared: boolean;
  readonly #traits: WindowsTraits;
  readonly #lease: Lease;
  #list: Window[] = [];
  /** Windows for views alone: outgrown ones, and those over a range that the regular ones cut. */
  #others: Window[] = [];

  constructor(
    traits: WindowsTraits,
    lease: Lease,
    delta: number,
    shared?: readonly SharedWindow[],
  ) {
    this.#traits = traits;
    this.#lease = lease;
    this.delta = delta;
    this.isShared = shared !== undefined;
    for (const { memory, start } of shared ?? []) {
      this.#list.push(Object.assign(new Window(memory), { start }));
      lease.memories.push(memory);
    }
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

  share(): SharedWindow[] {
    this.isShared = true;
    return this.#list.map(({ memory, start }) => ({ memory, start }));
  }

  // --- size ---

  /**
   * Sees to it that windows show `length` visible bytes, which the file is to have.
   * @returns What takes them back to what they showed before.
   */
  *cover(length: number): Work<() => void> {
    const before = this.#list;
    const added: Window[] = [];
    yield* this.#layout(length, length, added, this.isShared ? [] : before);
    return () => {
      this.#list = before;
      for (const window of added) this.#unmap(window);
    };
  }

  /** New windows for about `length` visible bytes. @returns The bytes that there really are. */
  renew(length: number): number {
    const before = this.#list;
    const shown = perform(this.#layout(length, -1, [], []));
    this.prune(before);
    return shown;
  }

  *#layout(
    length: number,
    visible: number,
    added: Window[],
    reuse: readonly Window[],
  ): Work<number> {
    const total = length === 0 ? 0 : this.delta + length;
    const list: Window[] = [];
    let shown = length;
    if (total >= LARGE) yield* call('probe', this.#traits.id, total);
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
      for (const window of added) this.#unmap(window);
      throw error;
    }
    // With nothing to show, the windows there are stay for the next growth, unless they are stale.
    if (total > 0 || visible < 0) this.#list = list;
    return shown;
  }

  *#map(capacity: number, start: number, visible: number): Work<{ window: Window; shown: number }> {
    const { id, path } = this.#traits;
    const window = takeWindow(capacity, path);
    window.start = start;
    const shown = yield* call('map', id, window.bytes, window.capacity, start, visible);
    this.#lease.memories.push(window.memory);
    return { window, shown };
  }

  #unmap(window: Window): void {
    binding.unmap(this.#traits.id, window.bytes);
    const { memories } = this.#lease;
    memories.splice(memories.indexOf(window.memory), 1);
    if (!this.isShared) returnWindow(window);
  }

  /** Lets go of windows that are no longer in use, and of which no user has a view. */
  prune(outgrown: readonly Window[] = []): void {
    const idle = outgrown.filter((window) => !this.#list.includes(window));
    const others = [...this.#others, ...idle.map((window) => window.weaken())];
    this.#others = others.filter((window) => window.exposed);
    for (const window of others) if (!this.#others.includes(window)) this.#unmap(window);
  }

  get list(): readonly Window[] {
    return this.#list;
  }

  /** After the binding has let go of them all. */
  close(): void {
    for (const { exposed } of [...this.#list, ...this.#others]) {
      if (exposed && this.#traits.detachOnClose) binding.detach(exposed as ArrayBuffer);
    }
    for (const window of this.isShared ? [] : this.#list) {
      if (window.wasExposed) window.blank();
      else returnWindow(window);
    }
    this.#list = [];
    this.#others = [];
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

  /** Copies a range out to the begin of an array. */
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
    return (
      ownerOf(array) === owner && !(this.#list.length === 1 && this.first?.exposed === array.buffer)
    );
  }

  copy(offset: number, length: number): Buffer {
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

  /** A view for the user. @param owner - Lives as long as the view. */
  view(offset: number, length: number, owner: object): Buffer {
    if (length === 0) return Buffer.from(new ArrayBuffer(0));
    const at = offset + this.delta;
    const regular = this.#at(at);
    const isCut = at - regular.start + length > regular.capacity;
    const window = isCut ? this.#bridge(at, length) : regular;
    const exposed = this.#expose(window, owner) as ArrayBuffer;
    if (isCut) window.weaken();
    return Buffer.from(exposed, at - window.start, length);
  }

  /** A window of its own for a range that lies in two: the same pages of the file once more. */
  #bridge(at: number, length: number): Window {
    const found = this.#others.find(
      ({ start, capacity, stale }) => !stale && at >= start && at + length <= start + capacity,
    );
    if (found) return found;
    const start = Math.floor(at / binding.granularity) * binding.granularity;
    if (at - start + length > MAX_WINDOW) throw this.#tooLong(length, MAX_WINDOW);
    if (this.#traits.isCow) {
      throw new MmapUnsupportedError(
        `${length} bytes at offset ${at - this.delta} cross the 4 GiB boundary of a copy-on-write ` +
          'mapping, which has no second view of its private pages on this Node; use copyBytes',
        { path: this.#traits.path },
      );
    }
    const { window } = perform(this.#map(at - start + length, start, -1));
    this.prune();
    this.#others.push(window);
    return window;
  }

  /**
   * What the user's views lie over: another object for the same memory, which keeps its owner
   * alive, so that a view whose file object was dropped goes on showing the file.
   */
  #expose(window: Window, owner: object): ArrayBufferLike {
    const known = window.exposed;
    if (known && known.byteLength > 0) return known; // else the user has transferred it
    const made = this.#traits.detachOnClose
      ? binding.alias(window.bytes)
      : structuredClone(window.memory);
    Object.defineProperty(made, MAPPING, { value: owner });
    window.exposed = made;
    return made;
  }

  #tooLong(length: number, most: number): MmapRangeError {
    return new MmapRangeError(
      `"length" ${length} is more than one Buffer of this Node holds (${most} bytes); ask for less`,
      { argument: 'length', path: this.#traits.path },
    );
  }
}
