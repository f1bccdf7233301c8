import { Buffer } from 'node:buffer';
import { closeSync, openSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

import { binding } from './binding.js';
import { isBytes } from './bytes.js';
import { argumentError, systemError, typeError } from './errors.js';

/** A path as `node:fs` takes it: a string, a `file:` URL, or the bytes of a name in any encoding. */
export type PathLike = string | URL | Uint8Array;

/** A URL of any realm, told as `node:fs` tells it from what `url.parse()` makes. */
export function isUrl(value: unknown): value is URL {
  if (typeof value !== 'object' || value === null) return false;
  const { href, protocol, auth, path } = value as Record<string, unknown>;
  return !!href && !!protocol && auth === undefined && path === undefined;
}

/** A path in the two forms that the binding takes, of the caller's own no more. @throws TypeError for anything else. */
export function toPath(path: unknown, name = 'path'): string | Uint8Array {
  const own = isBytes(path) ? new Uint8Array(path) : path;
  const plain = isUrl(own) ? fileURLToPath(own) : own;
  if (typeof plain !== 'string' && !isBytes(plain)) {
    throw typeError(name, 'a string, a Uint8Array or a file: URL', path);
  }
  if (typeof plain === 'string' ? plain.includes('\0') : plain.includes(0)) {
    throw argumentError(name, 'must not contain null bytes', 'ERR_INVALID_ARG_VALUE');
  }
  return plain;
}

/** A path for people. */
export function showPath(path: string | Uint8Array): string {
  return typeof path === 'string' ? path : Buffer.from(path).toString();
}

/** A path as the binding opens it, now or later. */
export interface Place {
  readonly path: string | Uint8Array;
  /** A descriptor of what a relative one starts from; -1 for the working directory. */
  readonly directory: number;
}

/** For who opens it now. @throws TypeError */
export const placeOf = (path: unknown): Place => ({ path: toPath(path), directory: -1 });

/**
 * For who has it opened by another thread, when the working directory may be another one: holds on to the present
 * one, which waits for no disk. To be given to {@link letGo}.
 * @throws TypeError, MmapError `EMFILE`
 */
export function holdPlace(path: unknown): Place {
  const place = placeOf(path);
  if (isAbsolute(showPath(place.path))) return place;
  try {
    return { ...place, directory: openSync('.', binding.directoryFlags) };
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    throw errno === undefined ? error : systemError(-errno, 'open', showPath(place.path));
  }
}

export function letGo({ directory }: Place): void {
  if (directory >= 0) closeSync(directory);
}
