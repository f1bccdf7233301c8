// The synchronous class for read-only mappings.
import type * as fs from 'node:fs';

import type { Advice } from '../arguments/advice.js';
import {
  type AttachOptions,
  constructors,
  type LockOptions,
  type MapOptions,
  type MemoryOf,
  type OpenOptions,
} from '../arguments/options.js';
import { type FileLike, type PathLike, placeOf } from '../arguments/path.js';
import { Access, LockKind } from '../binding/binding.js';
import { invoke, runSync } from '../binding/steps.js';
import type { Mapping } from '../mapping/mapping.js';
import type { SharedMapping } from '../mapping/traits.js';
import { copyExact, copyFew, copyTo, toTarget } from '../memory/copy.js';
import { FileReads } from '../memory/file-reads.js';
import type { CloseOptions, WriteToNewFileOptions } from '../operations/operations.js';
import * as operations from '../operations/operations.js';
import { checkMapping } from './file-class.js';
import { MmapFileReader } from './mmap-file-reader.js';
import { attachMapping, openMemory, openNow } from './open.js';

/**
 * A file mapped read-only, or a block of memory that behaves like one.
 *
 * Views (`asBuffer`, `bytes`) show the file without copying and never dangle: after `close` they read zeroes. A file
 * that is dropped without `close` is unmapped by the garbage collector.
 *
 * @typeParam Memory - The memory behind views: `ArrayBuffer`, or `SharedArrayBuffer` with the option `shared`.
 * Functions that accept files of either kind should take `MmapFile<ArrayBufferLike>`.
 * @example
 * ```ts
 * import { MmapFile } from '@fmmap/core';
 *
 * const file = MmapFile.open('package.json');
 * console.log(file.length, file.indexOf('"name"'));
 * file.close();
 * ```
 */
export class MmapFile<Memory extends ArrayBufferLike = ArrayBuffer>
  extends FileReads<Memory>
  implements Disposable
{
  /** @internal */
  readonly _mapping: Mapping;

  /**
   * For the static methods only: use {@link open}, {@link memory} or {@link attach} to create a file.
   * @throws TypeError `ERR_INVALID_THIS` if called by anything else.
   */
  constructor(mapping: object) {
    super();
    this._mapping = checkMapping(mapping, new.target);
  }

  /**
   * Maps an existing file for reading and takes the shared lock.
   *
   * @param path - A path, or a file that is already open: a descriptor or a `FileHandle`.
   * @throws TypeError, MmapRangeError for invalid arguments; nothing has been opened then.
   * @throws MmapLockError `EWOULDBLOCK` if another handle holds the exclusive lock, or `ETIMEDOUT` if it still does
   * after `lockTimeout` milliseconds.
   * @throws MmapError with the system's code: `ENOENT`, `EACCES`, `EISDIR`, `ENODEV` (not a regular file), `EBADF` (not
   * an open descriptor), `EMFILE`, `ENOMEM`, … (`open(2)`, `mmap(2)`)
   * @example
   * ```ts
   * import { closeSync, openSync } from 'node:fs';
   *
   * const waited = MmapFile.open('package.json', { lockTimeout: 1000 }); // waits for its lock, at most a second
   * const descriptor = openSync('package.json', 'r');
   * const file = MmapFile.open(descriptor);
   * closeSync(descriptor); // the mapping has its own
   * console.log(file.length === waited.length, file.path === ''); // true true
   * file.close();
   * waited.close();
   * ```
   */
  static open<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOptions<Shared>,
  ): MmapFile<MemoryOf<Shared>> {
    return new MmapFile(openNow(this, MmapFile, constructors.open, path, options));
  }

  /** Maps an existing file for reading and execution and takes the shared lock; otherwise like {@link open}. */
  static openExec<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOptions<Shared>,
  ): MmapFile<MemoryOf<Shared>> {
    return new MmapFile(openNow(this, MmapFile, constructors.openExec, path, options));
  }

  /**
   * Creates a mapping of a copy of `data`, not backed by a file. Locks and flushes do nothing; {@link writeToNewFile}
   * saves it.
   * @param name - The name used in messages and returned by the property `path`. It is not a path: nothing is read from
   * it. May be `''`.
   * @param data - Bytes, or text to encode as UTF-8. Default: nothing.
   * @throws TypeError, MmapError from the system
   */
  static memory<Shared extends boolean = false>(
    name: string,
    data: Uint8Array | string = '',
    options?: MapOptions<Shared>,
  ): MmapFile<MemoryOf<Shared>> {
    return new MmapFile(openMemory(this, MmapFile, name, Access.read, data, options));
  }

  /**
   * Creates a second handle on the memory of a handle in another thread, from the token that {@link share} returned
   * there.
   *
   * Locks, poisoning, faults and the closing of the first handle take effect on all attached handles. A mapping with a
   * fault can be attached too: its methods throw `MmapFaultError` until one of the handles calls {@link reopen}.
   * Closing an attached handle ends only that handle; it need not be closed.
   *
   * @param options - Whether the views of this handle are `shared`, regardless of those of the first handle.
   * @throws TypeError, MmapClosedError if the first handle is closed
   * @throws MmapUnsupportedError for `shared` if the first handle has `detachOnClose`
   */
  static attach<Shared extends boolean = false>(
    token: SharedMapping,
    options?: AttachOptions<Shared>,
  ): MmapFile<MemoryOf<Shared>> {
    return new MmapFile(attachMapping(this, MmapFile, token, options));
  }

  /**
   * Copies the bytes available from `offset` on to `target`, at most `target.length` of them.
   * @param target - The array to fill.
   * @param offset - Offset of the first byte; nothing is copied past the end. Default: `0`.
   * @returns The number of bytes copied: fewer than `target.length` at the end of the mapping, 0 past it.
   * @throws TypeError, MmapRangeError (`offset` is not a non-negative integer), MmapClosedError, MmapFaultError
   */
  read(target: Uint8Array, offset = 0): number {
    const few = copyFew(this._mapping, target, offset);
    return few >= 0 ? few : copyTo(this._mapping, toTarget(target), offset);
  }

  /**
   * Fills all of `target` with the bytes from `offset` on.
   * @param target - The array to fill.
   * @param offset - Offset of the first byte: 0 to `length` minus the byte length of `target`. Default: `0`.
   * @throws MmapRangeError if there are not enough bytes; nothing is copied then.
   * @throws TypeError, MmapClosedError, MmapFaultError
   */
  readExact(target: Uint8Array, offset = 0): void {
    const to = toTarget(target);
    copyExact(this._mapping, to, offset);
  }

  /**
   * Returns a reader with its own position over a part of the mapping, by default its whole current length. The part
   * never grows; if the mapping shrinks, the part ends where the mapping ends, for all methods of the reader.
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  reader(offset?: number, length?: number): MmapFileReader<Memory> {
    return new MmapFileReader(this, offset, length);
  }

  /**
   * Copies a range, by default the whole mapping, to a file that must not exist, or that is replaced with
   * `{ replace: true }`. The data is copied inside the kernel where possible, and is durable, directory entry included,
   * when this returns. On file systems with unnamed files (`O_TMPFILE`) the file appears whole or not at all, even
   * after a crash. The options may be passed in place of the range.
   *
   * This is also how to save the contents of a copy-on-write mapping or of memory.
   *
   * @param path - The destination; a relative path is resolved against the current working directory.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   * @throws MmapIdentityError if `replace` is a file and the path does not lead to it: `reason` says what is there
   * @throws MmapUnsupportedError if `replace` is a memory mapping
   * @throws MmapError from the system, such as `EEXIST`, `EISDIR` or `ENOSPC`: no new file is left then, and an
   * existing one is unchanged. If only the sync of the directory fails after a replacement, the replacement has taken
   * place, but a crash may undo it.
   * @example
   * ```ts
   * const edited = MmapFileMut.openCow('package.json'); // its changes do not reach the file
   * edited.write(edited.copyBytes().toString().replace('0.0.0', '1.0.0'));
   * edited.writeToNewFile('package.json', { replace: edited });
   * edited.close();
   * ```
   */
  writeToNewFile(path: PathLike, options?: WriteToNewFileOptions): void;
  /**
   * The same, for a range.
   * @param offset - Offset of the first byte. Default: `0`.
   * @param length - Number of bytes. Default: to the end.
   */
  writeToNewFile(
    path: PathLike,
    offset?: number,
    length?: number,
    options?: WriteToNewFileOptions,
  ): void;
  writeToNewFile(path: PathLike, ...rest: operations.CopyArguments): void {
    const request = operations.copyRequest(rest);
    invoke(operations.writeToNewFile(this._mapping, placeOf(path), request));
  }

  /**
   * Tells the system how a range, by default the whole mapping, is going to be used (`madvise(2)`); see {@link Advice}.
   * The advice applies to the pages that the range touches (for `'remove'`: those that lie wholly within it) as they
   * are mapped now: it does not carry over to what `reopen` maps, nor necessarily to what `truncate` adds.
   *
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   * @throws MmapUnsupportedError if the system does not have the advice ({@link isAdviceSupported}) or this mapping
   * does not accept it; for `'dontneed'` on a copy-on-write mapping, whose changes it would discard; for `'remove'` on
   * a copy-on-write or read-only mapping; for `'populate-write'` on a read-only mapping; and for `'free'`. Nothing is
   * changed then.
   * @throws MmapError from the system, such as `ENOSPC` for `'populate-write'`
   */
  advise(advice: Advice, offset?: number, length?: number): void {
    invoke(operations.advise(this._mapping, advice, offset, length));
  }

  /**
   * Reads a range into memory and maps it now, so that a later access does not wait for the disk
   * (`MADV_POPULATE_READ`).
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError, MmapError from the system
   */
  prefetch(offset?: number, length?: number): void {
    invoke(operations.prefetch(this._mapping, offset, length));
  }

  /**
   * Keeps a range from being paged out (`mlock(2)`) until {@link unlockMemory} or `close`.
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws MmapError `ENOMEM`, `EPERM` or `EAGAIN` beyond `RLIMIT_MEMLOCK`
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  lockMemory(offset?: number, length?: number): void {
    invoke(operations.lockMemory(this._mapping, true, offset, length));
  }

  /**
   * Undoes {@link lockMemory}.
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   */
  unlockMemory(offset?: number, length?: number): void {
    invoke(operations.lockMemory(this._mapping, false, offset, length));
  }

  /**
   * Returns what `fs.fstat` reports for the open file, whatever is at its path now.
   * @throws MmapClosedError
   */
  stat(options?: { bigint?: false | undefined }): fs.Stats;
  /** The same, with numbers as bigints and times in nanoseconds. */
  stat(options: { bigint: true }): fs.BigIntStats;
  stat(options?: { bigint?: boolean | undefined }): fs.Stats | fs.BigIntStats {
    return invoke(operations.stat(this._mapping, operations.isBigStat(options)));
  }

  /**
   * Takes the exclusive lock, blocking this thread until it is free (`flock(2)`, retried repeatedly:
   * `worker.terminate()` and `process.exit()` end the wait). Returns at once if this handle already holds the lock; a
   * single {@link unlock} releases it.
   *
   * The lock belongs to the open file. Among several handles on it (see {@link attach}), the one that called `lock`
   * owns the lock until it calls `unlock` or ends; the others wait as another process would. The lock that `open` took
   * has no owner: the first handle to call `lock` becomes its owner.
   *
   * @throws MmapLockError `ERR_MMAP_LOCK_STATE` if the shared lock is held: unlock first; and `ETIMEDOUT` after
   * `timeout` milliseconds.
   * @throws TypeError, MmapRangeError, MmapClosedError
   */
  lock(options?: LockOptions): void {
    operations.waitForLock(this._mapping, LockKind.exclusive, options);
  }

  /**
   * Takes the shared lock, which several handles may own at once, waiting for it if necessary; otherwise like
   * {@link lock}.
   */
  lockShared(options?: LockOptions): void {
    operations.waitForLock(this._mapping, LockKind.shared, options);
  }

  /** Takes the exclusive lock if that needs no waiting. @returns Whether this handle now holds it. */
  tryLock(): boolean {
    return invoke(operations.tryLock(this._mapping, LockKind.exclusive));
  }

  /** Takes the shared lock if that needs no waiting. @returns Whether this handle now holds it. */
  tryLockShared(): boolean {
    return invoke(operations.tryLock(this._mapping, LockKind.shared));
  }

  /** Releases the lock, even one that another handle on the open file has taken; does nothing if there is none. */
  unlock(): void {
    invoke(operations.unlock(this._mapping));
  }

  /**
   * Throws if a page of the mapping could not be used when it was accessed, or if the file is now shorter than the
   * mapped part of it (`fstat(2)`). For code that uses views, which never throw.
   *
   * @throws MmapFaultError, MmapClosedError, MmapError from the system
   * @example
   * ```ts
   * import { createHash } from 'node:crypto';
   *
   * const file = MmapFile.open('package.json');
   * const digest = createHash('sha256').update(file.asBuffer()).digest('hex');
   * file.checkFault(); // otherwise the digest might be of zeroes
   * file.close();
   * ```
   */
  checkFault(): void {
    invoke(this._mapping.checkFault());
  }

  /**
   * Maps the open file as it is now, from the same offset to its present end (at most the option `length`, if it was
   * given): after a fault, or to see what others have appended. The lock is held throughout. Existing views show the
   * file again; those of a copy-on-write mapping read zeroes, and its changes are lost.
   *
   * To follow the path to another file, close and open again.
   *
   * @throws MmapRangeError if the file ends before the mapping's offset
   * @throws MmapUnsupportedError for a copy-on-write mapping while other threads are attached
   * @throws MmapClosedError, MmapPoisonedError, MmapError from the system
   */
  reopen(): void {
    invoke(this._mapping.reopen());
  }

  /**
   * Unmaps the file and releases the lock. Remaining views read zeroes, or are detached with `detachOnClose`; every
   * method throws {@link MmapClosedError} from then on. Closing again does nothing.
   *
   * Data that was stored is in the page cache by then and reaches the disk in due course; with the option `flush` it is
   * already there.
   *
   * @throws TypeError; with `flush`, also what `flush` of a writable file throws, and the handle stays open then
   * @example
   * ```ts
   * const file = MmapFileMut.create('journal.bin', { maxSize: 8 });
   * file.writeDoubleLE(0.5, 0);
   * file.close({ flush: true });
   * ```
   */
  close(options?: CloseOptions): void {
    runSync(operations.close(this._mapping, operations.isFlushed(options)));
  }

  /** Calls {@link close}: for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
