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
  typeError,
} from '../src/internal.js';
import { AsyncMmapFile, opening } from './async-mmap-file.js';
import { AsyncMmapFileWriter } from './async-writer.js';
import { runtime, Writes } from './runtime.js';

/** The methods that write to memory, which `copyMethods` below adds to the class. */
// biome-ignore lint/correctness/noUnusedVariables: it is the class's, and has its parameters
export interface AsyncMmapFileMut<Memory extends ArrayBufferLike = ArrayBuffer> extends Writes {}

/**
 * A file mapped for reading and writing. What waits for the system is done {@where}, and returns a
 * promise; what only touches memory is as in `MmapFileMut`.
 *
 * @typeParam Memory - What views lie over: an `ArrayBuffer`, or a `SharedArrayBuffer` with the option `shared`. Functions
 * that take files of either kind ask for `AsyncMmapFileMut<ArrayBufferLike>`.
 * @example
 * ```ts
 * import { AsyncMmapFileMut } from '@fmmap/async';
 *
 * await using file = await AsyncMmapFileMut.open('counter.bin', { maxSize: 8 });
 * file.writeBigUInt64LE(file.readBigUInt64LE(0) + 1n, 0);
 * await file.flush();
 * await file.remove();
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see above
export class AsyncMmapFileMut<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends AsyncMmapFile<Memory> {
  #removeOnDispose = false;

  /** There is none, for executable memory is never writable: {@link AsyncMmapFile.openExec}. */
  declare static readonly openExec: never;

  /**
   * Creates a file that must not exist, of `maxSize` bytes, and locks it exclusively, if not asked otherwise. The file, its size and
   * its name are on the disk then (`fsync(2)` of the file, and of its directory).
   * @throws MmapError `EEXIST`, or as {@link AsyncMmapFileMut.open}; no file is left then.
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
   * Maps a file for writing, created if there is none, and locks it exclusively, if not asked otherwise. With
   * `lockTimeout` it waits for the lock, and occupies no thread meanwhile.
   *
   * Nothing is created, truncated or extended before every option is found valid and the lock is held.
   * What has been, is on the disk when this has opened it: a new file as with `create`, a new size by `fsync(2)`.
   *
   * @param path - A path, or a file that is open already: a descriptor or a `FileHandle`, open for reading and writing.
   * @throws TypeError, MmapRangeError for arguments, also for `createNew` with a file that is open already
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

  /** Maps an existing file for writing; otherwise as {@link AsyncMmapFileMut.open}. */
  static async openExisting<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenMutOptions<Shared> & OperationOptions,
  ): Promise<AsyncMmapFileMut<MemoryOf<Shared>>> {
    return new AsyncMmapFileMut(
      await opening(this, AsyncMmapFileMut, constructors.openExisting, path, options),
    );
  }

  /**
   * Maps a private copy of a file, and locks it shared: stores are seen by this mapping alone, and the file never changes.
   *
   * So `flush` has nothing to do and does nothing: save with {@link writeToNewFile}, which can also replace the file. The
   * length is that of the file: to grow, save and open the copy with `maxSize`, or go on with
   * `AsyncMmapFileMut.memory(name, file.asBuffer())`, which `truncate` makes longer.
   * @throws as {@link AsyncMmapFile.open}
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
   * A writable mapping of a copy of `data` with no file behind it, at once, which {@link truncate} makes longer or shorter.
   * @param name - As for {@link AsyncMmapFile.memory}: not a path.
   * @param data - Bytes, or text in UTF-8. Default: nothing.
   * @throws TypeError, MmapError of the system
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
   * A writable mapping of `length` zeroes with no file and no name, at once.
   * @throws TypeError, MmapRangeError, MmapError of the system
   */
  static anonymous<Shared extends boolean = false>(
    length: number,
    options?: MapOptions<Shared>,
  ): AsyncMmapFileMut<MemoryOf<Shared>> {
    return new AsyncMmapFileMut(openAnonymous(this, AsyncMmapFileMut, length, options));
  }

  /**
   * As {@link AsyncMmapFile.attach}, for writing.
   * @throws MmapUnsupportedError if the token is of a read-only mapping
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
  writer(offset?: number, length?: number): AsyncMmapFileWriter<Memory> {
    return new AsyncMmapFileWriter(this, offset, length);
  }

  /**
   * Fulfilled when a range, by default all, is on the disk (`msync(2)` with `MS_SYNC`). Does nothing
   * for memory and copy-on-write mappings, which have nothing to write to: {@link writeToNewFile} saves those.
   *
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   * @throws MmapError of the system. The mapping is poisoned then: the system tells of a lost write
   * once only, so a later flush must not seem to succeed. Views still show what was to be written.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  async flush(offset?: number, length?: number, options?: OperationOptions): Promise<void> {
    const signal = abortable(options);
    await this._use(() => operations.flush(this._mapping, true, offset, length), signal);
  }

  /**
   * Starts writing a range to the disk and does not wait for it; otherwise as {@link flush}.
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   */
  async startFlush(offset?: number, length?: number): Promise<void> {
    await this._use(() => operations.flush(this._mapping, false, offset, length));
  }

  /**
   * Makes the file `size` bytes long, shorter or longer, and maps all of it from the mapping's
   * offset on. Durable when it is fulfilled. Existing views stay valid: those of a part that is gone
   * show zeroes, those of a part that stays go on showing the file. It waits for what is under way
   * on this file, and what is asked for later waits for it.
   *
   * @throws TypeError, MmapRangeError (before the mapping's offset), MmapClosedError, MmapFaultError
   * @throws MmapUnsupportedError for copy-on-write mappings; {@link AsyncMmapFileMut.openCow} says how to grow those
   * @throws MmapError of the system. If the file was changed before it failed, the mapping is
   * poisoned (`isPoisoned`); otherwise it is as it was.
   */
  async truncate(size: number, options?: OperationOptions): Promise<void> {
    const signal = abortable(options);
    await this._change(() => this._mapping.resize(size), signal);
  }

  /**
   * Makes the mapping read-only, its views included, and gives it as a file that cannot be written.
   * This handle is closed; the lock stays as it is.
   *
   * @throws MmapUnsupportedError while other threads are attached
   * @throws MmapClosedError, MmapPoisonedError, MmapFaultError, MmapError of the system
   */
  async freeze(): Promise<AsyncMmapFile<Memory>> {
    return await this.#freeze(false);
  }

  /** As {@link freeze}, and executable. */
  async freezeExec(): Promise<AsyncMmapFile<Memory>> {
    return await this.#freeze(true);
  }

  async #freeze(exec: boolean): Promise<AsyncMmapFile<Memory>> {
    return await this._change(() => this.#freezing(exec));
  }

  *#freezing(exec: boolean): Steps<AsyncMmapFile<Memory>> {
    const mapping = this._mapping;
    yield mapping.freeze(exec);
    // Within the turn, so that whatever waits for it finds this handle closed.
    Object.assign(this, { _mapping: Mapping.closed(mapping) });
    this.#removeOnDispose = false;
    return new AsyncMmapFile(mapping);
  }

  /** {@inheritDoc MmapFileMut.remove} */
  async remove(): Promise<void> {
    await this._change(() => this._mapping.remove());
  }

  /** {@link truncate} and {@link close}; if the first fails, the handle stays open. */
  async closeWithTruncate(size: number): Promise<void> {
    await this._change(() => this.#closingWithTruncate(size));
  }

  *#closingWithTruncate(size: number): Steps<void> {
    const mapping = this._mapping;
    yield* mapping.resize(size);
    yield* mapping.close();
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
        // Best effort, as documented: there is nobody to tell.
      }
    }
    await this._change(() => this._mapping.close());
  }
}

failLate(AsyncMmapFileMut);

copyMethods(AsyncMmapFileMut, Writes);
refuseStatic(AsyncMmapFileMut, AsyncMmapFile, 'openExec', 'executable memory is never writable');
