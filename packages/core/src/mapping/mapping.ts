// The state of a mapped file in one thread: its handle, its memory, and the hot path of typed access.
import { checkViews } from '../arguments/options.js';
import { checkInteger, checkSize, checkWithin } from '../arguments/range.js';
import {
  Access,
  type Binding,
  binding,
  End,
  type HandleId,
  LockKind,
  result,
  type StepName,
} from '../binding/binding.js';
import { type Call, invoke, makeCall, runSync, type Sequence } from '../binding/steps.js';
import { closes, faults, report, startOf } from '../diagnostics/channels.js';
import {
  MmapClosedError,
  MmapFaultError,
  MmapPoisonedError,
  MmapRangeError,
  MmapUnsupportedError,
  typeError,
} from '../errors.js';
import { setImmediate } from '../host.js';
import type { FileDescription, LockState } from './describe.js';
import { Disposal } from './disposal.js';
import { FarView } from './far-view.js';
import { type FaultListener, FaultListeners } from './faults.js';
import { Anchor } from './finalizer.js';
import { LockQueue } from './lock-queue.js';
import { OperationQueue } from './operation-queue.js';
import { type MappingTraits, type SharedMapping, UNCLONEABLE } from './traits.js';
import { Window } from './window.js';
import { type Cover, ownerOf, WindowSet } from './window-set.js';

const NOTHING = new DataView(new ArrayBuffer(0));
const NO_FLAG = new DataView(new ArrayBuffer(1));
const SCRATCH = new DataView(new ArrayBuffer(16));
const SCRATCH_BYTES = new Uint8Array(SCRATCH.buffer);

/** The first fault since the file was mapped; `serial` distinguishes it from others. */
interface Fault {
  /** As in {@link MmapFaultError}. */
  readonly code: number;
  readonly offset: number;
  readonly serial: number;
}

/** What a typed write uses of a mapping. */
export type TypedMemory = Pick<Mapping, 'view' | 'flag' | 'scratch' | 'store'>;

/** What was thrown, which may be undefined. */
interface Failure {
  readonly error: unknown;
}

/** A writer that collects bytes for a file. */
export interface Collector {
  /** Offsets in the file: of the first byte, and of what follows the last. */
  readonly start: number;
  readonly end: number;
  /** Puts them into the file. If that fails, it keeps them. */
  drain(): void;
}

/**
 * The state behind a file object: the handle of the binding, and the memory.
 *
 * The first two fields are the hot path of every typed access, which the code generator writes out: `view` has exactly the
 * visible bytes, or is a {@link FarView} if there are several windows, and a value is valid if `flag` is intact after it was
 * read. Anything else, from a bad argument to a page of another window, goes to `load` and `store`.
 */
export class Mapping {
  view: DataView = NOTHING;
  flag: DataView = NO_FLAG;

  /** Number of visible bytes, as this thread last saw it. */
  length = 0;
  access: Access;
  readonly windows: WindowSet;
  /** Where a value is assembled off the hot path. */
  readonly scratch: DataView = SCRATCH;
  readonly uncloneable: symbol = UNCLONEABLE;
  readonly #traits: MappingTraits;
  /** Closing ends this handle, not the mapping, which belongs to another thread. */
  readonly #isAttached: boolean;
  #anchor: Anchor | undefined;
  #isClosed = false;
  #isPoisoned = false;
  /** The number of changes of the length, as this thread last saw it. */
  #changes = -1;
  #fault: Fault | undefined;
  /** The serial number of the last one that was reported. */
  #lastFault = -1;
  #listeners: FaultListeners | undefined;
  #queue: OperationQueue | undefined;
  #disposal: Disposal | undefined;
  #lockQueue: LockQueue | undefined;
  /** The writers that have collected something. */
  #collectors: Set<Collector> | undefined;

  private constructor(traits: MappingTraits, delta: number, isAttached = false) {
    this.access = traits.access;
    this.#traits = traits;
    this.#isAttached = isAttached;
    this.windows = new WindowSet(traits, delta, isAttached);
  }

  /** Maps what the binding has just opened; undoes everything on failure. */
  static finish(traits: MappingTraits): Sequence<Mapping> {
    const { id, path, isMemory } = traits;
    const length = result[0] as number;
    const isPending = result[2] === 1;
    const mapping = new Mapping(traits, result[1] as number);
    mapping.#anchor = Anchor.of(id, path, isMemory, isMemory ? length : 0);
    const { windows } = mapping;
    let cover: Cover;
    return {
      calls() {
        cover = windows.cover(length);
        return isPending ? [...cover.calls, makeCall('commit', id)] : cover.calls;
      },
      finish() {
        windows.use(cover);
        if (faults.hasSubscribers) mapping.#watchFaults();
        mapping.#show(cover.length); // where views hold a file, another process may have cut it before
        return mapping;
      },
      fail() {
        if (cover) windows.cancel(cover);
        mapping.#release();
        return makeCall('abandon', id);
      },
    };
  }

  /**
   * The mapping of a token from {@link share}, for this thread. Everything except the memory comes from the binding.
   * @param name - The path, for the message if the mapping is closed.
   * @param shared - Whether the views of this handle lie over shared memory.
   */
  static attach(
    secret: string,
    memories: readonly SharedArrayBuffer[],
    name: string,
    shared: boolean,
  ): Mapping {
    const windows = memories.map((memory) => new Window(memory));
    const starts = new Float64Array(windows.length);
    const id = binding.attach(secret, name, starts, ...windows.map(({ whole }) => whole));
    const [length = 0, access = 0, offset = 0, delta = 0, bits = 0] = result;
    const path = binding.nameOf(id);
    const isMemory = (bits & 1) !== 0;
    const isCow = (bits & 2) !== 0;
    const detachOnClose = (bits & 4) !== 0;
    const isNameless = (bits & 8) !== 0;
    const traits = { id, path, access, offset, isMemory, isCow, isNameless, detachOnClose, shared };
    const mapping = new Mapping(traits, delta, true);
    mapping.#anchor = Anchor.of(id, path, true);
    const known = windows.flatMap((window, index) => {
      const start = starts[index] ?? -1;
      return start < 0 ? [] : [Object.assign(window, { start })];
    });
    mapping.windows.adopt(known, length);
    mapping.#show(mapping.windows.covers(length) ? length : 0);
    try {
      checkViews(mapping.#traits);
      if (faults.hasSubscribers) mapping.#watchFaults();
      mapping.#sync(true); // a fault does not fail this: the caller may want to reopen
      if (mapping.#isClosed) throw new MmapClosedError(name);
    } catch (error) {
      runSync(mapping.close());
      throw error;
    }
    return mapping;
  }

  /** A closed mapping, for handles that were consumed. */
  static closed(of: Mapping): Mapping {
    const mapping = new Mapping({ ...of.#traits, id: 0 }, 0);
    mapping.#isClosed = true;
    return mapping;
  }

  share(): SharedMapping {
    this.refresh();
    const secret = binding.share(this.#traits.id);
    if (secret === '') throw new MmapClosedError(this.path);
    return { fmmap: 1, path: this.path, secret, windows: this.windows.share() };
  }

  // --- state ---

  get path(): string {
    return this.#traits.path;
  }

  get isNameless(): boolean {
    return this.#traits.isNameless;
  }

  /** @throws MmapUnsupportedError if the file has no path, and so cannot be removed. */
  requirePath(): void {
    if (!this.isNameless) return;
    throw new MmapUnsupportedError(
      `'${this.path}' cannot be removed, because a file that was opened by a descriptor has no path; remove it by its path with fs.unlink, and close this handle`,
      { path: this.path, syscall: 'unlink' },
    );
  }

  /** Offset of the first visible byte in the file. */
  get offset(): number {
    return this.#traits.offset;
  }

  /** Whether views lie over shared memory. */
  get shared(): boolean {
    return this.#traits.shared;
  }

  /** Orders the calls of the async classes. */
  get queue(): OperationQueue {
    this.#queue ??= new OperationQueue();
    return this.#queue;
  }

  /** The disposal by the async classes. */
  get disposal(): Disposal {
    this.#disposal ??= new Disposal();
    return this.#disposal;
  }

  get isCow(): boolean {
    return this.#traits.isCow;
  }

  /** Whether its bytes are those of the file. */
  get showsFile(): boolean {
    return !this.#traits.isMemory && !this.#traits.isCow;
  }

  get isClosed(): boolean {
    this.#sync();
    return this.#isClosed;
  }

  get isPoisoned(): boolean {
    this.#sync();
    return this.#isPoisoned;
  }

  get isFaulted(): boolean {
    this.#sync();
    return this.#fault !== undefined;
  }

  /** The calls that are waiting for the lock. */
  get lockQueue(): LockQueue {
    this.#lockQueue ??= new LockQueue();
    return this.#lockQueue;
  }

  get lockKind(): LockKind {
    const isOver = this.#isClosed || (binding.state(this.#traits.id) & 1) !== 0;
    return isOver ? LockKind.none : (result[1] as LockKind);
  }

  /** Never throws, whatever the state. */
  describe(): FileDescription {
    try {
      this.#sync();
    } catch {
      // Not enough memory to find out the current state: describe the last known one.
    }
    const state = this.#isClosed
      ? 'closed'
      : this.#fault
        ? 'faulted'
        : this.#isPoisoned
          ? 'poisoned'
          : 'open';
    return {
      path: this.path,
      length: this.length,
      access: Access[this.access] as FileDescription['access'],
      lock: LockKind[this.lockKind] as LockState,
      state,
    };
  }

  /** The handle for a call into the binding. @throws MmapClosedError */
  get id(): HandleId {
    if (this.#isClosed) throw new MmapClosedError(this.path);
    return this.#traits.id;
  }

  /**
   * First step of everything off the hot path: catches up with changes by other threads.
   * @param isDue - Whether to ask the binding even if no window indicates a change.
   * @throws MmapClosedError, MmapFaultError
   */
  refresh(isDue?: boolean): void {
    this.#sync(isDue);
    if (this.#isClosed) throw new MmapClosedError(this.path);
    if (this.#fault) throw this.#faultError(this.#fault);
  }

  /** @throws MmapClosedError, MmapFaultError, MmapPoisonedError */
  requireUsable(): void {
    this.refresh();
    if (this.#isPoisoned) throw new MmapPoisonedError(this.path);
  }

  #sync(isDue: boolean = this.windows.isStale): void {
    if (this.#isClosed || !isDue) return;
    const bits = binding.state(this.#traits.id);
    let length = result[0] ?? 0;
    const [, , code = 0, offset = 0, serial = 0, changes = 0] = result;
    this.#changes = changes;
    this.#noteFault((bits & 4) !== 0 ? { code, offset, serial } : undefined);
    if ((bits & 1) !== 0) {
      binding.release(this.#traits.id);
      this.#shut();
    } else if ((bits & 2) !== 0) {
      this.#isPoisoned = true;
      this.#show(0);
    } else if (!this.#fault && !this.#isShowing(length, (bits & 8) !== 0)) {
      // Another thread may change the length again before this is done.
      for (let shown = -1; shown !== length; ) {
        if (shown >= 0) length = shown;
        shown = this.windows.renew(length);
      }
      this.#show(length);
    }
  }

  /** @param isAhead - The windows are stale because another thread is about to cut the file, but has not yet. */
  #isShowing(length: number, isAhead: boolean): boolean {
    const isCurrent = isAhead || !this.windows.isStale;
    return length === this.length && isCurrent && this.windows.covers(length);
  }

  /** Whether the bytes read so far are the file's, although another thread is about to cut it. */
  #isBeforeCut(): boolean {
    const bits = binding.state(this.#traits.id);
    return bits === 8 && result[0] === this.length && result[5] === this.#changes;
  }

  // --- faults ---

  #faultError({ code, offset }: Fault): MmapFaultError {
    return new MmapFaultError(this.path, code, offset);
  }

  /** @throws MmapFaultError, and nothing else: views of a closed file read as zeroes */
  requireIntact(): void {
    this.#sync();
    if (this.#fault) throw this.#faultError(this.#fault);
  }

  /**
   * Also looks at the file itself: past its end, the rest of its last page reads as zeroes without a fault.
   * @throws MmapClosedError, MmapFaultError
   */
  checkFault(): Call<unknown> {
    return this.call('checkFault', [this.id]);
  }

  reopen(): Call<void> {
    this.#sync();
    if (this.#isPoisoned) throw new MmapPoisonedError(this.path);
    return { ...this.call('reopen', [this.id]), finish: () => this.#sync(true) };
  }

  #noteFault(fault: Fault | undefined): void {
    this.#fault = fault;
    if (!fault || fault.serial === this.#lastFault) return;
    this.#lastFault = fault.serial;
    if (faults.hasSubscribers) faults.publish({ path: this.path, error: this.#faultError(fault) });
  }

  /** Has faults reported soon, rather than by the next call. */
  #watchFaults(): void {
    this.#listeners ??= new FaultListeners();
    this.#listeners.watch(this);
  }

  /** @returns A function that removes the listener. */
  onFault(listener: FaultListener): () => void {
    if (typeof listener !== 'function') throw typeError('listener', 'a function', listener);
    if (this.isClosed) throw new MmapClosedError(this.path);
    this.#listeners ??= new FaultListeners();
    const ignore = this.#listeners.add(this, listener);
    if (this.#fault) setImmediate(() => this.reportFault());
    return ignore;
  }

  reportFault(): void {
    this.#sync();
    const fault = this.#fault;
    if (fault) this.#listeners?.tell(fault.serial, () => this.#faultError(fault));
  }

  /** Points the hot path at the first window. */
  #show(length: number): void {
    const { first, delta } = this.windows;
    const isEmpty = length === 0 || !first;
    this.length = length;
    const near = isEmpty ? NOTHING : first.view(delta, Math.min(length, first.capacity - delta));
    this.view = near.byteLength < length ? new FarView(this, near) : near;
    this.flag = isEmpty ? NO_FLAG : first.flag;
  }

  /** Ends all access; the memory may be unmapped only after that. */
  #hide(): void {
    this.#isClosed = true;
    this.#show(0);
  }

  /** @param start - When the call that ends this started, for the report. */
  #shut(areBlank = false, start = startOf(closes), error?: unknown): void {
    this.#hide();
    this.#listeners?.clear();
    this.windows.close(areBlank);
    this.#release();
    report(closes, start, { path: this.path, error, isLeak: false });
  }

  #release(): void {
    this.#anchor?.release();
    this.#anchor = undefined;
  }

  // --- arguments ---

  /**
   * Checks `(offset?, length?)`, by default the whole mapping, against what is mapped now.
   * @param isUsable - Whether a poisoned mapping is refused.
   * @returns The length.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError
   */
  resolve(offset: number | undefined, length: number | undefined, isUsable = false): number {
    if (offset !== undefined) checkSize(offset, 'offset', this.most());
    if (length !== undefined) checkSize(length, 'length', this.most(offset));
    if (isUsable) this.requireUsable();
    else this.refresh();
    const from = offset ?? 0;
    const bytes = length ?? Math.max(this.length - from, 0);
    this.requireBytes(from, bytes);
    return bytes + 0;
  }

  /** Checks `(start, end?)` likewise. @returns The end. */
  resolveEnd(start: number, end: number | undefined, isUsable = true): number {
    checkSize(start, 'start', this.most());
    if (end !== undefined) checkSize(end, 'end', this.most());
    if (isUsable) this.requireUsable();
    else this.refresh();
    const until = end ?? this.length;
    if (Math.max(start, until) > this.length) this.requireUsable();
    checkInteger(until, 'end', 0, this.length);
    checkInteger(start, 'start', 0, until);
    return until;
  }

  /**
   * A call that takes the available bytes gets none from a poisoned mapping; a call that needs a byte throws.
   * @param of - See {@link checkWithin}.
   * @throws MmapPoisonedError, MmapRangeError
   */
  requireBytes(offset: number, length: number, of?: string): void {
    if (this.#isPoisoned && offset + length > 0) throw new MmapPoisonedError(this.path);
    checkWithin(offset, length, this, of);
  }

  /** The most bytes available from an offset on, for messages; negative if unknown. */
  most(from = 0): number {
    return this.#isClosed || this.#isPoisoned ? -1 : this.length - from;
  }

  /** How to make the mapping longer, for messages. */
  get growth(): string {
    const { isCow, isMemory } = this.#traits;
    if (isCow) {
      return 'a copy-on-write mapping does not grow: make the file longer first, by opening it writable with "minSize"';
    }
    if (this.access === Access.write) {
      return `make it longer with truncate(size)${isMemory ? '' : ', or open it with "minSize"'}`;
    }
    return isMemory
      ? 'read-only memory keeps the bytes that it was created with'
      : 'to make it longer, open it writable with "minSize"; reopen() shows what others have added';
  }

  // --- memory ---

  /** A view, for the user, of a range that has been checked. */
  bytes(offset: number, length: number, isShared: boolean = this.#traits.shared): Buffer {
    return this.windows.view(offset, length, this, isShared);
  }

  /**
   * Runs `act` on the memory, again if another thread retired windows meanwhile: `act` may then have
   * read zeroes, or its writes may be lost.
   * @param act - Checks its range on each run.
   * @param other - An array of the user's that `act` copies from or to.
   * @throws MmapFaultError, of this mapping or of the one that `other` lies over.
   */
  settled<T>(act: () => T, other?: Uint8Array): T {
    for (;;) {
      const wasPoisoned = this.#isPoisoned; // its windows stay stale
      const value = act();
      const isOver = wasPoisoned || this.windows.first === undefined || !this.windows.isStale;
      if (isOver || this.#isBeforeCut()) {
        if (other) ownerOf(other)?.requireIntact();
        return value;
      }
      this.refresh();
    }
  }

  /** Called after work on `length` bytes: if that was much, checking the file is cheap by comparison. */
  checkAfter(length: number): void {
    if (length > binding.pageSize) invoke(this.checkFault());
  }

  /** The slow path of a typed read: a value of `size` bytes, at offset 0 of the returned view. */
  load(offset: number, size: number): DataView {
    // Past the first window, in a file larger than a buffer of this Node.
    if (this.loadFew(offset, size, SCRATCH_BYTES)) return SCRATCH;
    return this.settled(() => {
      this.#reach(offset, size);
      this.windows.each(offset, size, (bytes, at) => {
        SCRATCH_BYTES.set(bytes, at - offset);
      });
      return SCRATCH;
    });
  }

  /** Copies a few bytes out of one window. @returns Whether that was possible and the bytes are valid. */
  loadFew(offset: number, size: number, to: Uint8Array): boolean {
    return this.#isInside(offset, size) && this.windows.get(offset, size, to);
  }

  /** The slow path of a typed write: stores the first `size` bytes of `scratch`. @returns The offset after them. */
  store(offset: number, size: number): number {
    if (this.#isInside(offset, size) && this.windows.set(offset, size, SCRATCH_BYTES))
      return offset + size;
    const value = SCRATCH_BYTES.slice(0, size);
    this.settled(() => {
      this.#reach(offset, size);
      this.windows.each(offset, size, (bytes, at) => {
        bytes.set(value.subarray(at - offset, at - offset + bytes.length));
      });
    });
    return offset + size;
  }

  #isInside(offset: number, size: number): boolean {
    return Number.isSafeInteger(offset) && offset >= 0 && offset + size <= this.length;
  }

  #reach(offset: number, size: number): void {
    checkSize(offset, 'offset', this.most(size));
    this.requireUsable();
    this.requireBytes(offset, size, 'offset');
  }

  // --- buffered writers ---

  /** The writer has something for {@link drain}, or no longer. */
  collects(collector: Collector, has: boolean): void {
    this.#collectors ??= new Set();
    if (has) this.#collectors.add(collector);
    else this.#collectors.delete(collector);
  }

  /** Puts into the file what writers have collected. @throws What one of them failed with, after the others */
  drain(): void {
    const failure = this.tryDrain();
    if (failure) throw failure.error;
  }

  /** Likewise. @returns The first failure that concerns a range. */
  tryDrain(offset = 0, length: number = Number.POSITIVE_INFINITY): Failure | undefined {
    let failure: Failure | undefined;
    for (const collector of this.#collectors ?? []) {
      const isConcerned = collector.start < offset + length && collector.end > offset;
      try {
        collector.drain();
      } catch (error) {
        if (isConcerned) failure ??= { error };
      }
    }
    return failure;
  }

  /** Likewise, for the last time. @returns The error, if something is lost. */
  #drainLast(): Failure | undefined {
    try {
      return this.tryDrain();
    } finally {
      this.#collectors = undefined;
    }
  }

  // --- changes ---

  /** A call on this mapping; its failure may poison the mapping or reveal a fault. */
  call<Name extends StepName>(name: Name, args: Parameters<Binding[Name]>): Call {
    return { name, args, subject: this, finish: undefined };
  }

  noteFailure(): void {
    this.#sync(true);
  }

  /** @param isRoom - Makes room for bytes yet to be written: blocks are reserved, without waiting for the disk. */
  resize(size: number, isRoom = false): Sequence<void> {
    checkSize(size, 'size');
    this.requireUsable();
    const failure = this.tryDrain();
    // What another thread has cut off while it was collected may fit in again.
    const isLate = failure?.error instanceof MmapRangeError && size > this.offset + this.length;
    if (failure && !isLate) throw failure.error;
    if (this.isCow) {
      throw new MmapUnsupportedError(
        `'${this.path}' is a copy-on-write mapping, whose file never changes, nor does its length; to have another one, save it with writeToNewFile and open that with maxSize, go on with memory(name, file.asBuffer()), or open the file itself for writing`,
        { path: this.path },
      );
    }
    const { length } = this;
    const target = Math.max(size - this.#traits.offset, 0);
    let cover: Cover | undefined;
    return {
      calls: () => {
        cover = this.windows.cover(target);
        // A read during the wait must not take the zeroes that are about to appear for bytes of the file.
        if (target < length) this.#show(target);
        return [...cover.calls, this.call(isRoom ? 'makeRoom' : 'resize', [this.id, size])];
      },
      finish: () => {
        if (this.#isClosed || !cover) return; // by another thread, after the resize
        const [shown = 0] = result;
        this.windows.use(cover);
        this.#show(shown);
        this.#sync(this.windows.isStale || !this.windows.covers(shown));
        if (isLate) this.drain();
      },
      fail: () => {
        if (cover) this.windows.cancel(cover);
        if (!this.#isClosed) this.#show(length);
        this.#sync(true);
        return undefined;
      },
    };
  }

  freeze(exec: boolean): Call<void> {
    this.requireUsable();
    this.drain();
    return {
      ...this.call('freeze', [this.id, exec]),
      finish: () => {
        this.access = exec ? Access.exec : Access.read;
      },
    };
  }

  /** What writers have collected and cannot put into the file any more is lost, and told after closing. */
  close(): Sequence<void> {
    const { id, lockUse } = this.#traits;
    const start = startOf(closes);
    let lost: Failure | undefined;
    let isOver = true;
    const end = (): void => {
      if (!isOver) this.#shut(!this.#isAttached, start, lost?.error);
    };
    return {
      calls: () => {
        lost = this.#drainLast();
        isOver = this.isClosed;
        if (isOver) return [];
        this.#hide();
        return [this.#isAttached ? makeCall('release', id) : makeCall('close', id, true)];
      },
      finish: () => {
        if (!isOver) lockUse?.gave();
        end();
        if (lost) throw lost.error;
      },
      fail: () => {
        end();
        return undefined;
      },
    };
  }

  /** Removes the file, then ends like {@link close}. */
  remove(): Call<void> {
    const call = this.call('remove', [this.id, this.#isAttached ? End.release : End.close]);
    this.requirePath();
    const start = startOf(closes);
    return {
      ...call,
      finish: () => {
        this.#collectors = undefined;
        if (this.#isClosed) return; // another thread noticed first
        this.#traits.lockUse?.gave();
        this.#shut(false, start);
      },
    };
  }
}
