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
  copyExact,
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
  readNow,
  readSome,
  requireExact,
  runAsync,
  type SharedMapping,
  timedOut,
  toTarget,
  type WriteToNewFileOptions,
} from '../src/internal.js';
import { AsyncMmapFileReader } from './async-reader.js';
import { Reads, runtime } from './runtime.js';

/**
 * A file mapped read-only, or a piece of memory that behaves like one. What waits for the system
 * is done {@where}, and returns a promise; what only touches memory is as in `MmapFile`.
 *
 * Views and typed reads of pages that are not in memory still wait for the disk: `await`
 * {@link prefetch} first, or use {@link read}, which does it.
 *
 * @typeParam Memory - What views lie over: an `ArrayBuffer`, or a `SharedArrayBuffer` with the option `shared`. Functions
 * that take files of either kind ask for `AsyncMmapFile<ArrayBufferLike>`.
 * @example
 * ```ts
 * import { AsyncMmapFile } from '@fmmap/async';
 *
 * await using file = await AsyncMmapFile.open('package.json');
 * await file.prefetch();
 * console.log(file.length, file.indexOf('"name"'));
 * ```
 */
export class AsyncMmapFile<Memory extends ArrayBufferLike = ArrayBuffer>
  extends Reads<Memory>
  implements AsyncDisposable
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
   * Maps an existing file for reading, and locks it shared. With `lockTimeout` it waits for the lock, and occupies no
   * thread meanwhile.
   *
   * @param path - A path, or a file that is open already: a descriptor or a `FileHandle`, which may be closed after the call.
   * @throws TypeError, MmapRangeError for arguments; nothing has been opened then.
   * @throws MmapLockError `EWOULDBLOCK` if another handle holds it exclusively, or `ETIMEDOUT` if it still does
   * after `lockTimeout` milliseconds; or the signal's reason
   * @throws MmapError with the system's code: `ENOENT`, `EACCES`, `EISDIR`, `ENODEV` (not a regular
   * file), `EBADF` (no open descriptor), `EMFILE`, `ENOMEM`, … (`open(2)`, `mmap(2)`)
   * @example
   * ```ts
   * import { open } from 'node:fs/promises';
   *
   * await using waited = await AsyncMmapFile.open('package.json', { lockTimeout: 1000 }); // for who writes it just now
   * const handle = await open('package.json');
   * await using file = await AsyncMmapFile.open(handle);
   * await handle.close(); // the mapping has a descriptor of its own
   * console.log(file.length === waited.length, file.path === ''); // true true
   * ```
   */
  static async open<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOptions<Shared> & OperationOptions,
  ): Promise<AsyncMmapFile<MemoryOf<Shared>>> {
    return new AsyncMmapFile(await opening(this, AsyncMmapFile, constructors.open, path, options));
  }

  /** Maps an existing file for reading and execution; otherwise as {@link open}. */
  static async openExec<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOptions<Shared> & OperationOptions,
  ): Promise<AsyncMmapFile<MemoryOf<Shared>>> {
    return new AsyncMmapFile(
      await opening(this, AsyncMmapFile, constructors.openExec, path, options),
    );
  }

  /**
   * A mapping of a copy of `data` with no file behind it, at once. Locks and flushes do nothing; {@link writeToNewFile} saves it.
   * @param name - What it is called in messages, and by the property `path`: not a path, nothing is read from there. May be `''`.
   * @param data - Bytes, or text in UTF-8. Default: nothing.
   * @throws TypeError, MmapError of the system
   */
  static memory<Shared extends boolean = false>(
    name: string,
    data: Uint8Array | string = '',
    options?: MapOptions<Shared>,
  ): AsyncMmapFile<MemoryOf<Shared>> {
    return new AsyncMmapFile(openMemory(this, AsyncMmapFile, name, Access.read, data, options));
  }

  /**
   * A second handle on the memory of a handle in another thread, from its `share`d token; at once.
   * @param options - Whether the views of this handle are `shared`, whatever those of the first one are.
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
   * Copies into `target` what there is from `offset` on, at most `target.length` bytes. What is in
   * memory is copied at once; the rest is first read in, {@where}.
   * @param target - What is filled.
   * @param offset - First byte; past the end there is none. Default: `0`.
   * @returns The bytes copied: fewer than asked at the end of the mapping, 0 behind it.
   * @throws TypeError, MmapRangeError (an offset that is no offset), MmapClosedError, MmapFaultError
   */
  async read(target: Uint8Array, offset = 0, options?: OperationOptions): Promise<number> {
    const to = toTarget(target);
    checkSize(offset, 'offset');
    const signal = abortable(options);
    return await readSome(runtime, this._mapping, to, offset, signal);
  }

  /**
   * Fills all of `target` from `offset` on, as {@link read} does.
   * @param target - What is filled.
   * @param offset - First byte: 0 to `length` less the bytes of `target`. Default: `0`.
   * @throws MmapRangeError if there are not enough bytes; then nothing is copied.
   * @throws TypeError, MmapClosedError, MmapFaultError
   */
  async readExact(target: Uint8Array, offset = 0, options?: OperationOptions): Promise<void> {
    const to = toTarget(target);
    checkSize(offset, 'offset');
    const signal = abortable(options);
    const mapping = this._mapping;
    requireExact(mapping, to, offset);
    if (readNow(mapping, to, offset) === to.length) return;
    await prepare(runtime, mapping, offset, to.length, signal);
    copyExact(mapping, to, offset);
  }

  /** {@inheritDoc MmapFile.reader} */
  reader(offset?: number, length?: number): AsyncMmapFileReader<Memory> {
    return new AsyncMmapFileReader(this, offset, length);
  }

  /**
   * Reads a range into memory and maps it, {@where}, so that using it later waits for no disk
   * (`MADV_POPULATE_READ`). What is in memory already costs nothing.
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError, MmapError of the system
   */
  async prefetch(offset?: number, length?: number, options?: OperationOptions): Promise<void> {
    const signal = abortable(options);
    const bytes = this._mapping.resolve(offset, length);
    await prepare(runtime, this._mapping, offset ?? 0, bytes, signal);
  }

  /**
   * Copies a range, by default all, to a file that must not exist, or is replaced with `{ replace: true }`: inside the
   * kernel where it can, and durable, the directory included, once the promise is fulfilled. It appears there whole or not at all,
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
   * await using edited = await AsyncMmapFileMut.openCow('package.json'); // whose stores do not reach the file
   * edited.write(edited.copyBytes().toString().replace('0.0.0', '1.0.0'));
   * await edited.writeToNewFile('package.json', { replace: edited });
   * ```
   */
  async writeToNewFile(
    path: PathLike,
    options?: WriteToNewFileOptions & OperationOptions,
  ): Promise<void>;
  /** The same, of a range. */
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
   * Tells the system what a range, by default all, is going to be used for (`madvise(2)`); see {@link Advice}. It is about the
   * pages that the range touches (`'remove'`: those that lie in it as a whole), as they are mapped now: `reopen` starts without, and
   * so may what `truncate` adds.
   *
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   * @throws MmapUnsupportedError if the system does not have the advice (`isAdviceSupported`) or this mapping does not
   * take it; for `'dontneed'` on a copy-on-write mapping, whose changes it would discard; for `'remove'` on one, and on a mapping that may
   * only be read; for `'populate-write'` on the latter; and for `'free'`. Nothing is changed then.
   * @throws MmapError of the system, such as `ENOSPC` for `'populate-write'`
   */
  async advise(advice: Advice, offset?: number, length?: number): Promise<void> {
    await this._use(() => operations.advise(this._mapping, advice, offset, length));
  }

  /**
   * Keeps a range from being paged out (`mlock(2)`), until {@link unlockMemory} or `close`.
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
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
   * What `fs.fstat` says of the open file, whatever is at its path by now.
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
   * Takes the exclusive lock, and waits for it (`flock(2)`), occupying no thread meanwhile: it tries
   * again every few milliseconds.
   *
   * Calls on one handle queue: each is one owner of the lock, until `unlock` gives it back and the next one has it. The
   * lock that `open` took has no owner, and goes to the first call at once (`tryLock` is content with it as it is). So tasks that share a handle exclude each
   * other between `lock` and `unlock`; and a task that calls `lock` twice waits for itself. Among processes there is no
   * queue; who has just given the lock back pauses for one to three milliseconds before taking it again.
   *
   * @throws MmapLockError `ERR_MMAP_LOCK_STATE` if the shared lock is held: unlock first; and
   * `ETIMEDOUT` after `timeout` milliseconds.
   * @throws TypeError, MmapRangeError, MmapClosedError; the signal's reason
   */
  async lock(options?: LockOptions & OperationOptions): Promise<void> {
    await this.#lock(LockKind.exclusive, options);
  }

  /** Takes the shared lock, which may have many owners at once, and waits for it; otherwise as {@link lock}. */
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
    const attempt = () => this.#tryLock(kind, true);
    if (await this._mapping.lockQueue.wait(attempt, until, signal)) return;
    throw timedOut(this._mapping.path, timeout);
  }

  async #tryLock(kind: LockKind, adopt = false): Promise<boolean> {
    return await this._use(() => operations.lock(this._mapping, { kind, again: false, adopt }));
  }

  /** Takes the exclusive lock if that needs no waiting, neither for another handle nor for a task. @returns Whether it did. */
  async tryLock(): Promise<boolean> {
    return await this.#tryLock(LockKind.exclusive);
  }

  /** Takes the shared lock if that needs no waiting. @returns Whether it did. */
  async tryLockShared(): Promise<boolean> {
    return await this.#tryLock(LockKind.shared);
  }

  /** Gives the lock back, also one that another handle on the open file has taken; without one it does nothing. */
  async unlock(): Promise<void> {
    await this._use(() => operations.unlock(this._mapping));
  }

  /**
   * Rejects if a page of the mapping could not be used when somebody touched it, or if the file is
   * shorter by now than what is mapped of it (`fstat(2)`). For users of views, which throw nothing.
   * @throws MmapFaultError, MmapClosedError, MmapError of the system
   */
  async checkFault(): Promise<void> {
    await this._use(() => this._mapping.checkFault());
  }

  /**
   * Maps the open file as it is now, from the same offset to where it ended when it was opened, or
   * to its present end: after a fault, or to see what others have appended. The lock is held
   * throughout. Views that exist show the file again; those of a copy-on-write mapping show zeroes,
   * and its changes are gone.
   *
   * @throws MmapRangeError if the file ends before the mapping's offset
   * @throws MmapUnsupportedError for a copy-on-write mapping while other threads are attached
   * @throws MmapClosedError, MmapPoisonedError, MmapError of the system
   */
  async reopen(): Promise<void> {
    await this._change(() => this._mapping.reopen());
  }

  /**
   * Unmaps and unlocks, when what is under way on this file is done. Views that are left read zeroes,
   * or are detached with `detachOnClose`; every method throws `MmapClosedError` from then on. A
   * second `close` does nothing.
   *
   * What was stored is in the system's memory then, and comes to the disk in its time; with the option `flush` it is there already.
   *
   * @throws TypeError; with `flush`, as `flush` of a file that may be written, and then the handle is still open
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
   * {@link close}. What this file still has to do is waited for; if it fails, its promise is rejected when this is over, so that
   * `return file.flush()` in a block with `await using file` is no unhandled rejection.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this._dispose(() => this._change(() => this._mapping.close()));
  }

  /** @internal */
  protected _dispose(act: () => Promise<void>): Promise<void> {
    return this._mapping.disposal.run(act);
  }

  // Not async: that would be one more frame in the stacks of errors, of which V8 keeps ten.

  /** @internal */
  protected _use<T>(act: () => Action<T>, signal?: AbortSignal): Promise<T> {
    return this._mapping.queue.use(() => runAsync(runtime, act(), signal));
  }

  /** @internal */
  protected _change<T>(act: () => Action<T>, signal?: AbortSignal): Promise<T> {
    return this._mapping.queue.change(() => runAsync(runtime, act(), signal));
  }
}

failLate(AsyncMmapFile);

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
