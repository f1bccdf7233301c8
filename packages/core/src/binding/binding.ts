// The typed interface of the native addon.
import native from '@fmmap/native';

import { createError, MmapUnsupportedError } from '../errors.js';

/** What a mapping may do; `native/src/platform/memory.h` has the same numbers. */
export enum Access {
  read,
  exec,
  write,
  copy,
}

/** How `remove` ends a handle; `native/src/binding/operations.h` has the same numbers. */
export enum End {
  none,
  release,
  close,
}

export enum LockKind {
  none,
  shared,
  exclusive,
}

/** Bits of the `flags` argument; `native/src/binding/operations.h` has the same. */
export enum Flag {
  write = 1,
  append = 2,
  truncate = 4,
  create = 8,
  createNew = 16,
  populate = 32,
  stack = 64,
  hugePages = 128,
  noReserve = 256,
  allocate = 512,
  noGuard = 1024,
  detachOnClose = 2048,
  sharedLock = 4096,
  exclusiveLock = 8192,
  wait = 16384,
  zeroed = 32768,
  noLock = 2 ** 29,
}

/** What a view shows: a mapping, of this or another copy of the package, through one of its windows. */
export interface ViewOf {
  readonly owner: { requireIntact(): void };
  readonly window: object;
}

/** Receives offsets: as numbers, or as 64-bit integers in the byte order of the processor. */
export type OffsetArray = BigUint64Array | Float64Array;

/** A handle of the binding; never reused in a process. */
export type HandleId = number;

/** Calls that may wait for the system: made on the caller's thread, or through a promise on another one. */
interface Operations {
  /**
   * `result`: length, offset of the mapping's start in its page, and 1 if there is something to commit. Nothing has
   * changed yet. Returns 0 if another process has a lease on the file and was asked to give it up; -1 with
   * {@link Flag.wait} if another handle has the lock: then it must be called again.
   * `directory`: the descriptor of the directory that a relative path starts from, or -1 for the working directory.
   * `file`: the descriptor of a file that is already open, whose name for messages is `path`; or -1.
   */
  open(
    path: string | Uint8Array,
    access: Access,
    flags: number,
    mode: number,
    customFlags: number,
    offset: number,
    length: number,
    maxSize: number,
    minSize: number,
    directory: number,
    file: number,
    accessMode: number,
    shareMode: number,
    attributes: number,
    securityQosFlags: number,
  ): HandleId;
  /** Maps a new window: capacity and footer. `length`: visible bytes to map for, or -1 for all; returns how many. */
  map(id: HandleId, window: Uint8Array, start: number, length: number): number;
  commit(id: HandleId): number;
  abandon(id: HandleId): number;
  /** `result`: length. */
  resize(id: HandleId, size: number): number;
  /** Like {@link resize}, for bytes yet to be written: reserves blocks for them, and does not wait for the disk. */
  makeRoom(id: HandleId, size: number): number;
  /** Cuts off the room noted by {@link noteRoom}, also after a fault. `isLast`: no more room will be made. */
  cutRoom(id: HandleId, isLast: boolean): number;
  /** Maps the open file as it is now, into windows yet to be made. */
  reopen(id: HandleId): number;
  checkFault(id: HandleId): number;
  /** `isHidden`: nothing reads the flags of the handle's windows any more, so their footers may be zeroed as well. */
  close(id: HandleId, isHidden?: boolean): number;
  release(id: HandleId): number;
  flush(id: HandleId, offset: number, length: number, wait: boolean): number;
  advise(id: HandleId, advice: number, offset: number, length: number): number;
  prefetch(id: HandleId, offset: number, length: number): number;
  /**
   * Copies ranges of the file, which are offsets each followed by a length, to shared memory, one after the other; 1 if
   * all of them were copied.
   */
  readMany(id: HandleId, ranges: Float64Array, memory: Uint8Array): number;
  lockMemory(id: HandleId, offset: number, length: number, lock: boolean): number;
  /**
   * Does not wait; 1 if the call has the lock now. `again`: also if the handle has it from an earlier call. `adopt`:
   * the lock that `open` took gets an owner.
   */
  lock(id: HandleId, kind: LockKind, again: boolean, adopt: boolean): number;
  /** Writes the result of `fstat(2)` to shared memory, in the order of `FileStat` in `native/src/platform/file.h`. */
  stat(id: HandleId, numbers: BigInt64Array): number;
  /** `replace`: -1 nothing, 0 any file at the path, otherwise only the file of that handle. */
  writeToNewFile(
    id: HandleId,
    path: string | Uint8Array,
    offset: number,
    length: number,
    directory: number,
    replace: HandleId | 0 | -1,
  ): number;
  /** Unlinks the file and syncs its directory; if that succeeds, ends the handle as `then` says. */
  remove(id: HandleId, then?: End): number;
  syncDirectory(path: string | Uint8Array, directory: number): number;
}

export type Operation = keyof Operations;

/** A change that does not wait for the disk, made on the thread whose stores must not run into it half done. */
interface Changes {
  freeze(id: HandleId, exec: boolean): number;
}

/** The calls that a step may make. */
export type StepName = Operation | keyof Changes;

export function isOperation(name: StepName): name is Operation {
  return name !== 'freeze';
}

/** The addon's functions. They throw what {@link createError} makes; callers check arguments. */
export interface Binding extends Operations, Changes {
  readonly pageSize: number;
  /** What this system lacks, without which no file can be mapped; empty if nothing. */
  readonly lacks: string;
  /** The flags of `open(2)` for a directory that relative paths start from. */
  readonly directoryFlags: number;
  /** Where a call leaves what it found besides its return value; read it at once. */
  readonly result: Float64Array;
  /**
   * On a thread of libuv's pool; resolves with the value and then the `result` of the operation. `result`: a number for
   * {@link cancel}.
   */
  readonly queued: {
    readonly [Name in Operation]: (
      ...args: Parameters<Operations[Name]>
    ) => Promise<readonly number[]>;
  };
  /**
   * Memory for a window; undefined where files can be mapped over V8's own.
   * @throws MmapError `ENOMEM`, MmapUnsupportedError
   */
  allocate(byteLength: number): SharedArrayBuffer | undefined;
  /** Throws unless the address space has room for `bytes` bytes and some more. */
  probe(id: HandleId, bytes: number): number;
  /** Withdraws a queued operation that no thread has started: its promise is rejected with undefined. */
  cancel(number: number): void;
  /** Prepares a new window, once. */
  adopt(memory: Uint8Array): void;
  /** For a window that only views still use. */
  blank(memory: Uint8Array): void;
  /** False while work in flight still uses the window: its memory must stay until that is done. */
  unmap(id: HandleId, window: Uint8Array): boolean;
  /** `advice`: its index in the list of `advice.ts`. */
  hasAdvice(advice: number): boolean;
  /** Returns whether it was in time: before the first mapping. */
  disableGuard(): boolean;
  /** Call once per thread; `report` is called after each fault in the process. */
  watchFaults(report: () => void): void;
  /**
   * Maps the file, from its page at `start` on (an offset as for windows), over pages of a WebAssembly memory, until
   * {@link unmap}. Operations ignore such windows.
   */
  mapInto(id: HandleId, pages: Uint8Array, start: number): number;
  /** Protects the read-only files in a WebAssembly memory again, after it has grown and thereby become writable. */
  protectGuests(memory: Uint8Array): void;
  poison(id: HandleId): void;
  /** Of the `to` mapped bytes, those after `from` are only room, to be cut off when the mapping ends at the latest. */
  noteRoom(id: HandleId, from: number, to: number): void;
  /** Watches an object, without keeping it alive, until {@link unwatch}. Returns a number of this thread for it. */
  watch(object: object): number;
  unwatch(number: number): void;
  /** Fills `numbers` with those of objects that V8 has collected, as far as there is room, and returns how many. */
  takeDropped(numbers: Float64Array): number;
  /** `content`: bytes, or a number of zeroes. `result`: as for {@link open}. */
  memory(path: string, access: Access, flags: number, content: Uint8Array | number): HandleId;
  /**
   * Another descriptor of an open file, valid until {@link letGo} or the end of this thread.
   * @param name - Name of the file, for the error.
   */
  hold(file: number, name: string): number;
  /** Closes a descriptor from {@link hold}, and nothing else. */
  letGo(file: number): void;
  /** An unguessable string by which {@link attach} finds the mapping; empty if it is closed. */
  share(id: HandleId): string;
  /** The path as given to `open`. */
  nameOf(id: HandleId): string;
  /**
   * `result`: length, access, offset, delta, and bits 1 memory, 2 copy-on-write, 4 detaching, 8 without a path.
   * `starts` receives the start of each window, or -1 for one that is not the mapping's. `name` is for the error if the
   * mapping is closed.
   */
  attach(secret: string, name: string, starts: Float64Array, ...windows: Uint8Array[]): HandleId;
  /** Does what every call does and no more; for measuring that. */
  nothing(id: HandleId): void;
  /** Makes a handle opened by another thread end with this thread; false if it is gone. */
  take(id: HandleId): boolean;
  /**
   * Bits 1 closed, 2 poisoned, 4 faulted, 8 about to be cut by another thread, with all bytes still present; `result`:
   * length, lock, code, offset and serial number of the fault, and the number of changes of the length.
   */
  state(id: HandleId): number;
  /** `result`: open mappings of the process, the bytes that they show, and the faults up to now. */
  statistics(): void;
  residency(id: HandleId, offset: number, length: number, pages: Uint8Array): void;
  /**
   * 1 if the range was in memory and has been copied; 2 if it is in memory, but can only be copied through the mapping;
   * else 0.
   */
  readCached(id: HandleId, offset: number, to: Uint8Array, length: number): number;
  /**
   * Writes to the file's pages in memory by a system call, and returns how many of the bytes; the rest is to be stored through
   * a window. `isNew`: only if it seems that the process has not touched those pages; otherwise it fails if the disk is full.
   */
  writeCached(id: HandleId, offset: number, from: Uint8Array, isNew: boolean): number;
  /** 1 if the range is certainly in memory. */
  isResident(id: HandleId, offset: number, length: number): number;
  /** Whether V8 counts none of the bytes of what {@link view} returns; otherwise it counts all of them. */
  readonly hasPlainViews: boolean;
  /** The address of an array's first byte in the process; {@link view} and {@link keepFor} identify a window by it. */
  addressOf(bytes: Uint8Array): number;
  /** An ArrayBuffer over some bytes of a window of the handle; undefined if the handle is gone. */
  view(id: HandleId, address: number, from: number, length: number): ArrayBuffer | undefined;
  /** Makes an object keep bytes of a window, as a view does. */
  keepFor(id: HandleId, address: number, from: number, length: number, object: object): boolean;
  /** For a handle that is now used only through views: it ends with them. */
  disown(id: HandleId): void;
  /** The index of the first occurrence of a needle, which must not be empty; or -1. */
  find(bytes: Uint8Array, needle: Uint8Array): number;
  /** Appends the offsets of the needle, counted from `base`, to the `used` entries of `target`; returns how many. */
  findAll(
    bytes: Uint8Array,
    needle: Uint8Array,
    base: number,
    target: OffsetArray,
    used: number,
  ): number;
  /**
   * Copies the element of `size` bytes at each offset to the bytes of `target`. The first of `length` bytes is `delta` bytes
   * after the start of the first window.
   * @returns The index of an offset at which there is none, so that nothing was copied, or -1.
   */
  gather(
    target: Uint8Array,
    size: number,
    offsets: OffsetArray | Uint32Array,
    delta: number,
    length: number,
    ...windows: readonly Uint8Array[]
  ): number;
  detach(buffer: ArrayBuffer): void;
  /** The mark on the memory of a view, shared by all copies of this package. */
  readonly Mark: {
    new (buffer: ArrayBufferLike, of: ViewOf): object;
    of(buffer: ArrayBufferLike): ViewOf | undefined;
  };
  /** Calls `expire()` of what was registered when its owner is collected. */
  readonly leases: FinalizationRegistry<{ expire(): void }>;
}

/**
 * All copies of this package in a process share one addon: other versions, and those of test environments that reload
 * modules. An addon function creates its errors with the `createError` of the object that it is called on.
 */
const ownErrors = <T extends object>(of: T): T => Object.setPrototypeOf({ createError }, of) as T;

const addon = native as Binding;

if (addon.lacks !== '') throw new MmapUnsupportedError(addon.lacks);

export const binding: Binding = Object.assign(ownErrors(addon), {
  queued: ownErrors(addon.queued),
});

/** The `result` of every call. */
export const { result } = binding;

/**
 * Size of a memory page in bytes, 4096 on most machines: the unit in which the system reads, keeps and reports memory.
 * A power of two. A file's pages start at multiples of it, counted from the start of the file.
 */
export const pageSize: number = binding.pageSize;
