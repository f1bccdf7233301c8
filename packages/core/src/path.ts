import { Buffer } from 'node:buffer';
import { fileURLToPath } from 'node:url';

import { isBytes } from './bytes.js';
import { typeError } from './errors.js';

/** A path as `node:fs` takes it: a string, a `file:` URL, or the bytes of a name in any encoding. */
export type PathLike = string | URL | Uint8Array;

/** A URL of any realm, told as `node:fs` tells it from what `url.parse()` makes. */
export function isUrl(value: unknown): value is URL {
  if (typeof value !== 'object' || value === null) return false;
  const { href, protocol, auth, path } = value as Record<string, unknown>;
  return !!href && !!protocol && auth === undefined && path === undefined;
}

/** A path in the two forms that the binding takes. @throws TypeError for anything else. */
export function toPath(path: unknown, name = 'path'): string | Uint8Array {
  const plain = isUrl(path) ? fileURLToPath(path) : path;
  if (typeof plain !== 'string' && !isBytes(plain)) {
    throw typeError(name, 'a string, a Uint8Array or a file: URL', path);
  }
  if (typeof plain === 'string' ? plain.includes('\0') : plain.includes(0)) {
    const error = new TypeError(`"${name}" must not contain null bytes`);
    throw Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE', argument: name });
  }
  return plain;
}

/** A path for people. */
export function showPath(path: string | Uint8Array): string {
  return typeof path === 'string' ? path : Buffer.from(path).toString();
}
