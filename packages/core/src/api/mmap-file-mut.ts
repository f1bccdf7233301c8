// The synchronous class for writable mappings.
import {
  type AttachOptions,
  type CreateOptions,
  constructors,
  type MapOptions,
  type MemoryOf,
  type OpenMutOptions,
  type OpenOptions,
  type OpenOrCreateOptions,
} from '../arguments/options.js';
import type { FileLike, PathLike } from '../arguments/path.js';
import { Access } from '../binding/binding.js';
import { invoke, runSync } from '../binding/steps.js';
import { MmapUnsupportedError, typeError } from '../errors.js';
import { Mapping } from '../mapping/mapping.js';
import type { SharedMapping } from '../mapping/traits.js';
import { FileWrites } from '../memory/file-writes.js';
import type { WriterOptions } from '../memory/write-buffer.js';
import * as operations from '../operations/operations.js';
import { copyMethods } from './copy-methods.js';
import { refuseStatic } from './file-class.js';
import { MmapFile } from './mmap-file.js';
import { MmapFileWriter } from './mmap-file-writer.js';
import { attachMapping, openAnonymous, openMemory, openNow } from './open.js';

/** The methods that write to memory, which `copyMethods` below adds to the class. */
// biome-ignore lint/correctness/noUnusedVariables: it is the class's, and has its parameters
export interface MmapFileMut<Memory extends ArrayBufferLike = ArrayBuffer> extends FileWrites {}

/**
 * A file mapped for reading and writing.
 *
 * @typeParam Memory - The memory behind views: `ArrayBuffer`, or `SharedArrayBuffer` with the option `shared`.
 * Functions that accept files of either kind should take `MmapFileMut<ArrayBufferLike>`.
 * @example
 * ```ts
 * import { MmapFileMut } from '@fmmap/core';
 *
 * const file = MmapFileMut.open('counter.bin', { maxSize: 8 });
 * file.writeBigUInt64LE(file.readBigUInt64LE(0) + 1n, 0);
 * file.flush();
 * file.remove();
 * file.close();
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see above
export class MmapFileMut<Memory extends ArrayBufferLike = ArrayBuffer> extends MmapFile<Memory> {
  #removeOnDispose = false;

  /** Not available, because executable memory is never writable: use {@link MmapFile.openExec}. */
  declare static readonly openExec: never;

  /**
   * Creates a file of `maxSize` bytes, which must not exist yet, and locks it exclusively unless the option `lock` says
   * otherwise. The file, its size and its name are on disk when this returns (`fsync(2)` of the file and of its
   * directory).
   * @throws MmapError `EEXIST`, or the same errors as {@link MmapFileMut.open}; no file is left then.
   */
  static create<Shared extends boolean = false>(
    path: PathLike,
    options?: CreateOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(openNow(this, MmapFileMut, constructors.create, path, options));
  }

  /**
   * Maps a file for writing, creating it if it does not exist, and locks it exclusively unless the option `lock` says
   * otherwise.
   *
   * No file is truncated or extended until every option has been validated and the lock is held; if opening fails, a
   * file that it created is removed again. Every change is on disk when this returns: a new file as with `create`, a
   * new size by `fsync(2)`.
   *
   * @param path - A path, or a file that is already open: a descriptor or a `FileHandle`, open for reading and writing.
   * @throws TypeError, MmapRangeError for invalid arguments, including `createNew` with a file that is already open
   * @throws MmapLockError `EWOULDBLOCK` if another handle holds a lock, or `ETIMEDOUT` if it still does after
   * `lockTimeout` milliseconds
   * @throws MmapError with the system's code (`open(2)`, `mmap(2)`, `ftruncate(2)`)
   */
  static override open<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOrCreateOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(openNow(this, MmapFileMut, constructors.openOrCreate, path, options));
  }

  /** Maps an existing file for writing; otherwise like {@link MmapFileMut.open}. */
  static openExisting<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenMutOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(openNow(this, MmapFileMut, constructors.openExisting, path, options));
  }

  /**
   * Maps a private copy of a file and takes the shared lock: stores are visible to this mapping only, and the file
   * never changes.
   *
   * `flush` therefore does nothing: save with {@link writeToNewFile}, which can also replace the file. The mapping is
   * as long as the file: to grow it, save it and open the copy with `maxSize`, or continue with
   * `MmapFileMut.memory(name, file.asBuffer())`, which `truncate` can make longer.
   * @throws The same errors as {@link MmapFile.open}
   */
  static openCow<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(openNow(this, MmapFileMut, constructors.openCow, path, options));
  }

  /**
   * Creates a writable mapping of a copy of `data`, not backed by a file. {@link truncate} makes it longer or shorter.
   * @param name - A name, not a path; see {@link MmapFile.memory}.
   * @param data - Bytes, or text to encode as UTF-8. Default: nothing.
   * @throws TypeError, MmapError from the system
   */
  static override memory<Shared extends boolean = false>(
    name: string,
    data: Uint8Array | string = '',
    options?: MapOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(openMemory(this, MmapFileMut, name, Access.write, data, options));
  }

  /**
   * Creates a writable mapping of `length` zero bytes, with no file and no name.
   * @throws TypeError, MmapRangeError, MmapError from the system
   */
  static anonymous<Shared extends boolean = false>(
    length: number,
    options?: MapOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(openAnonymous(this, MmapFileMut, length, options));
  }

  /**
   * Like {@link MmapFile.attach}, but for writing.
   * @throws MmapUnsupportedError if the token is for a read-only mapping
   */
  static override attach<Shared extends boolean = false>(
    token: SharedMapping,
    options?: AttachOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    const mapping = attachMapping(this, MmapFileMut, token, options);
    if (mapping.access === Access.write || mapping.access === Access.copy) {
      return new MmapFileMut(mapping);
    }
    runSync(mapping.close());
    throw new MmapUnsupportedError(
      `'${mapping.path}' is mapped read-only; attach it with MmapFile.attach`,
      { path: mapping.path },
    );
  }

  /**
   * Whether disposing of this handle also removes the file, as {@link remove} does; if that fails, the error is
   * ignored. A handle that is garbage-collected without being disposed of leaves the file in place.
   * @throws TypeError if set to anything but a boolean; MmapUnsupportedError if set to `true` on a file that was opened
   * by descriptor
   */
  get removeOnDispose(): boolean {
    return this.#removeOnDispose;
  }

  set removeOnDispose(value: boolean) {
    if (typeof value !== 'boolean') throw typeError('removeOnDispose', 'a boolean', value);
    if (value) this._mapping.requirePath();
    this.#removeOnDispose = value;
  }

  /**
   * Returns a writer with its own position over a part of the mapping, by default its whole current length. The part
   * never grows; if the mapping shrinks, the part ends where the mapping ends, for all methods of the writer.
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   * @example A log, of which each thousand records become durable together:
   * ```ts
   * import { MmapFileMut } from '@fmmap/core';
   *
   * const log = MmapFileMut.create('events.log', { maxSize: 2 ** 20, allocate: 'zeroed' });
   * const writer = log.writer(0, undefined, { buffered: true });
   * for (let n = 1; n <= 3000; n += 1) {
   *   writer.writeUInt32LE(n);
   *   if (n % 1000 === 0) writer.flush();
   * }
   * log.remove();
   * ```
   */
  writer(offset?: number, length?: number, options?: WriterOptions): MmapFileWriter<Memory> {
    return new MmapFileWriter(this, offset, length, options);
  }

  /**
   * Writes a range, by default the whole mapping, to disk and returns when it is there (`msync(2)` with `MS_SYNC`).
   * Does nothing for memory and copy-on-write mappings, which have no file to write to: save those with
   * {@link writeToNewFile}.
   *
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   * @throws MmapError from the system. The mapping is poisoned then: the system reports a lost write only once, so a
   * later flush must not appear to succeed. Views still show the data that was to be written.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError, MmapFaultError
   */
  flush(offset?: number, length?: number): void {
    runSync(operations.flush(this._mapping, true, offset, length));
  }

  /**
   * Starts writing a range to disk without waiting for it; otherwise like {@link flush}.
   * @param offset - Offset of the first byte: 0 to `length`. Default: `0`.
   * @param length - Number of bytes: 0 to `length - offset`. Default: to the end.
   */
  startFlush(offset?: number, length?: number): void {
    runSync(operations.flush(this._mapping, false, offset, length));
  }

  /**
   * Sets the size of the file to `size` bytes, shorter or longer, and maps all of it from the mapping's offset on. The
   * new size is durable when this returns. Existing views stay valid: those of a part that was cut off read zeroes,
   * those of a part that remains still show the file.
   *
   * @throws TypeError, MmapRangeError (`size` is less than the mapping's offset), MmapClosedError, MmapPoisonedError,
   * MmapFaultError
   * @throws MmapUnsupportedError for copy-on-write mappings; see {@link MmapFileMut.openCow} for how to grow those
   * @throws MmapError from the system. If the file was changed before the failure, the mapping is poisoned
   * ({@link isPoisoned}); otherwise it is unchanged.
   */
  truncate(size: number): void {
    runSync(this._mapping.resize(size));
  }

  /**
   * Makes the mapping read-only, including its views, and returns it as a file that cannot be written. This handle is
   * closed; the lock is kept.
   *
   * @throws MmapUnsupportedError while other threads are attached
   * @throws MmapClosedError, MmapPoisonedError, MmapFaultError, MmapError from the system
   */
  freeze(): MmapFile<Memory> {
    return this.#freeze(false);
  }

  /** Like {@link freeze}, and makes the mapping executable. */
  freezeExec(): MmapFile<Memory> {
    return this.#freeze(true);
  }

  #freeze(exec: boolean): MmapFile<Memory> {
    const mapping = this._mapping;
    invoke(mapping.freeze(exec));
    Object.assign(this, { _mapping: Mapping.closed(mapping) });
    this.#removeOnDispose = false;
    return new MmapFile(mapping);
  }

  /**
   * Removes the file from its directory, durably, provided it is still the file that was opened, and closes this handle
   * (`unlinkat(2)`, then `fsync(2)` of the directory). If this fails, the handle stays open and `remove` may be called
   * again; if only the sync failed, that call syncs the same directory again.
   *
   * A file that is renamed to the same name between the check and the unlink is lost: POSIX has no way to unlink by
   * identity.
   *
   * A relative path refers to the directory that was current when the file was opened, even if the process has changed
   * its working directory since.
   *
   * @throws MmapIdentityError if the name now refers to another file, a symbolic link or nothing: `reason` says which
   * @throws MmapUnsupportedError if the file was opened by descriptor
   * @throws MmapError from the system, such as `EACCES`, or `ENOENT` if the directory is gone; MmapClosedError
   */
  remove(): void {
    invoke(this._mapping.remove());
  }

  /** Calls {@link truncate} and then {@link close}; if truncating fails, the handle stays open. */
  closeWithTruncate(size: number): void {
    this.truncate(size);
    this.close();
  }

  /** Calls {@link remove} if {@link removeOnDispose} is set, and then {@link close}: for `using`. */
  override [Symbol.dispose](): void {
    if (this.#removeOnDispose && !this.isClosed) {
      try {
        this.remove();
      } catch {
        // Best effort, as documented: there is no one to report the error to.
      }
    }
    this.close();
  }
}

copyMethods(MmapFileMut, FileWrites);
refuseStatic(MmapFileMut, MmapFile, 'openExec', 'executable memory is never writable');
