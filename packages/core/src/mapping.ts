import { constants } from 'node:buffer';

import { Access, binding, type HandleId, LockKind, result } from './binding.js';
import {
  MmapClosedError,
  MmapPoisonedError,
  MmapRangeError,
  MmapUnsupportedError,
} from './errors.js';
import { holdLease, type Lease, releaseLease } from './lease.js';
import { checkInteger, checkRange, checkSize, checkWithin } from './range.js';
import { MAX_WINDOW, returnWindow, takeWindow, Window } from './window.js';

/** Where a file object keeps its {@link Mapping}. */
export const MAPPING: unique symbol = Symbol('fmmap.mapping');

const NOTHING = new DataView(new ArrayBuffer(1));
const SCRATCH = new DataView(new ArrayBuffer(16));
const SCRATCH_BYTES = new Uint8Array(SCRATCH.buffer);

/** What another thread needs to look through the same windows; see `share()`. */
export interface SharedMapping {
  readonly fmmap: 1;
  readonly id: number;
  readonly path: string;
  readonly access: number;
  readonly offset: number;
  readonly delta: number;
  readonly isMemory: boolean;
  readonly isCow: boolean;
  readonly detachOnClose: boolean;
  readonly windows: readonly { readonly memory: SharedArrayBuffer; readonly start: number }[];
}

export interface MappingTraits {
  readonly id: HandleId;
  readonly path: string;
  readonly access: Access;
  /** Of the first visible byte in the file. */
  readonly offset: number;
  readonly isMemory: boolean;
  readonly isCow?: boolean;
  readonly detachOnClose: boolean;
}

/**
 * What stands behind a file object: the handle of the binding, and the memory.
 *
 * The first group of fields is the hot path of every typed access, which the code generator writes
 * out: an offset up to `lastN` is read through `view`, and good if the byte at `flag` is still 0.
 * Anything else, from a bad argument to a page of another window, goes to `load` and `store`.
 */
export class Mapping {
  view: DataView = NOTHING;
  flag = 0;
  last1 = -1;
  last2 = -1;
  last4 = -1;
  last8 = -1;
  last16 = -1;

  /** Visible bytes, as this thread last saw them. */
  length = 0;
  readonly path: string;
  readonly isMemory: boolean;
  /** Copy-on-write, and still so once frozen. */
  readonly isCow: boolean;
  access: Access;
  /** Of the first visible byte in the file, and from its page. */
  readonly offset: number;
  delta = 0;
  /** Another thread may be looking: windows are never changed in size under its eyes. */
  isShared = false;
  /** Attached to another thread's mapping: closing ends this handle, not the mapping. */
  readonly isAttached: boolean;

  /** Where a value is put together that no single window shows. */
  readonly scratch: DataView = SCRATCH;
  readonly #id: HandleId;
  readonly #lease: Lease;
  readonly #detachOnClose: boolean;
  #windows: Window[] = [];
  /** Windows for views alone: outgrown ones, and those over a range that the regular ones cut. */
  #others: Window[] = [];
  #isClosed = false;
  #isPoisoned = false;

  private constructor(traits: MappingTraits, isAttached: boolean) {
    this.path = traits.path;
    this.access = traits.access;
    this.offset = traits.offset;
    this.isMemory = traits.isMemory;
    this.isCow = traits.isCow ?? traits.access === Access.copy;
    this.isAttached = isAttached;
    this.#id = traits.id;
    this.#detachOnClose = traits.detachOnClose;
    this.#lease = {
      id: traits.id,
      path: traits.isMemory || isAttached ? undefined : traits.path,
      memories: [],
    };
  }

  /** Maps what the binding has just opened; on failure nothing of it is left. */
  static finish(traits: MappingTraits): Mapping {
    const mapping = new Mapping(traits, false);
    const [length = 0, delta = 0] = result;
    mapping.delta = delta;
    try {
      mapping.#layout(length, false);
      binding.commit(traits.id);
    } catch (error) {
      binding.abandon(traits.id);
      throw error;
    }
    mapping.#show(length);
    holdLease(mapping, mapping.#lease);
    return mapping;
  }

  /** The mapping of a token from {@link share}, seen from this thread. */
  static attach(token: SharedMapping): Mapping {
    const windows = token.windows.map(({ memory, start }) =>
      Object.assign(new Window(memory), { start }),
    );
    const id = binding.attach(token.id, ...windows.map((window) => window.bytes));
    const [length = 0, access = token.access] = result;
    const mapping = new Mapping({ ...token, id, access }, true);
    mapping.delta = token.delta;
    mapping.isShared = true;
    mapping.#windows = windows;
    for (const window of windows) mapping.#lease.memories.push(window.memory);
    mapping.#show(length);
    holdLease(mapping, mapping.#lease);
    mapping.refresh();
    return mapping;
  }

  /** A mapping that is over, for handles that were consumed. */
  static closed(path: string): Mapping {
    const mapping = new Mapping(
      { id: 0, path, access: Access.read, offset: 0, isMemory: true, detachOnClose: false },
      false,
    );
    mapping.#isClosed = true;
    return mapping;
  }

  share(): SharedMapping {
    this.refresh();
    this.isShared = true;
    return {
      fmmap: 1,
      id: this.#id,
      path: this.path,
      access: this.access,
      offset: this.offset,
      delta: this.delta,
      isMemory: this.isMemory,
      isCow: this.isCow,
      detachOnClose: this.#detachOnClose,
      windows: this.#windows.map(({ memory, start }) => ({ memory, start })),
    };
  }

  // --- state ---

  get isClosed(): boolean {
    this.#sync();
    return this.#isClosed;
  }

  get isPoisoned(): boolean {
    this.#sync();
    return this.#isPoisoned;
  }

  get lockKind(): LockKind {
    return this.#isClosed || (binding.state(this.#id) & 1) !== 0
      ? LockKind.none
      : (result[1] as LockKind);
  }

  /** The handle for a call into the binding. @throws MmapClosedError */
  get id(): HandleId {
    if (this.#isClosed) throw new MmapClosedError(this.path);
    return this.#id;
  }

  /**
   * First step of whatever is not on the hot path: catches up with what other threads did.
   * @throws MmapClosedError
   */
  refresh(): void {
    this.#sync();
    if (this.#isClosed) throw new MmapClosedError(this.path);
  }

  /** @throws MmapClosedError, MmapPoisonedError */
  requireUsable(): void {
    this.refresh();
    if (this.#isPoisoned) throw new MmapPoisonedError(this.path);
  }

  /** Catches up with the binding where a window says that it must, or where `isDue`. */
  #sync(
    isDue = this.#windows.length === 0 ? this.isShared : this.#windows.some((w) => w.stale),
  ): void {
    if (this.#isClosed || !isDue) return;
    const bits = binding.state(this.#id);
    const length = result[0] ?? 0;
    if ((bits & 1) !== 0) {
      binding.release(this.#id);
      this.#shut();
    } else if ((bits & 2) !== 0) this.#empty();
    else if (length !== this.length || this.#windows.some((window) => window.stale)) {
      this.#renew(length);
    }
  }

  /** New windows for what another thread made of the file. It may do so again meanwhile. */
  #renew(length: number): void {
    const before = this.#windows;
    const now = this.#layout(length, true);
    if (now === length) this.#show(length);
    this.#prune(before);
    if (now !== length) this.#renew(now);
  }

  /** Poisoned: still there, with nothing in it. */
  #empty(): void {
    this.#isPoisoned = true;
    this.#hide();
  }

  #shut(): void {
    this.#isClosed = true;
    this.#hide();
    this.#detach();
    this.#windows = [];
    this.#others = [];
    releaseLease(this, this.#lease);
  }

  #detach(): void {
    if (!this.#detachOnClose) return;
    for (const { exposed } of [...this.#windows, ...this.#others]) {
      if (exposed) binding.detach(exposed as ArrayBuffer);
    }
  }

  // --- windows ---

  #hide(): void {
    this.length = 0;
    this.view = NOTHING;
    this.last1 = this.last2 = this.last4 = this.last8 = this.last16 = -1;
  }

  /** Puts the first window on the hot path. */
  #show(length: number): void {
    this.length = length;
    const window = this.#windows[0];
    if (!window || length === 0) {
      this.view = NOTHING;
      this.last1 = this.last2 = this.last4 = this.last8 = this.last16 = -1;
      return;
    }
    const visible = Math.min(length, window.capacity - this.delta);
    this.view = window.view(this.delta);
    this.flag = window.capacity - this.delta;
    this.last1 = visible - 1;
    this.last2 = visible - 2;
    this.last4 = visible - 4;
    this.last8 = visible - 8;
    this.last16 = visible - 16;
  }

  /**
   * Sees to it that windows cover `length` visible bytes.
   * @param renew - Replaces those there are, for as many bytes as the file has when it is done.
   * @returns The bytes that they show.
   */
  #layout(length: number, renew: boolean, added: Window[] = []): number {
    const total = length === 0 ? 0 : this.delta + length;
    const before = this.#windows;
    const after: Window[] = [];
    let shown = length;
    try {
      for (let start = 0; start < total; start += MAX_WINDOW) {
        const needed = Math.min(total - start, MAX_WINDOW);
        const old = before[after.length];
        if (old && !renew && !this.isShared && old.capacity >= needed) {
          after.push(old);
          continue;
        }
        // One that grew once will grow again, and address space is free.
        const room =
          old && !renew ? Math.min(Math.max(needed, old.capacity * 2), MAX_WINDOW) : needed;
        const window = this.#open(room, start, renew ? -1 : length);
        added.push(window);
        after.push(window);
        if (renew) shown = result[0] ?? 0;
      }
    } catch (error) {
      for (const window of added) this.#unmap(window);
      throw error;
    }
    if (total > 0) this.#windows = after;
    return shown;
  }

  #open(capacity: number, start: number, length: number): Window {
    const window = takeWindow(capacity, this.path);
    window.start = start;
    result[0] = binding.map(this.#id, window.bytes, window.capacity, start, length);
    this.#lease.memories.push(window.memory);
    return window;
  }

  #unmap(window: Window): void {
    binding.unmap(this.#id, window.bytes);
    const { memories } = this.#lease;
    memories.splice(memories.indexOf(window.memory), 1);
    if (!this.isShared) returnWindow(window);
  }

  /** Lets go of windows that show nothing to anybody any more. */
  #prune(outgrown: Window[]): void {
    const others = [
      ...this.#others,
      ...outgrown.filter((window) => !this.#windows.includes(window)),
    ];
    this.#others = others.filter((window) => window.exposed);
    for (const window of others) if (!this.#others.includes(window)) this.#unmap(window);
  }

  #windowAt(page: number): Window {
    return this.#windows[Math.floor(page / MAX_WINDOW)] as Window;
  }

  // --- arguments ---

  /** Checks `(offset?, length?)` and returns the length. @throws TypeError, MmapRangeError, MmapClosedError */
  resolve(offset: number | undefined, length: number | undefined): number {
    if (offset !== undefined) checkSize(offset, 'offset');
    if (length !== undefined) checkSize(length, 'length');
    this.refresh();
    return checkRange(offset, length, this.length, this.path);
  }

  /** As {@link resolve}, where a poisoned mapping will not do. */
  resolveUsable(offset: number | undefined, length: number | undefined): number {
    if (offset !== undefined) checkSize(offset, 'offset');
    if (length !== undefined) checkSize(length, 'length');
    this.requireUsable();
    return checkRange(offset, length, this.length, this.path);
  }

  /** Checks `(start, end?)` and returns the end. */
  resolveEnd(start: number, end: number | undefined): number {
    checkSize(start, 'start');
    if (end !== undefined) checkSize(end, 'end');
    this.requireUsable();
    const until = end ?? this.length;
    checkInteger(until, 'end', 0, this.length);
    checkInteger(start, 'start', 0, until);
    return until;
  }

  /** Makes a call into the binding that may poison the mapping, and notes if it did. */
  guarded(call: (id: HandleId) => void): void {
    try {
      call(this.id);
    } catch (error) {
      this.#sync(true);
      throw error;
    }
  }

  // --- access to memory ---

  /**
   * Calls `visit` for each piece of a checked range, as one window shows it.
   * @param visit - Gets the bytes and their offset in the mapping; `true` ends the walk.
   * @param step - The most bytes of a piece.
   */
  each(
    offset: number,
    length: number,
    visit: (bytes: Buffer, offset: number) => unknown,
    step = MAX_WINDOW,
  ): void {
    let at = offset + this.delta;
    const end = at + length;
    while (at < end) {
      const window = this.#windowAt(at);
      const until = Math.min(end, window.start + window.capacity, at + step);
      const bytes = window.bytes.subarray(at - window.start, until - window.start);
      if (visit(bytes, at - this.delta) === true) return;
      at = until;
    }
  }

  /** A checked range as one Buffer of fmmap's own, copied only where no window shows all of it. */
  peek(offset: number, length: number): Buffer {
    if (length === 0) return Buffer.alloc(0);
    const at = offset + this.delta;
    const window = this.#windowAt(at);
    const from = at - window.start;
    if (from + length <= window.capacity) return window.bytes.subarray(from, from + length);
    return this.copy(offset, length);
  }

  copy(offset: number, length: number): Buffer {
    if (length > constants.MAX_LENGTH) throw this.#tooLong(length, constants.MAX_LENGTH);
    const copy = Buffer.allocUnsafeSlow(length);
    this.each(offset, length, (bytes, at) => {
      copy.set(bytes, at - offset);
    });
    return copy;
  }

  /** The slow way of a typed read: a value of `size` bytes, at 0 of the view that it returns. */
  load(offset: number, size: number): DataView {
    this.#reach(offset, size);
    this.each(offset, size, (bytes, at) => {
      SCRATCH_BYTES.set(bytes, at - offset);
    });
    this.requireUsable();
    return this.scratch;
  }

  /** The slow way of a typed write: stores the first `size` bytes of `scratch`. */
  store(offset: number, size: number): void {
    const value = SCRATCH_BYTES.slice(0, size);
    this.#reach(offset, size);
    this.each(offset, size, (bytes, at) => {
      bytes.set(value.subarray(at - offset, at - offset + bytes.length));
    });
    this.requireUsable();
  }

  #reach(offset: number, size: number): void {
    checkSize(offset, 'offset');
    this.requireUsable();
    checkWithin(offset, size, this.length, this.path);
  }

  /** A view for the user over a checked range. */
  bytes(offset: number, length: number): Buffer {
    if (length === 0) return Buffer.from(new ArrayBuffer(0));
    const at = offset + this.delta;
    let window: Window | undefined = this.#windowAt(at);
    if (at - window.start + length > window.capacity) window = this.#bridge(at, length);
    return Buffer.from(this.#expose(window) as ArrayBuffer, at - window.start, length);
  }

  #tooLong(length: number, most: number): MmapRangeError {
    return new MmapRangeError(
      `"length" ${length} is more than one Buffer of this Node holds (${most} bytes); ask for less`,
      { argument: 'length', path: this.path },
    );
  }

  /** A window of its own for a range that lies in two: the same pages of the file once more. */
  #bridge(at: number, length: number): Window {
    const found = this.#others.find(
      ({ start, capacity, stale }) => !stale && at >= start && at + length <= start + capacity,
    );
    if (found) return found;
    const start = Math.floor(at / binding.granularity) * binding.granularity;
    if (at - start + length > MAX_WINDOW) {
      throw this.#tooLong(length, MAX_WINDOW);
    }
    if (this.isCow) {
      throw new MmapUnsupportedError(
        `${length} bytes at offset ${at - this.delta} cross the 4 GiB boundary of a copy-on-write ` +
          'mapping, which has no second view of its private pages on this Node; use copyBytes',
        { path: this.path },
      );
    }
    const window = this.#open(at - start + length, start, -1);
    this.#prune([]);
    this.#others.push(window);
    return window;
  }

  /**
   * What the user's views lie over: another object for the same memory, which keeps this mapping
   * alive, so that a view whose file object was dropped goes on showing the file.
   */
  #expose(window: Window): ArrayBufferLike {
    const exposed =
      window.exposed ??
      (this.#detachOnClose ? binding.alias(window.bytes) : structuredClone(window.memory));
    if (exposed !== window.exposed) {
      Object.defineProperty(exposed, MAPPING, { value: this });
      window.exposed = exposed;
    }
    return exposed;
  }

  // --- changes ---

  resize(size: number): void {
    checkSize(size, 'size');
    this.requireUsable();
    const id = this.id;
    if (this.isCow) {
      throw new MmapUnsupportedError(
        `'${this.path}' is a copy-on-write mapping, whose file never changes; open it writable to truncate it`,
        { path: this.path },
      );
    }
    const length = size - this.offset;
    const before = this.#windows;
    const added: Window[] = [];
    this.#layout(Math.max(length, 0), false, added);
    try {
      binding.resize(id, size, this.isShared);
    } catch (error) {
      this.#windows = before;
      for (const window of added) this.#unmap(window);
      this.#sync(true);
      throw error;
    }
    this.#show(result[0] ?? 0);
    this.#prune(before);
  }

  freeze(exec: boolean): void {
    this.requireUsable();
    this.guarded((id) => binding.freeze(id, exec));
    this.access = exec ? Access.exec : Access.read;
  }

  close(): void {
    if (this.isClosed) return;
    if (this.isAttached) binding.release(this.#id);
    else binding.close(this.#id);
    const windows = this.#windows;
    this.#shut();
    if (!this.isShared) for (const window of windows) returnWindow(window);
  }
}
