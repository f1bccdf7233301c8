import native from '@fmmap/native';

import { createError } from './errors.js';

/** What a mapping may do; `native/src/platform.h` has the same numbers. */
export enum Access {
  read,
  exec,
  write,
  copy,
}

export enum LockKind {
  none,
  shared,
  exclusive,
}

/** Bits of the `flags` argument; `native/src/addon.cc` has the same. */
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
}

/** A handle of the binding. Never used twice in a process. */
export type HandleId = number;

/** The addon's functions. They throw what `createError` makes; arguments are checked before. */
interface Binding {
  readonly pageSize: number;
  readonly granularity: number;
  init(create: typeof createError, result: Float64Array): void;
  /** `result`: length, and how far into its page the mapping begins. Nothing is changed yet. */
  open(
    path: string | Uint8Array,
    access: Access,
    flags: number,
    mode: number,
    customFlags: number,
    offset: number,
    length: number,
    maxSize: number,
  ): HandleId;
  /** `content`: bytes, or a count of zeroes. */
  memory(path: string, access: Access, flags: number, content: Uint8Array | number): HandleId;
  /** For a new window, once. */
  adopt(footer: Uint8Array): void;
  /** For a window that nothing but views looks at any more. */
  blank(memory: Uint8Array): void;
  /** Throws unless the address space has room for so many bytes and some more. */
  probe(id: HandleId, bytes: number): void;
  /** `length`: visible bytes to map for, or -1 for as many as there are; returns which. */
  map(id: HandleId, window: Uint8Array, capacity: number, start: number, length: number): number;
  unmap(id: HandleId, window: Uint8Array): void;
  commit(id: HandleId): void;
  abandon(id: HandleId): void;
  /** `result`: length. */
  resize(id: HandleId, size: number, moved: boolean): void;
  freeze(id: HandleId, exec: boolean): void;
  /** The length that `reopen` would give. */
  extent(id: HandleId): number;
  /** Maps the open file as it is now, up to `limit` visible bytes, -1 for all; `result`: length. */
  reopen(id: HandleId, limit: number, moved: boolean): void;
  checkFault(id: HandleId): void;
  /** Whether it was in time: before the first mapping. */
  disableGuard(): boolean;
  rearmGuard(): void;
  /** Once in a thread; `report` is called after each fault in the process. */
  watchFaults(report: () => void): void;
  poison(id: HandleId): void;
  close(id: HandleId): void;
  release(id: HandleId): void;
  /** `result`: length, access, and how many of the windows are the mapping's. */
  attach(id: HandleId, ...windows: Uint8Array[]): HandleId;
  /** Bits 1 closed, 2 poisoned, 4 faulted; `result`: length, lock, cause, offset and serial number of the fault. */
  state(id: HandleId): number;
  flush(id: HandleId, offset: number, length: number, wait: boolean): void;
  advise(id: HandleId, advice: number, offset: number, length: number): void;
  prefetch(id: HandleId, offset: number, length: number): void;
  residency(id: HandleId, offset: number, length: number, pages: Uint8Array): void;
  lockMemory(id: HandleId, offset: number, length: number, lock: boolean): void;
  lock(id: HandleId, kind: LockKind, wait: boolean): boolean;
  pin(id: HandleId): number;
  unpin(id: HandleId): void;
  writeToNewFile(id: HandleId, path: string | Uint8Array, offset: number, length: number): void;
  remove(id: HandleId): void;
  syncDirectory(path: string | Uint8Array): void;
  alias(bytes: Uint8Array): ArrayBuffer;
  detach(buffer: ArrayBuffer): void;
}

export const binding: Binding = native as Binding;

/** Where the binding leaves what a call found besides its return value. */
export const result: Float64Array = new Float64Array(5);

binding.init(createError, result);
