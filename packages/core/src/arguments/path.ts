// Paths and open files as arguments: their types, their validation, and the form in which the binding takes them.
import { Buffer } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { constants } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binding } from '../binding/binding.js';
import { relieved } from '../binding/shortage.js';
import { argumentError, systemError, typeError } from '../errors.js';
import { closeSync, isWindows, openSync } from '../host.js';
import { isBytes } from './bytes.js';
import { checkInteger } from './range.js';

/** A path as `node:fs` takes it: a string, a `file:` URL, or the bytes of a name in any encoding. */
export type PathLike = string | URL | Uint8Array;

/**
 * A file to open: its path, or an already open file, as a descriptor or a `FileHandle` of `node:fs/promises`.
 *
 * An open file is reopened by its descriptor, not by its path, wherever the file is and whether or not it has a path
 * (`/proc/self/fd`). So the descriptor may be closed at once, and the mapping has a lock of its own rather than the
 * descriptor's, which all duplicates of the descriptor share; but permissions are checked again. The descriptor must be
 * open for reading, and for a writable mapping also for writing. The mapping's `path` is `''`, and it cannot be used to
 * remove the file.
 */
export type FileLike = PathLike | number | FileHandle;

/** Recognizes a URL of any realm, and tells it from what `url.parse()` returns, in the same way as `node:fs`. */
export function isUrl(value: unknown): value is URL {
  if (typeof value !== 'object' || value === null) return false;
  const { href, protocol, auth, path } = value as Record<string, unknown>;
  return !!href && !!protocol && auth === undefined && path === undefined;
}

const PATHS = 'a string, a Uint8Array or a file: URL';
const FILES = 'a string, a Uint8Array, a file: URL, a file descriptor or a FileHandle';

/**
 * Converts a path to one of the two forms that the binding takes, in memory that the caller cannot change.
 * @throws TypeError for anything else.
 */
export function toPath(path: unknown, name = 'path', expected = PATHS): string | Uint8Array {
  const own = isBytes(path) ? new Uint8Array(path) : path;
  const plain = isUrl(own) ? fileURLToPath(own) : own;
  if (typeof plain !== 'string' && !isBytes(plain)) {
    throw typeError(name, expected, path);
  }
  if (typeof plain === 'string' ? plain.includes('\0') : plain.includes(0)) {
    throw argumentError(name, 'must not contain null bytes', 'ERR_INVALID_ARG_VALUE');
  }
  return plain;
}

/** A path for messages. */
export function showPath(path: string | Uint8Array): string {
  return typeof path === 'string' ? path : Buffer.from(path).toString();
}

/** A path as the binding opens it, now or later. */
export interface Place {
  readonly path: string | Uint8Array;
  /** A descriptor of the directory that a relative path starts from; -1 for the working directory. */
  readonly directory: number;
  /** The descriptor of an already open file, for which `path` is only a name; or -1. */
  readonly file: number;
}

/** For opening immediately. @throws TypeError */
export const placeOf = (path: unknown, expected?: string): Place => ({
  path: toPath(path, 'path', expected),
  directory: -1,
  file: -1,
});

/** Like {@link placeOf}, but also accepts open files. @throws TypeError, MmapRangeError, MmapError `EBADF` */
export function fileOf(file: unknown): Place {
  const descriptor = descriptorOf(file);
  if (descriptor === undefined) return placeOf(file, FILES);
  return { path: `descriptor ${descriptor}`, directory: -1, file: descriptor };
}

/** A `FileHandle` is recognized by its properties, so one of another realm is accepted too. */
function descriptorOf(file: unknown): number | undefined {
  const isHandle = typeof file === 'object' && file !== null && !isBytes(file) && !isUrl(file);
  const descriptor = isHandle ? (file as Partial<FileHandle>).fd : file;
  if (typeof descriptor !== 'number') return undefined;
  if (isHandle && descriptor === -1) {
    throw systemError(
      constants.errno.EBADF,
      'open',
      undefined,
      undefined,
      'the FileHandle is closed',
    );
  }
  checkInteger(descriptor, 'path', 0, 2 ** 31 - 1);
  return descriptor + 0;
}

/**
 * For opening in another thread, by which time the working directory may have changed: holds a descriptor of the
 * current one, which does not wait for the disk. Release it with {@link letGo}.
 * @throws TypeError, MmapError `EMFILE`
 */
export function holdPlace(path: unknown): Place {
  return hold(placeOf(path));
}

/** Like {@link holdPlace}, but also accepts open files, which may be closed meanwhile. */
export function holdFile(file: unknown): Place {
  const place = fileOf(file);
  return place.file >= 0 ? holdDescriptor(place) : hold(place);
}

/** The binding opens only descriptors that it holds. Other places stay as they are. */
export function holdDescriptor(place: Place): Place {
  if (place.file < 0) return place;
  return { ...place, file: relieved(() => binding.hold(place.file, showPath(place.path))) };
}

function hold(place: Place): Place {
  const path = showPath(place.path);
  if (isAbsolute(path)) return place;
  // It starts from that drive's working directory, for which there is no descriptor.
  if (isWindows && /^[A-Za-z]:/.test(path)) return { ...place, path: resolve(path) };
  return { ...place, directory: relieved(() => openCurrent(path)) };
}

/** @param path - For the error. */
function openCurrent(path: string): number {
  try {
    return openSync('.', binding.directoryFlags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const errno = constants.errno[code as keyof typeof constants.errno];
    throw errno === undefined ? error : systemError(errno, 'open', path);
  }
}

export function letGo({ directory, file }: Place): void {
  if (directory >= 0) closeSync(directory);
  if (file >= 0) binding.letGo(file);
}
