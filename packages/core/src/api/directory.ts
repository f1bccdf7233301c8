// Syncing of directories, which makes creations, renames and removals durable.
import { Buffer } from 'node:buffer';
import { dirname } from 'node:path';
import { type PathLike, type Place, placeOf, toPath } from '../arguments/path.js';
import { type Call, invoke, makeCall } from '../binding/steps.js';

export function syncing({ path, directory }: Place): Call {
  return makeCall('syncDirectory', path, directory);
}

/** The directory that contains `path`, byte for byte, so that a name in any encoding is preserved. @throws TypeError */
export function parentOf(path: PathLike): string | Uint8Array {
  const name = toPath(path);
  const text = typeof name === 'string' ? name : Buffer.from(name).toString('latin1');
  const parent = dirname(text);
  return typeof name === 'string' ? parent : Buffer.from(parent, 'latin1');
}

/**
 * Makes the entries of a directory durable (`fsync(2)` of the directory): creations, renames and removals in it survive
 * a power failure once this returns.
 *
 * @throws TypeError, MmapError from the system, such as `ENOENT` or `ENOTDIR`
 * @example
 * ```ts
 * fs.renameSync('data.tmp', 'data');
 * syncParentDirectory('data');
 * ```
 */
export function syncDirectory(path: PathLike): void {
  invoke(syncing(placeOf(path)));
}

/** Calls {@link syncDirectory} for the directory that contains `path`; `path` itself need not exist. */
export function syncParentDirectory(path: PathLike): void {
  invoke(syncing(placeOf(parentOf(path))));
}
