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
import { type FileLike, fileOf, type PathLike, placeOf } from '../arguments/path.js';
import { Access } from '../binding/binding.js';
import { invoke, runSync } from '../binding/steps.js';
import { MmapUnsupportedError, typeError } from '../errors.js';
import { Mapping, type SharedMapping } from '../mapping/mapping.js';
import { FileWrites } from '../memory/file-writes.js';
import * as operations from '../operations/operations.js';
import { copyMethods } from './copy-methods.js';
import { refuseStatic } from './file-class.js';
import { MmapFile } from './mmap-file.js';
import { MmapFileWriter } from './mmap-file-writer.js';
import { attachMapping, openAnonymous, openFile, openMemory } from './open.js';

/** The methods that write to memory, which `copyMethods` below adds to the class. */
// biome-ignore lint/correctness/noUnusedVariables: it is the class's, and has its parameters
export interface MmapFileMut<Memory extends ArrayBufferLike = ArrayBuffer> extends FileWrites {}

/**
 * A file mapped for reading and writing.
 *
 * @typeParam Memory - What views lie over: an `ArrayBuffer`, or a `SharedArrayBuffer` with the option `shared`. Functions
 * that take files of either kind ask for `MmapFileMut<ArrayBufferLike>`.
 * @example
 * ```ts
 * import { MmapFileMut } from '@fmmap/core';
 *
 * using file = MmapFileMut.open('counter.bin', { maxSize: 8 });
 * file.writeBigUInt64LE(file.readBigUInt64LE(0) + 1n, 0);
 * file.flush();
 * file.remove();
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see above
export class MmapFileMut<Memory extends ArrayBufferLike = ArrayBuffer> extends MmapFile<Memory> {
  #removeOnDispose = false;

  /** There is none, for executable memory is never writable: {@link MmapFile.openExec}. */
  declare static readonly openExec: never;

  /**
   * Creates a file that must not exist, of `maxSize` bytes, and locks it exclusively, if not asked otherwise. The file, its size and
   * its name are on the disk then (`fsync(2)` of the file, and of its directory).
   * @throws MmapError `EEXIST`, or as {@link MmapFileMut.open}; no file is left then.
   */
  static create<Shared extends boolean = false>(
    path: PathLike,
    options?: CreateOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(
      runSync(openFile(this, MmapFileMut, constructors.create, placeOf(path), options)),
    );
  }

  /**
   * Maps a file for writing, created if there is none, and locks it exclusively, if not asked otherwise.
   *
   * Nothing is created, truncated or extended before every option is found valid and the lock is held.
   * What has been, is on the disk when this has opened it: a new file as with `create`, a new size by `fsync(2)`.
   *
   * @param path - A path, or a file that is open already: a descriptor or a `FileHandle`, open for reading and writing.
   * @throws TypeError, MmapRangeError for arguments, also for `createNew` with a file that is open already
   * @throws MmapLockError `EWOULDBLOCK` if another handle holds a lock, or `ETIMEDOUT` if it still does after
   * `lockTimeout` milliseconds
   * @throws MmapError with the system's code (`open(2)`, `mmap(2)`, `ftruncate(2)`)
   */
  static override open<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOrCreateOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(
      runSync(openFile(this, MmapFileMut, constructors.openOrCreate, fileOf(path), options)),
    );
  }

  /** Maps an existing file for writing; otherwise as {@link MmapFileMut.open}. */
  static openExisting<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenMutOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(
      runSync(openFile(this, MmapFileMut, constructors.openExisting, fileOf(path), options)),
    );
  }

  /**
   * Maps a private copy of a file, and locks it shared: stores are seen by this mapping alone, and the file never changes.
   *
   * So `flush` has nothing to do and does nothing: save with {@link writeToNewFile}, which can also replace the file. The
   * length is that of the file: to grow, save and open the copy with `maxSize`, or go on with
   * `MmapFileMut.memory(name, file.asBuffer())`, which `truncate` makes longer.
   * @throws as {@link MmapFile.open}
   */
  static openCow<Shared extends boolean = false>(
    path: FileLike,
    options?: OpenOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(
      runSync(openFile(this, MmapFileMut, constructors.openCow, fileOf(path), options)),
    );
  }

  /**
   * A writable mapping of a copy of `data` with no file behind it, which {@link truncate} makes longer or shorter.
   * @param name - As for {@link MmapFile.memory}: not a path.
   * @param data - Bytes, or text in UTF-8. Default: nothing.
   * @throws TypeError, MmapError of the system
   */
  static override memory<Shared extends boolean = false>(
    name: string,
    data: Uint8Array | string = '',
    options?: MapOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(openMemory(this, MmapFileMut, name, Access.write, data, options));
  }

  /**
   * A writable mapping of `length` zeroes with no file and no name.
   * @throws TypeError, MmapRangeError, MmapError of the system
   */
  static anonymous<Shared extends boolean = false>(
    length: number,
    options?: MapOptions<Shared>,
  ): MmapFileMut<MemoryOf<Shared>> {
    return new MmapFileMut(openAnonymous(this, MmapFileMut, length, options));
  }

  /**
   * As {@link MmapFile.attach}, for writing.
   * @throws MmapUnsupportedError if the token is of a read-only mapping
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
   * Whether disposing of this handle removes the file, as far as {@link remove} can. A handle that is dropped without it,
   * and collected, leaves the file where it is.
   * @throws TypeError; MmapUnsupportedError to set it on a file that was opened by a descriptor
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
   * A writer with a position of its own over a part of the mapping, by default all of it as it is now. The part never
   * grows; where the mapping becomes shorter it ends with the mapping, for all methods of the writer alike.
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapFaultError
   */
  writer(offset?: number, length?: number): MmapFileWriter<Memory> {
    return new MmapFileWriter(this, offset, length);
  }

  /**
   * Returns when a range, by default all, is on the disk (`msync(2)` with `MS_SYNC`). Does nothing
   * for memory and copy-on-write mappings, which have nothing to write to: {@link writeToNewFile} saves those.
   *
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   * @throws MmapError of the system. The mapping is poisoned then: the system tells of a lost write
   * once only, so a later flush must not seem to succeed. Views still show what was to be written.
   * @throws TypeError, MmapRangeError, MmapClosedError, MmapPoisonedError
   */
  flush(offset?: number, length?: number): void {
    invoke(operations.flush(this._mapping, true, offset, length));
  }

  /**
   * Starts writing a range to the disk and does not wait; otherwise as {@link flush}.
   * @param offset - First byte: 0 to `length`. Default: `0`.
   * @param length - Bytes: 0 to `length - offset`. Default: to the end.
   */
  startFlush(offset?: number, length?: number): void {
    invoke(operations.flush(this._mapping, false, offset, length));
  }

  /**
   * Makes the file `size` bytes long, shorter or longer, and maps all of it from the mapping's
   * offset on. Durable when it returns. Existing views stay valid: those of a part that is gone
   * show zeroes, those of a part that stays go on showing the file.
   *
   * @throws TypeError, MmapRangeError (before the mapping's offset), MmapClosedError
   * @throws MmapUnsupportedError for copy-on-write mappings; {@link MmapFileMut.openCow} says how to grow those
   * @throws MmapError of the system. If the file was changed before it failed, the mapping is
   * poisoned ({@link isPoisoned}); otherwise it is as it was.
   */
  truncate(size: number): void {
    runSync(this._mapping.resize(size));
  }

  /**
   * Makes the mapping read-only, its views included, and returns it as a file that cannot be
   * written. This handle is closed; the lock stays as it is.
   *
   * @throws MmapUnsupportedError while other threads are attached
   * @throws MmapClosedError, MmapPoisonedError, MmapError of the system
   */
  freeze(): MmapFile<Memory> {
    return this.#freeze(false);
  }

  /** As {@link freeze}, and executable. */
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
   * Removes the file from its directory, durably, if it still is the one that was opened, and
   * closes this handle (`unlinkat(2)`, then `fsync(2)` of that directory). After a failure the handle is open
   * and `remove` may be called again; if only the sync has failed, it syncs the same directory once more.
   *
   * Somebody who renames another file to that name in the instant between the check and the unlink
   * loses it: POSIX has no way to unlink by identity.
   *
   * A file that was opened by a relative path is that of the directory at that time, wherever the process is by now.
   *
   * @throws MmapIdentityError if another file, a symbolic link or nothing has the name by now: `reason` says which
   * @throws MmapUnsupportedError if it was opened by a descriptor
   * @throws MmapError of the system, such as `EACCES`, or `ENOENT` if the directory is gone; MmapClosedError
   */
  remove(): void {
    invoke(this._mapping.remove());
  }

  /** {@link truncate} and {@link close}; if the first fails, the handle stays open. */
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
        // Best effort, as documented: there is nobody to tell.
      }
    }
    this.close();
  }
}

copyMethods(MmapFileMut, FileWrites);
refuseStatic(MmapFileMut, MmapFile, 'openExec', 'executable memory is never writable');
