import { Buffer } from 'node:buffer';

import { binding } from './binding.js';
import { type PathLike, toPath } from './path.js';
import { relieved } from './shortage.js';

/**
 * Makes the entries of a directory durable (`fsync(2)` of the directory): creations, renames and
 * removals in it survive a power failure from then on.
 *
 * @throws TypeError, MmapError of the system, such as `ENOENT` or `ENOTDIR`
 * @example
 * ```ts
 * fs.renameSync('data.tmp', 'data');
 * syncParentDirectory('data');
 * ```
 */
export function syncDirectory(path: PathLike): void {
  const name = toPath(path);
  relieved(() => binding.syncDirectory(name));
}

/** {@link syncDirectory} for the directory that holds `path`, which itself need not exist. */
export function syncParentDirectory(path: PathLike): void {
  const name = toPath(path);
  // Byte for byte, so that a name in any encoding stays what it is.
  const text = typeof name === 'string' ? name : Buffer.from(name).toString('latin1');
  const trimmed = text.replace(/(?<=[^/])\/+$/, '');
  const slash = trimmed.lastIndexOf('/');
  const parent = slash < 0 ? '.' : slash === 0 ? '/' : trimmed.slice(0, slash);
  const directory = typeof name === 'string' ? parent : Buffer.from(parent, 'latin1');
  relieved(() => binding.syncDirectory(directory));
}
