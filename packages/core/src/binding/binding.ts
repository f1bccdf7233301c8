import native from '@fmmap/native';

import { createError } from '../errors.js';

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
  noLock = 2 ** 29,
}

/** What a view shows: the mapping of this or of another copy of the package, through one of its windows. */
export interface ViewOf {
  readonly owner: { requireIntact(): void };
  readonly window: object;
}

/** What offsets are put into: as numbers, or as 64-bit integers in the byte order of the processor. */
export type OffsetArray = BigUint64Array | Float64Array;

/** A handle of the binding. Never used twice in a process. */
export type HandleId = number;

/** What may wait for the system: run by the caller's thread, or with a promise by another one. */
interface Operations {
  /**
   * `result`: length, how far into its page the mapping begins, and 1 if there is something to commit. Nothing is changed
   * yet. 0 if somebody has a lease on the file, and was asked to give it up; -1 with {@link Flag.wait} if somebody has a
   * lock: then it is to be called again.
   * `directory`: the descriptor of what a relative path starts from, or -1 for the working directory. `file`: that of a
   * file which is open already, and whose name for messages is `path`; or -1.
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
  ): HandleId;
  /** Throws unless the address space has room for so many bytes and some more. */
  probe(id: HandleId, bytes: number): number;
  /**
   * Maps a new window: capacity and footer. `length`: visible bytes to map for, or -1 for as many as there are; returns
   * which.
   */
  map(id: HandleId, window: Uint8Array, start: number, length: number): number;
  commit(id: HandleId): number;
  abandon(id: HandleId): number;
  /** `result`: length. */
  resize(id: HandleId, size: number): number;
  /** As {@link resize}, for what is yet to be written: with blocks set aside for it, and nobody waits for the disk. */
  makeRoom(id: HandleId, size: number): number;
  /** Cuts off what {@link noteRoom} has told of, also after a fault. `isLast`: no more is made then. */
  cutRoom(id: HandleId, isLast: boolean): number;
  /** Maps the open file as it is now, into windows that are yet to be made. */
  reopen(id: HandleId): number;
  checkFault(id: HandleId): number;
  /** `isHidden`: nothing looks at the flags of the handle's windows any more, so that their footers may go as well. */
  close(id: HandleId, isHidden?: boolean): number;
  release(id: HandleId): number;
  flush(id: HandleId, offset: number, length: number, wait: boolean): number;
  advise(id: HandleId, advice: number, offset: number, length: number): number;
  prefetch(id: HandleId, offset: number, length: number): number;
  /** Brings at most 64 KiB of the file into memory; 1 if all of it was read, so that touching it waits for no disk. */
  fetch(id: HandleId, offset: number, length: number): number;
  lockMemory(id: HandleId, offset: number, length: number, lock: boolean): number;
  /**
   * Waits for nothing; 1 if the call has the lock now. `again`: also if the handle has it from an earlier call. `adopt`:
   * the lock that `open` took gets an owner.
   */
  lock(id: HandleId, kind: LockKind, again: boolean, adopt: boolean): number;
  /** Puts what `fstat(2)` says into shared memory, in the order of `FileStat` in `native/src/platform/file.h`. */
  stat(id: HandleId, numbers: BigInt64Array): number;
  /** `replace`: -1 nothing, 0 whatever has the path, else the file of that handle only. */
  writeToNewFile(
    id: HandleId,
    path: string | Uint8Array,
    offset: number,
    length: number,
    directory: number,
    replace: HandleId | 0 | -1,
  ): number;
  /** Unlinks the file and syncs its directory; if that has succeeded, ends the handle as `then` says. */
  remove(id: HandleId, then?: End, isHidden?: boolean): number;
  syncDirectory(path: string | Uint8Array, directory: number): number;
}

export type Operation = keyof Operations;

/** A change that waits for no disk, and is made on the thread whose stores it must not meet half done. */
interface Changes {
  freeze(id: HandleId, exec: boolean): number;
}

/** What a piece of work may ask for. */
export type StepName = Operation | keyof Changes;

export function isOperation(name: StepName): name is Operation {
  return name !== 'freeze';
}

/** The addon's functions. They throw what {@link createError} makes; arguments are checked before. */
export interface Binding extends Operations, Changes {
  readonly pageSize: number;
  readonly granularity: number;
  /** Of `open(2)`, for a directory that relative paths start from. */
  readonly directoryFlags: number;
  /** Where a call leaves what it found besides its return value, to be read at once. */
  readonly result: Float64Array;
  /** On a thread of libuv's pool; resolves with the value and then the `result` of the operation. */
  readonly queued: {
    readonly [Name in Operation]: (
      ...args: Parameters<Operations[Name]>
    ) => Promise<readonly number[]>;
  };
  /** For a new window, once. */
  adopt(memory: Uint8Array): void;
  /** For a window that nothing but views looks at any more. */
  blank(memory: Uint8Array): void;
  /** False while work in flight still uses the window: its memory must stay until that is done. */
  unmap(id: HandleId, window: Uint8Array): boolean;
  /** By its place in the list of `advice.ts`. */
  hasAdvice(advice: number): boolean;
  /** Whether it was in time: before the first mapping. */
  disableGuard(): boolean;
  /** Once in a thread; `report` is called after each fault in the process. */
  watchFaults(report: () => void): void;
  /**
   * Shows the file in pages of a WebAssembly memory, from its page at `start` on, which counts like that of windows; until
   * {@link unmap}. Of such windows no operation takes any notice.
   */
  mapInto(id: HandleId, pages: Uint8Array, start: number): number;
  /** Of a WebAssembly memory that has grown, and has become writable by that: files in it that are not. */
  protectGuests(memory: Uint8Array): void;
  poison(id: HandleId): void;
  /** Of the `to` bytes that are mapped those after `from` are but room, which goes with the mapping at the latest. */
  noteRoom(id: HandleId, from: number, to: number): void;
  /** Notes who has a handle, without keeping it alive, for {@link takeDropped}; until {@link unwatch}. */
  watch(id: HandleId, owner: object): void;
  unwatch(id: HandleId): void;
  /** Puts there handles whose owners V8 has collected, as far as there is room, and returns how many. */
  takeDropped(handles: Float64Array): number;
  /** `content`: bytes, or a count of zeroes. `result` as of {@link open}. */
  memory(path: string, access: Access, flags: number, content: Uint8Array | number): HandleId;
  /**
   * Another descriptor of an open file, until {@link letGo} or the end of this thread.
   * @param name - Of the file, for the error.
   */
  hold(file: number, name: string): number;
  /** Closes what {@link hold} gave, and nothing else. */
  letGo(file: number): void;
  /** A word that nobody can guess, by which {@link attach} finds the mapping; empty if it is closed. */
  share(id: HandleId): string;
  /** The path as it was given to `open`. */
  nameOf(id: HandleId): string;
  /**
   * `result`: length, access, offset, delta, and bits 1 memory, 2 copy-on-write, 4 detaching, 8 without a path. `starts` gets where each
   * window begins, or -1 for one that is not the mapping's. `name` is for the error of a mapping that is closed.
   */
  attach(secret: string, name: string, starts: Float64Array, ...windows: Uint8Array[]): HandleId;
  /** What every call does, and no more; to measure that. */
  nothing(id: HandleId): void;
  /** Makes a handle that another thread has opened end with this one; false if it is gone. */
  take(id: HandleId): boolean;
  /**
   * Bits 1 closed, 2 poisoned, 4 faulted, 8 about to be cut by another thread, with all bytes still there; `result`:
   * length, lock, code, offset and serial number of the fault, and the number of changes of the length.
   */
  state(id: HandleId): number;
  residency(id: HandleId, offset: number, length: number, pages: Uint8Array): void;
  /** 1 if all of it was in memory and is copied; 2 if it is in memory and can be copied through the map only; otherwise 0. */
  readCached(id: HandleId, offset: number, to: Uint8Array): number;
  /** 1 if the range is certainly in memory. */
  isResident(id: HandleId, offset: number, length: number): number;
  /** Whether V8 counts nothing for what {@link view} gives; else it counts all its bytes. */
  readonly hasPlainViews: boolean;
  /** Of an array's first byte, in the process; of a window it is what {@link view} and {@link keepFor} know it by. */
  addressOf(bytes: Uint8Array): number;
  /** An ArrayBuffer of some bytes of a window of the handle's; nothing where the handle is gone. */
  view(id: HandleId, address: number, from: number, length: number): ArrayBuffer | undefined;
  /** Has an object keep bytes of a window, as a view does. */
  keepFor(id: HandleId, address: number, from: number, length: number, object: object): boolean;
  /** Of a handle that nobody uses any more but through views: it ends with them. */
  disown(id: HandleId): void;
  /** Where a needle, which is not empty, first occurs; or -1. */
  find(bytes: Uint8Array, needle: Uint8Array): number;
  /** Puts where it occurs, counted from `base`, behind the first `used` offsets of `target`; returns how many it added. */
  findAll(
    bytes: Uint8Array,
    needle: Uint8Array,
    base: number,
    target: OffsetArray,
    used: number,
  ): number;
  detach(buffer: ArrayBuffer): void;
  /** What is noted of the memory of a view, for all copies of this package. */
  readonly Mark: {
    new (buffer: ArrayBufferLike, of: ViewOf): object;
    of(buffer: ArrayBufferLike): ViewOf | undefined;
  };
  /** Calls `expire()` of what it was given when the owner of that is collected. */
  readonly leases: FinalizationRegistry<{ expire(): void }>;
}

/**
 * The addon is one for all copies of this package in a process: other versions, and those of test environments that load
 * modules anew. A function of it makes its errors with the `createError` of the object that it is called on.
 */
const ownErrors = <T extends object>(of: T): T => Object.setPrototypeOf({ createError }, of) as T;

const addon = native as Binding;

export const binding: Binding = Object.assign(ownErrors(addon), {
  queued: ownErrors(addon.queued),
});

/** Of every call. */
export const { result } = binding;

/**
 * Bytes of a page of memory, 4096 on most machines: what the system reads in, keeps and tells of as a whole. A power of two.
 * A file's pages start at multiples of it, counted from the start of the file.
 */
export const pageSize: number = binding.pageSize;
