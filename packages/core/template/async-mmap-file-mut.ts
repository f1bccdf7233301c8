// The asynchronous class for writable mappings.
import {
  Access,
  type AttachOptions,
  abortable,
  attachMapping,
  type CreateOptions,
  constructors,
  copyMethods,
  type FileLike,
  failLate,
  type MapOptions,
  Mapping,
  type MemoryOf,
  MmapUnsupportedError,
  type OpenMutOptions,
  type OpenOptions,
  type OpenOrCreateOptions,
  type OperationOptions,
  openAnonymous,
  openMemory,
  operations,
  type PathLike,
  refuseStatic,
  runAsync,
  type SharedMapping,
  type Steps,
  stepsOf,
  typeError,
  type WriterOptions,
} from '../src/internal.js';
import { AsyncMmapFile, opening } from './async-mmap-file.js';
import { AsyncMmapFileWriter } from './async-writer.js';
import { runtime, Writes } from './runtime.js';

/** The methods that write to memory, which `copyMethods` below adds to the class. */
// biome-ignore lint/correctness/noUnusedVariables: it is the class's, and has its parameters
export interface AsyncMmapFileMut<Memory extends ArrayBufferLike = ArrayBuffer> extends Writes {}

/**
 * A file mapped for reading and writing. Methods that wait for the system do their work {@where} and return a promise;
 * methods that only access memory are the same as in `MmapFileMut`.
 *
 * @typeParam Memory - The memory behind views: `ArrayBuffer`, or `SharedArrayBuffer` with the option `shared`.
 * Functions that accept files of either kind should take `AsyncMmapFileMut<ArrayBufferLike>`.
 * @example
 * ```ts
 * import { AsyncMmapFileMut } from '@fmmap/async';
 *
 * const file = await AsyncMmapFileMut.open('counter.bin', { maxSize: 8 });
 * file.writeBigUInt64LE(file.readBigUInt64LE(0) + 1n, 0);
 * await file.flush();
 * await file.remove();
 * await file.close();
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see above
export class AsyncMmapFileMut<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends AsyncMmapFile<Memory> {
  #removeOnDispose = false;

  /** Not available, because executable memory is never writable: use {@link AsyncMmapFile.openExec}. */
  declare static readonly openExec: never;

  /**
   * Creates a file of `maxSize` bytes, which must not exist yet, and locks it exclusively unless the option `lock` says
   * otherwise. The file, its size and its name are on disk when the promise is fulfilled (`fsync(2)` of the file and of
   * its directory).
   * @throws MmapError `EEXIST`, or the same errors as {@link AsyncMmapFileMut.open}; no file is left then.
   */
  static async create<Shared extends boolean = false>(
    path: PathLike,
    options?: CreateOptions<Shared> & OperationOptions,
  ): Promise<AsyncMmapFileMut<MemoryOf<Shared>>> {
    return new AsyncMmapFileMut(
      await opening(this, AsyncMmapFileMut, constructors.create, path, options),
    );
  }

  /**
   * Maps a file for writing, creating it if it does not exist, and locks it exclusively unless the option `lock` says
   * otherwise. With `lockTimeout` it waits for the lock without occupying a thread.
   *
   * No file is truncated or extended until every option has been validated and the lock is held; if opening fails, a
   * file that it created is removed again. Every change is on disk when the promise is fulfilled: a new file as with `create`, a
   * new size by `fsync(2)`.
   *
   * @param path - A path, or a file that is already open: a descriptor or a `FileHandle`, open for reading and writing.
   * @throws TypeError, MmapRangeError for invalid arguments, including `createNew` with a file that is already open
   * @throws MmapLockError `EWOULDBLOCK` if another handle holds a lock, or `ETIMEDOUT` if it still does after
   * `lockTimeout` milliseconds; or the signal's reason
   * @throws MmapError with the system's code (`open(2)`, `mmap(2)`, `ftruncate(2)`)
   */
  static override async open<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOrCreateOptions<Shared> & OperationOptions,
  ): Promise<AsyncMmapFileMut<MemoryOf<Shared>>> {
    return new AsyncMmapFileMut(
      await opening(this, AsyncMmapFileMut, constructors.openOrCreate, path, options),
    );
  }

  /** Maps an existing file for writing; otherwise like {@link AsyncMmapFileMut.open}. */
  static async openExisting<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenMutOptions<Shared> & OperationOptions,
  ): Promise<AsyncMmapFileMut<MemoryOf<Shared>>> {
    return new AsyncMmapFileMut(
      await opening(this, AsyncMmapFileMut, constructors.openExisting, path, options),
    );
  }

  /**
   * Maps a private copy of a file and takes the shared lock: stores are visible to this mapping only, and the file
   * never changes.
   *
   * `flush` therefore does nothing: save with {@link writeToNewFile}, which can also replace the file. The mapping is
   * as long as the file: to grow it, save it and open the copy with `maxSize`, or continue with
   * `AsyncMmapFileMut.memory(name, file.asBuffer())`, which `truncate` can make longer.
   * @throws The same errors as {@link AsyncMmapFile.open}
   */
  static async openCow<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOptions<Shared> & OperationOptions,
  ): Promise<AsyncMmapFileMut<MemoryOf<Shared>>> {
    return new AsyncMmapFileMut(
      await opening(this, AsyncMmapFileMut, constructors.openCow, path, options),
    );
  }

  /**
   * Creates a writable mapping of a copy of `data`, not backed by a file, and returns it synchronously.
   * {@link truncate} makes it longer or shorter.
   * @param name - A name, not a path; see {@link AsyncMmapFile.memory}.
   * @param data - Bytes, or text to encode as UTF-8. Default: nothing.
   * @throws TypeError, MmapError from the system
   */
  static override memory<Shared extends boolean = false>(
    name: string,
    data: Uint8Array | string = '',
    options?: MapOptions<Shared>,
  ): AsyncMmapFileMut<MemoryOf<Shared>> {
    return new AsyncMmapFileMut(
      openMemory(this, AsyncMmapFileMut, name, Access.write, data, options),
    );
  }

  /**
   * Creates a writable mapping of `length` zero bytes, with no file and no name, and returns it synchronously.
   * @throws TypeError, MmapRangeError, MmapError from the system
   */
  static anonymous<Shared extends boolean = false>(
    length: number,
    options?: MapOptions<Shared>,
  ): AsyncMmapFileMut<MemoryOf<Shared>> {
    return new AsyncMmapFileMut(openAnonymous(this, AsyncMmapFileMut, length, options));
  }

  /**
   * Like {@link AsyncMmapFile.attach}, but for writing.
   * @throws MmapUnsupportedError if the token is for a read-only mapping
   */
  static override attach<Shared extends boolean = false>(
    token: SharedMapping,
    options?: AttachOptions<Shared>,
  ): AsyncMmapFileMut<MemoryOf<Shared>> {
    const mapping = attachMapping(this, AsyncMmapFileMut, token, options);
    if (mapping.access === Access.write || mapping.access === Access.copy) {
      return new AsyncMmapFileMut(mapping);
    }
    void runAsync(runtime, mapping.close());
    throw new MmapUnsupportedError(
      `'${mapping.path}' is mapped read-only; attach it with AsyncMmapFile.attach`,
      { path: mapping.path },
    );
  }

  /** {@inheritDoc MmapFileMut.removeOnDispose} */
  get removeOnDispose(): boolean {
    return this.#removeOnDispose;
  }

  set removeOnDispose(value: boolean) {
    if (typeof value !== 'boolean') throw typeError('removeOnDispose', 'a boolean', value);
    if (value) this._mapping.requirePath();
    this.#removeOnDispose = value;
  }

  /** {@inheritDoc MmapFileMut.writer} */
  writer(offset?: number, length?: number, options?: WriterOptions): AsyncMmapFileWriter<Memory> {
    return new AsyncMmapFileWriter(this, offset, length, options);
  }

  /**
   * Writes a range, by default the whole mapping, to disk; the promise is fulfilled when it is there (`msync(2)` with
   * `MS_SYNC`). Does nothing for memory and copy-on-write mappings, which have no file to write to: save those with
   * {@link writeToNewFile}.
   *
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws MmapError from the system. The mapping is poisoned then: the system reports a lost write only once, so a
   * later flush must not appear to succeed. Views still show the data that was to be written.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  async flush(offset?: number, length?: number, options?: OperationOptions): Promise<void> {
    const signal = abortable(options);
    await this._use(() => operations.flush(this._mapping, true, offset, length), signal);
  }

  /**
   * Starts writing a range to disk without waiting for it; otherwise like {@link flush}.
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   */
  async startFlush(offset?: number, length?: number): Promise<void> {
    await this._use(() => operations.flush(this._mapping, false, offset, length));
  }

  /**
   * Sets the size of the file to `size` bytes, shorter or longer, and maps all of it from the mapping's offset on. The
   * new size is durable when the promise is fulfilled. Existing views stay valid: those of a part that was cut off read
   * zeroes, those of a part that remains still show the file. Waits for pending operations on this file; operations
   * that are requested later wait for it.
   *
   * @throws TypeError, MmapRangeError (`size` is less than the mapping's offset), MmapClosedError, MmapPoisonedError,
   * MmapFaultError
   * @throws MmapUnsupportedError for copy-on-write mappings; see {@link AsyncMmapFileMut.openCow} for how to grow those
   * @throws MmapError from the system. If the file was changed before the failure, the mapping is poisoned
   * (`isPoisoned`); otherwise it is unchanged.
   */
  async truncate(size: number, options?: OperationOptions): Promise<void> {
    const signal = abortable(options);
    await this._change(() => this._mapping.resize(size), signal);
  }

  /**
   * Makes the mapping read-only, including its views, and returns it as a file that cannot be written. This handle is
   * closed; the lock is kept.
   *
   * @throws MmapUnsupportedError while other threads are attached
   * @throws MmapClosedError, MmapPoisonedError, MmapFaultError, MmapError from the system
   */
  async freeze(): Promise<AsyncMmapFile<Memory>> {
    return await this.#freeze(false);
  }

  /** Like {@link freeze}, and makes the mapping executable. */
  async freezeExec(): Promise<AsyncMmapFile<Memory>> {
    return await this.#freeze(true);
  }

  async #freeze(exec: boolean): Promise<AsyncMmapFile<Memory>> {
    return await this._change(() => this.#freezing(exec));
  }

  *#freezing(exec: boolean): Steps<AsyncMmapFile<Memory>> {
    const mapping = this._mapping;
    yield mapping.freeze(exec);
    // While the change still holds the queue, so that whatever waits for it finds this handle closed.
    Object.assign(this, { _mapping: Mapping.closed(mapping) });
    this.#removeOnDispose = false;
    return new AsyncMmapFile(mapping);
  }

  /** {@inheritDoc MmapFileMut.remove} */
  async remove(): Promise<void> {
    await this._change(() => this._mapping.remove());
  }

  /** Calls {@link truncate} and then {@link close}; if truncating fails, the handle stays open. */
  async closeWithTruncate(size: number): Promise<void> {
    await this._change(() => this.#closingWithTruncate(size));
  }

  *#closingWithTruncate(size: number): Steps<void> {
    const mapping = this._mapping;
    yield* stepsOf(mapping.resize(size));
    yield* stepsOf(mapping.close());
  }

  /** Calls {@link remove} if {@link removeOnDispose} is set, and then {@link close}: for `await using`. */
  override async [Symbol.asyncDispose](): Promise<void> {
    await this._dispose(() => this.#disposing());
  }

  async #disposing(): Promise<void> {
    if (this.#removeOnDispose && !this.isClosed) {
      try {
        await this._change(() => this._mapping.remove());
      } catch {
        // Best effort, as documented: there is no one to report the error to.
      }
    }
    await this._change(() => this._mapping.close());
  }
}

failLate(AsyncMmapFileMut);

copyMethods(AsyncMmapFileMut, Writes);
refuseStatic(AsyncMmapFileMut, AsyncMmapFile, 'openExec', 'executable memory is never writable');
