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
import { type FileLike, fileOf, type PathLike, placeOf } from '../arguments/path.js';
import { Access, LockKind } from '../binding/binding.js';
import { invoke, runSync } from '../binding/steps.js';
import type { Mapping, SharedMapping } from '../mapping/mapping.js';
import { copyExact, copyFew, copyTo, toTarget } from '../memory/copy.js';
import { FileReads } from '../memory/file-reads.js';
import type { CloseOptions, WriteToNewFileOptions } from '../operations/operations.js';
import * as operations from '../operations/operations.js';
import { checkMapping } from './file-class.js';
import { MmapFileReader } from './mmap-file-reader.js';
import { attachMapping, openFile, openMemory } from './open.js';

/**
 * A file mapped read-only, or a piece of memory that behaves like one.
 *
 * Views (`asBuffer`, `bytes`) show the file without copying and never dangle: after `close` they
 * read zeroes. A file that is dropped without `close` is unmapped by the garbage collector.
 *
 * @typeParam Memory - What views lie over: an `ArrayBuffer`, or a `SharedArrayBuffer` with the option `shared`. Functions
 * that take files of either kind ask for `MmapFile<ArrayBufferLike>`.
 * @example
 * ```ts
 * import { MmapFile } from '@fmmap/core';
 *
 * using file = MmapFile.open('package.json');
 * console.log(file.length, file.indexOf('"name"'));
 * ```
 */
export class MmapFile<Memory extends ArrayBufferLike = ArrayBuffer>
  extends FileReads<Memory>
  implements Disposable
{
  /** @internal */
  readonly _mapping: Mapping;

  /**
   * For the static methods, which make files: use {@link open}, {@link memory} or {@link attach}.
   * @throws TypeError `ERR_INVALID_THIS` if anyone else calls it.
   */
  constructor(mapping: object) {
    super();
    this._mapping = checkMapping(mapping, new.target);
  }

  /**
   * Maps an existing file for reading, and locks it shared.
   *
   * @param path - A path, or a file that is open already: a descriptor or a `FileHandle`.
   * @throws TypeError, MmapRangeError for arguments; nothing has been opened then.
   * @throws MmapLockError `EWOULDBLOCK` if another handle holds it exclusively, or `ETIMEDOUT` if it still does
   * after `lockTimeout` milliseconds.
   * @throws MmapError with the system's code: `ENOENT`, `EACCES`, `EISDIR`, `ENODEV` (not a regular
   * file), `EBADF` (no open descriptor), `EMFILE`, `ENOMEM`, … (`open(2)`, `mmap(2)`)
   * @example
   * ```ts
   * import { closeSync, openSync } from 'node:fs';
   *
   * using waited = MmapFile.open('package.json', { lockTimeout: 1000 }); // for who writes it just now
   * const descriptor = openSync('package.json', 'r');
   * using file = MmapFile.open(descriptor);
   * closeSync(descriptor); // the mapping has one of its own
   * console.log(file.length === waited.length, file.path === ''); // true true
   * ```
   */
  static open<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOptions<Shared>,
  ): MmapFile<MemoryOf<Shared>> {
    return new MmapFile(
      runSync(openFile(this, MmapFile, constructors.open, fileOf(path), options)),
    );
  }

  /**
   * Maps an existing file for reading and execution, and locks it shared; otherwise as {@link open}.
   */
  static openExec<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOptions<Shared>,
  ): MmapFile<MemoryOf<Shared>> {
    return new MmapFile(
      runSync(openFile(this, MmapFile, constructors.openExec, fileOf(path), options)),
    );
  }

  /**
   * A mapping of a copy of `data` with no file behind it. Locks and flushes do nothing; {@link writeToNewFile} saves it.
   * @param name - What it is called in messages, and by the property `path`: not a path, nothing is read from there. May be `''`.
   * @param data - Bytes, or text in UTF-8. Default: nothing.
   * @throws TypeError, MmapError of the system
   */
  static memory<Shared extends boolean = false>(
    name: string,
    data: Uint8Array | string = '',
    options?: MapOptions<Shared>,
  ): MmapFile<MemoryOf<Shared>> {
    return new MmapFile(openMemory(this, MmapFile, name, Access.read, data, options));
  }

  /**
   * A second handle on the memory of a handle in another thread, from its {@link share}d token.
   *
   * Locks, poison, faults and the closing of the first handle are seen by all attached ones. A mapping with a fault is
   * attached as well: its methods throw `MmapFaultError` until one of the handles calls {@link reopen}. Closing an
   * attached handle ends that handle only; it need not be closed.
   *
   * @param options - Whether the views of this handle are `shared`, whatever those of the first one are.
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
   * Copies into `target` what there is from `offset` on, at most `target.length` bytes.
   * @param target - What is filled.
   * @param offset - First byte; past the end there is none. Default: `0`.
   * @returns The bytes copied: fewer than asked at the end of the mapping, 0 behind it.
   * @throws TypeError, MmapRangeError (an offset that is no offset), MmapClosedError, MmapFaultError
   */
  read(target: Uint8Array, offset = 0): number {
    const few = copyFew(this._mapping, target, offset);
    return few >= 0 ? few : copyTo(this._mapping, toTarget(target), offset);
  }

  /**
   * Fills all of `target` from `offset` on.
   * @param target - What is filled.
   * @param offset - First byte: 0 to `length` less the bytes of `target`. Default: `0`.
   * @throws MmapRangeError if there are not enough bytes; then nothing is copied.
   * @throws TypeError, MmapClosedError, MmapFaultError
   */
  readExact(target: Uint8Array, offset = 0): void {
    const to = toTarget(target);
    copyExact(this._mapping, to, offset);
  }

  /**
   * A reader with a position of its own over a part of the mapping, by default all of it as it is now. The part never
   * grows; where the mapping becomes shorter it ends with the mapping, for all methods of the reader alike.
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  reader(offset?: number, length?: number): MmapFileReader<Memory> {
    return new MmapFileReader(this, offset, length);
  }

  /**
   * Copies a range, by default all, to a file that must not exist, or is replaced with `{ replace: true }`: inside the
   * kernel where it can, and durable, the directory included, when it returns. It appears there whole or not at all,
   * even after a crash, where the file system has files without a name (`O_TMPFILE`). Options may come in the place of
   * the range.
   *
   * It is also how to save what a copy-on-write mapping holds, and memory.
   *
   * @param path - Where to; a relative one counts from the present working directory.
   * @param offset - First byte. Default: `0`.
   * @param length - Bytes. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   * @throws MmapIdentityError if `replace` names a file, and the path does not lead to it: `reason` says what is there
   * @throws MmapUnsupportedError if `replace` names memory
   * @throws MmapError of the system, such as `EEXIST`, `EISDIR` or `ENOSPC`: no new file is left then, and what was there is. Where
   * only the sync of the directory fails after a replacement, that has taken place, and may be undone by a crash.
   * @example
   * ```ts
   * using edited = MmapFileMut.openCow('package.json'); // whose stores do not reach the file
   * edited.write(edited.copyBytes().toString().replace('0.0.0', '1.0.0'));
   * edited.writeToNewFile('package.json', { replace: edited });
   * ```
   */
  writeToNewFile(path: PathLike, options?: WriteToNewFileOptions): void;
  /** The same, of a range. */
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
   * Tells the system what a range, by default all, is going to be used for (`madvise(2)`); see {@link Advice}. It is about the
   * pages that the range touches (`'remove'`: those that lie in it as a whole), as they are mapped now: `reopen` starts without, and
   * so may what `truncate` adds.
   *
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   * @throws MmapUnsupportedError if the system does not have the advice ({@link isAdviceSupported}) or this mapping does not
   * take it; for `'dontneed'` on a copy-on-write mapping, whose changes it would discard; for `'remove'` on one, and on a mapping that may
   * only be read; for `'populate-write'` on the latter; and for `'free'`. Nothing is changed then.
   * @throws MmapError of the system, such as `ENOSPC` for `'populate-write'`
   */
  advise(advice: Advice, offset?: number, length?: number): void {
    invoke(operations.advise(this._mapping, advice, offset, length));
  }

  /**
   * Reads a range into memory and maps it now, so that using it later waits for no disk
   * (`MADV_POPULATE_READ`).
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapError of the system
   */
  prefetch(offset?: number, length?: number): void {
    invoke(operations.prefetch(this._mapping, offset, length));
  }

  /**
   * Keeps a range from being paged out (`mlock(2)`), until {@link unlockMemory} or `close`.
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   * @throws MmapError `ENOMEM`, `EPERM` or `EAGAIN` beyond `RLIMIT_MEMLOCK`
   * @throws TypeError, MmapRangeError, MmapClosedError
   */
  lockMemory(offset?: number, length?: number): void {
    invoke(operations.lockMemory(this._mapping, true, offset, length));
  }

  /**
   * Undoes {@link lockMemory}.
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   */
  unlockMemory(offset?: number, length?: number): void {
    invoke(operations.lockMemory(this._mapping, false, offset, length));
  }

  /**
   * What `fs.fstat` says of the open file, whatever is at its path by now.
   * @throws MmapClosedError
   */
  stat(options?: { bigint?: false | undefined }): fs.Stats;
  /** The same, with numbers as bigints and times in nanoseconds. */
  stat(options: { bigint: true }): fs.BigIntStats;
  stat(options?: { bigint?: boolean | undefined }): fs.Stats | fs.BigIntStats {
    return invoke(operations.stat(this._mapping, operations.isBigStat(options)));
  }

  /**
   * Takes the exclusive lock, and keeps this thread waiting until it is free (`flock(2)`, tried again and
   * again: `worker.terminate()` and `process.exit()` end the wait). Returns at once if this handle has it already; one
   * {@link unlock} gives it back.
   *
   * The lock belongs to the open file. Of several handles on it (see {@link attach}) the one that called `lock` is its
   * owner until it calls `unlock`, or ends, and the others wait as another process would. The lock that `open` took
   * has no owner: whoever calls `lock` first becomes it.
   *
   * @throws MmapLockError `ERR_MMAP_LOCK_STATE` if the shared lock is held: unlock first; and
   * `ETIMEDOUT` after `timeout` milliseconds.
   * @throws TypeError, MmapRangeError, MmapClosedError
   */
  lock(options?: LockOptions): void {
    operations.waitForLock(this._mapping, LockKind.exclusive, options);
  }

  /** Takes the shared lock, which several handles may own at once, and waits for it; otherwise as {@link lock}. */
  lockShared(options?: LockOptions): void {
    operations.waitForLock(this._mapping, LockKind.shared, options);
  }

  /** Takes the exclusive lock if that needs no waiting. @returns Whether this handle has it now. */
  tryLock(): boolean {
    return invoke(operations.tryLock(this._mapping, LockKind.exclusive));
  }

  /** Takes the shared lock if that needs no waiting. @returns Whether this handle has it now. */
  tryLockShared(): boolean {
    return invoke(operations.tryLock(this._mapping, LockKind.shared));
  }

  /** Gives the lock back, also one that another handle on the open file has taken; without one it does nothing. */
  unlock(): void {
    invoke(operations.unlock(this._mapping));
  }

  /**
   * Throws if a page of the mapping could not be used when somebody touched it, or if the file is
   * shorter by now than what is mapped of it (`fstat(2)`). For users of views, which throw nothing.
   *
   * @throws MmapFaultError, MmapClosedError, MmapError of the system
   * @example
   * ```ts
   * import { createHash } from 'node:crypto';
   *
   * using file = MmapFile.open('package.json');
   * const digest = createHash('sha256').update(file.asBuffer()).digest('hex');
   * file.checkFault(); // without it the digest might be one of zeroes
   * ```
   */
  checkFault(): void {
    invoke(this._mapping.checkFault());
  }

  /**
   * Maps the open file as it is now, from the same offset to where it ended when it was opened, or
   * to its present end: after a fault, or to see what others have appended. The lock is held
   * throughout. Views that exist show the file again; those of a copy-on-write mapping show zeroes,
   * and its changes are gone.
   *
   * To follow the path to another file, close and open.
   *
   * @throws MmapRangeError if the file ends before the mapping's offset
   * @throws MmapUnsupportedError for a copy-on-write mapping while other threads are attached
   * @throws MmapClosedError, MmapPoisonedError, MmapError of the system
   */
  reopen(): void {
    invoke(this._mapping.reopen());
  }

  /**
   * Unmaps and unlocks. Views that are left read zeroes, or are detached with `detachOnClose`;
   * every method throws {@link MmapClosedError} from now on. A second `close` does nothing.
   *
   * What was stored is in the system's memory then, and comes to the disk in its time; with the option `flush` it is there already.
   *
   * @throws TypeError; with `flush`, as `flush` of a file that may be written, and then the handle is still open
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
