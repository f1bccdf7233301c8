// The asynchronous class for read-only mappings.
import type * as fs from 'node:fs';
import {
  Access,
  type Action,
  type Advice,
  type AttachOptions,
  abortable,
  attachMapping,
  type CloseOptions,
  checkMapping,
  checkSize,
  checkTimeout,
  constructors,
  type FileClass,
  type FileLike,
  failLate,
  holdFile,
  holdPlace,
  LockKind,
  type LockOptions,
  letGo,
  type MapOptions,
  type Mapping,
  type MemoryOf,
  madeBy,
  now,
  type OpenOptions,
  type OperationOptions,
  openFile,
  openMemory,
  operationOptions,
  operations,
  type PathLike,
  prepare,
  readAll,
  readAtOnce,
  readSome,
  runAsync,
  type SharedMapping,
  timedOut,
  toTarget,
  type WriteToNewFileOptions,
} from '../src/internal.js';
import { AsyncMmapFileReader } from './async-reader.js';
import { Reads, runtime } from './runtime.js';

/**
 * A file mapped read-only, or a block of memory that behaves like one. Methods that wait for the system do their work
 * {@where} and return a promise; methods that only access memory are the same as in `MmapFile`.
 *
 * Views and typed reads of pages that are not in memory still wait for the disk: `await` {@link prefetch} first, or use
 * {@link read}, which reads the pages in.
 *
 * @typeParam Memory - The memory behind views: `ArrayBuffer`, or `SharedArrayBuffer` with the option `shared`.
 * Functions that accept files of either kind should take `AsyncMmapFile<ArrayBufferLike>`.
 * @example
 * ```ts
 * import { AsyncMmapFile } from '@fmmap/async';
 *
 * const file = await AsyncMmapFile.open('package.json');
 * await file.prefetch();
 * console.log(file.length, file.indexOf('"name"'));
 * await file.close();
 * ```
 */
export class AsyncMmapFile<Memory extends ArrayBufferLike = ArrayBuffer>
  extends Reads<Memory>
  implements AsyncDisposable
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
   * Maps an existing file for reading and takes the shared lock. With `lockTimeout` it waits for the lock without
   * occupying a thread.
   *
   * @param path - A path, or a file that is already open: a descriptor or a `FileHandle`, which may be closed after the
   * call.
   * @throws TypeError, MmapRangeError for invalid arguments; nothing has been opened then.
   * @throws MmapLockError `EWOULDBLOCK` if another handle holds the exclusive lock, or `ETIMEDOUT` if it still does
   * after `lockTimeout` milliseconds; or the signal's reason
   * @throws MmapError with the system's code: `ENOENT`, `EACCES`, `EISDIR`, `ENODEV` (not a regular file), `EBADF` (not
   * an open descriptor), `EMFILE`, `ENOMEM`, … (`open(2)`, `mmap(2)`)
   * @example
   * ```ts
   * import { open } from 'node:fs/promises';
   *
   * const waited = await AsyncMmapFile.open('package.json', { lockTimeout: 1000 }); // waits for its lock, at most a second
   * const handle = await open('package.json');
   * const file = await AsyncMmapFile.open(handle);
   * await handle.close(); // the mapping has its own descriptor
   * console.log(file.length === waited.length, file.path === ''); // true true
   * await file.close();
   * await waited.close();
   * ```
   */
  static async open<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOptions<Shared> & OperationOptions,
  ): Promise<AsyncMmapFile<MemoryOf<Shared>>> {
    return new AsyncMmapFile(await opening(this, AsyncMmapFile, constructors.open, path, options));
  }

  /** Maps an existing file for reading and execution and takes the shared lock; otherwise like {@link open}. */
  static async openExec<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOptions<Shared> & OperationOptions,
  ): Promise<AsyncMmapFile<MemoryOf<Shared>>> {
    return new AsyncMmapFile(
      await opening(this, AsyncMmapFile, constructors.openExec, path, options),
    );
  }

  /**
   * Creates a mapping of a copy of `data`, not backed by a file, and returns it synchronously. Locks and flushes do
   * nothing; {@link writeToNewFile} saves it.
   * @param name - The name used in messages and returned by the property `path`. It is not a path: nothing is read from
   * it. May be `''`.
   * @param data - Bytes, or text to encode as UTF-8. Default: nothing.
   * @throws TypeError, MmapError from the system
   */
  static memory<Shared extends boolean = false>(
    name: string,
    data: Uint8Array | string = '',
    options?: MapOptions<Shared>,
  ): AsyncMmapFile<MemoryOf<Shared>> {
    return new AsyncMmapFile(openMemory(this, AsyncMmapFile, name, Access.read, data, options));
  }

  /**
   * Creates a second handle on the memory of a handle in another thread, from the token that `share` returned there,
   * and returns it synchronously.
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
  ): AsyncMmapFile<MemoryOf<Shared>> {
    return new AsyncMmapFile(attachMapping(this, AsyncMmapFile, token, options));
  }

  /**
   * Copies the bytes available from `offset` on to `target`, at most `target.length` of them. Bytes in memory are
   * copied at once; the rest are first loaded {@where}.
   * @param target - The array to fill.
   * @param offset - Offset of the first byte; nothing is copied past the end. Default: `0`.
   * @returns The number of bytes copied: fewer than `target.length` at the end of the mapping, 0 past it.
   * @throws TypeError, MmapRangeError (`offset` is not a non-negative integer), MmapClosedError, MmapFaultError
   */
  async read(target: Uint8Array, offset = 0, options?: OperationOptions): Promise<number> {
    const to = toTarget(target);
    checkSize(offset, 'offset');
    const signal = abortable(options);
    return await readSome(runtime, this._mapping, to, offset, signal);
  }

  /**
   * Fills all of `target` with the bytes from `offset` on, reading them in as {@link read} does.
   * @param target - The array to fill.
   * @param offset - Offset of the first byte: 0 to `length` minus the byte length of `target`. Default: `0`.
   * @throws MmapRangeError if there are not enough bytes; nothing is copied then.
   * @throws TypeError, MmapClosedError, MmapFaultError
   */
  async readExact(target: Uint8Array, offset = 0, options?: OperationOptions): Promise<void> {
    const to = toTarget(target);
    checkSize(offset, 'offset');
    const signal = abortable(options);
    await readAll(runtime, this._mapping, to, offset, signal);
  }

  /** {@inheritDoc MmapFile.reader} */
  reader(offset?: number, length?: number): AsyncMmapFileReader<Memory> {
    return new AsyncMmapFileReader(this, offset, length);
  }

  /**
   * Reads a range into memory and maps it, {@where}, so that a later access does not wait for the disk
   * (`MADV_POPULATE_READ`). Pages that are already in memory cost nothing.
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError, MmapError from the system
   */
  async prefetch(offset?: number, length?: number, options?: OperationOptions): Promise<void> {
    const signal = abortable(options);
    const bytes = this._mapping.resolve(offset, length);
    await prepare(runtime, this._mapping, offset ?? 0, bytes, signal);
  }

  /**
   * Copies a range, by default the whole mapping, to a file that must not exist, or that is replaced with
   * `{ replace: true }`. The data is copied inside the kernel where possible, and is durable, directory entry included,
   * when the promise is fulfilled. On file systems with unnamed files (`O_TMPFILE`) the file appears whole or not at
   * all, even after a crash. The options may be passed in place of the range.
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
   * const edited = await AsyncMmapFileMut.openCow('package.json'); // its changes do not reach the file
   * edited.write(edited.copyBytes().toString().replace('0.0.0', '1.0.0'));
   * await edited.writeToNewFile('package.json', { replace: edited });
   * await edited.close();
   * ```
   */
  async writeToNewFile(
    path: PathLike,
    options?: WriteToNewFileOptions & OperationOptions,
  ): Promise<void>;
  /**
   * The same, for a range.
   * @param offset - Offset of the first byte. Default: `0`.
   * @param length - Number of bytes. Default: to the end.
   */
  async writeToNewFile(
    path: PathLike,
    offset?: number,
    length?: number,
    options?: WriteToNewFileOptions & OperationOptions,
  ): Promise<void>;
  async writeToNewFile(path: PathLike, ...rest: operations.CopyArguments): Promise<void> {
    const request = operations.copyRequest(rest, operations.readAbortableCopyOptions);
    const place = holdPlace(path);
    const work = () => operations.writeToNewFile(this._mapping, place, request);
    try {
      await this._use(work, request.signal);
    } finally {
      letGo(place);
    }
  }

  /**
   * Tells the system how a range, by default the whole mapping, is going to be used (`madvise(2)`); see {@link Advice}.
   * The advice applies to the pages that the range touches (for `'remove'`: those that lie wholly within it) as they
   * are mapped now: it does not carry over to what `reopen` maps, nor necessarily to what `truncate` adds.
   *
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   * @throws MmapUnsupportedError if the system does not have the advice (`isAdviceSupported`) or this mapping does not
   * accept it; for `'dontneed'` on a copy-on-write mapping, whose changes it would discard; for `'remove'` on a
   * copy-on-write or read-only mapping; for `'populate-write'` on a read-only mapping; and for `'free'`. Nothing is
   * changed then.
   * @throws MmapError from the system, such as `ENOSPC` for `'populate-write'`
   */
  async advise(advice: Advice, offset?: number, length?: number): Promise<void> {
    await this._use(() => operations.advise(this._mapping, advice, offset, length));
  }

  /**
   * Keeps a range from being paged out (`mlock(2)`) until {@link unlockMemory} or `close`.
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws MmapError `ENOMEM`, `EPERM` or `EAGAIN` beyond `RLIMIT_MEMLOCK`
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  async lockMemory(offset?: number, length?: number): Promise<void> {
    await this._use(() => operations.lockMemory(this._mapping, true, offset, length));
  }

  /** {@inheritDoc MmapFile.unlockMemory} */
  async unlockMemory(offset?: number, length?: number): Promise<void> {
    await this._use(() => operations.lockMemory(this._mapping, false, offset, length));
  }

  /**
   * Returns what `fs.fstat` reports for the open file, whatever is at its path now.
   * @throws MmapClosedError
   */
  async stat(options?: { bigint?: false | undefined }): Promise<fs.Stats>;
  /** The same, with numbers as bigints and times in nanoseconds. */
  async stat(options: { bigint: true }): Promise<fs.BigIntStats>;
  async stat(options?: { bigint?: boolean | undefined }): Promise<fs.Stats | fs.BigIntStats> {
    const isBig = operations.isBigStat(options);
    return await this._use(() => operations.stat(this._mapping, isBig));
  }

  /**
   * Takes the exclusive lock, waiting for it without occupying a thread (`flock(2)`, retried every few milliseconds).
   *
   * Calls on one handle queue: each call owns the lock until `unlock` releases it and the next call gets it. The lock
   * that `open` took has no owner and goes to the first call at once (`tryLock` succeeds without becoming its owner).
   * Tasks that share a handle therefore exclude each other between `lock` and `unlock`, and a task that calls `lock`
   * twice waits for itself. There is no queue among processes; a handle that has just released the lock pauses for one
   * to three milliseconds before taking it again.
   *
   * @throws MmapLockError `ERR_MMAP_LOCK_STATE` if the shared lock is held: unlock first; and `ETIMEDOUT` after
   * `timeout` milliseconds.
   * @throws TypeError, MmapRangeError, MmapClosedError; the signal's reason
   */
  async lock(options?: LockOptions & OperationOptions): Promise<void> {
    await this.#lock(LockKind.exclusive, options);
  }

  /**
   * Takes the shared lock, which may have many owners at once, waiting for it if necessary; otherwise like
   * {@link lock}.
   */
  async lockShared(options?: LockOptions & OperationOptions): Promise<void> {
    await this.#lock(LockKind.shared, options);
  }

  async #lock(
    kind: LockKind,
    options: (LockOptions & OperationOptions) | undefined,
  ): Promise<void> {
    const { signal, timeout } = operationOptions(options, ['timeout']);
    if (timeout !== undefined) checkTimeout(timeout, 'timeout');
    const until = now() + (timeout ?? Number.POSITIVE_INFINITY);
    const attempt = (turn: AbortSignal | undefined) => this.#tryLock(kind, true, turn);
    const outcome = await this._mapping.lockQueue.wait(attempt, until, signal);
    if (outcome !== 'taken') throw timedOut(this._mapping.path, timeout, outcome);
  }

  /** @param turn - A signal to give up waiting for earlier calls. */
  async #tryLock(kind: LockKind, adopt = false, turn?: AbortSignal): Promise<boolean> {
    return await this._use(
      () => operations.lock(this._mapping, { kind, again: false, adopt }),
      turn,
    );
  }

  /**
   * Takes the exclusive lock if that needs no waiting, neither for another handle nor for a task.
   * @returns Whether it did.
   */
  async tryLock(): Promise<boolean> {
    return await this.#tryLock(LockKind.exclusive);
  }

  /** Takes the shared lock if that needs no waiting. @returns Whether it did. */
  async tryLockShared(): Promise<boolean> {
    return await this.#tryLock(LockKind.shared);
  }

  /** Releases the lock, even one that another handle on the open file has taken; does nothing if there is none. */
  async unlock(): Promise<void> {
    await this._use(() => operations.unlock(this._mapping));
  }

  /**
   * Rejects if a page of the mapping could not be used when it was accessed, or if the file is now shorter than the
   * mapped part of it (`fstat(2)`). For code that uses views, which never throw.
   * @throws MmapFaultError, MmapClosedError, MmapError from the system
   */
  async checkFault(): Promise<void> {
    await this._use(() => this._mapping.checkFault());
  }

  /**
   * Maps the open file as it is now, from the same offset to its present end (at most the option `length`, if it was
   * given): after a fault, or to see what others have appended. The lock is held throughout. Existing views show the
   * file again; those of a copy-on-write mapping read zeroes, and its changes are lost.
   *
   * @throws MmapRangeError if the file ends before the mapping's offset
   * @throws MmapUnsupportedError for a copy-on-write mapping while other threads are attached
   * @throws MmapClosedError, MmapPoisonedError, MmapError from the system
   */
  async reopen(): Promise<void> {
    await this._change(() => this._mapping.reopen());
  }

  /**
   * Unmaps the file and releases the lock once the pending operations on this file are done. Remaining views read
   * zeroes, or are detached with `detachOnClose`; every method throws `MmapClosedError` from then on. Closing again
   * does nothing.
   *
   * Data that was stored is in the page cache by then and reaches the disk in due course; with the option `flush` it is
   * already there.
   *
   * @throws TypeError; with `flush`, also what `flush` of a writable file throws, and the handle stays open then
   * @example
   * ```ts
   * const file = await AsyncMmapFileMut.create('journal.bin', { maxSize: 8 });
   * file.writeDoubleLE(0.5, 0);
   * await file.close({ flush: true });
   * ```
   */
  async close(options?: CloseOptions): Promise<void> {
    const isFlushed = operations.isFlushed(options);
    await this._change(() => operations.close(this._mapping, isFlushed));
  }

  /**
   * Calls {@link close}: for `await using`. Waits for pending operations on this file; if one fails, its promise is
   * rejected only after the disposal, so that `return file.flush()` in a block with `await using file` does not cause
   * an unhandled rejection.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this._dispose(() => this._change(() => this._mapping.close()));
  }

  /** @internal */
  protected _dispose(act: () => Promise<void>): Promise<void> {
    return this._mapping.disposal.run(act);
  }

  // Not async: that would add a frame to the stack traces of errors, of which V8 keeps ten frames.

  /** @internal */
  protected _use<T>(act: () => Action<T>, signal?: AbortSignal): Promise<T> {
    return this._mapping.queue.use(() => runAsync(runtime, act(), signal), signal);
  }

  /** @internal */
  protected _change<T>(act: () => Action<T>, signal?: AbortSignal): Promise<T> {
    return this._mapping.queue.change(() => runAsync(runtime, act(), signal), signal);
  }
}

failLate(AsyncMmapFile, { read: readAtOnce });

/** @internal */
export async function opening(
  caller: unknown,
  type: FileClass,
  maker: (typeof constructors)[keyof typeof constructors],
  path: FileLike,
  options: OperationOptions | undefined,
): Promise<Mapping> {
  const name = madeBy(caller, type, maker.name);
  const { signal, ...rest } = operationOptions(options, maker.takes, name);
  const place = maker === constructors.create ? holdPlace(path) : holdFile(path);
  try {
    return await runAsync(runtime, openFile(caller, type, maker, place, options && rest), signal);
  } finally {
    letGo(place);
  }
}
