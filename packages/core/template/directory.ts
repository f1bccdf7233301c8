// Syncing of directories, which makes creations, renames and removals durable.
import {
  abortable,
  holdPlace,
  letGo,
  type OperationOptions,
  type PathLike,
  parentOf,
  runAsync,
  syncing,
} from '../src/internal.js';
import { runtime } from './runtime.js';

/**
 * Makes the entries of a directory durable (`fsync(2)` of the directory), {@where}: creations, renames and removals in
 * it survive a power failure once the promise is fulfilled.
 *
 * A relative path is resolved against the working directory at the time of the call, even if the process changes it
 * afterwards.
 *
 * @throws TypeError, MmapError from the system, such as `ENOENT` or `ENOTDIR`; the signal's reason
 * @example
 * ```ts
 * import * as fs from 'node:fs/promises';
 * import { syncParentDirectory } from '@fmmap/async';
 *
 * await fs.rename('data.tmp', 'data');
 * await syncParentDirectory('data');
 * ```
 */
export async function syncDirectory(path: PathLike, options?: OperationOptions): Promise<void> {
  const signal = abortable(options);
  const place = holdPlace(path);
  try {
    await runAsync(runtime, syncing(place), signal);
  } finally {
    letGo(place);
  }
}

/** Calls {@link syncDirectory} for the directory that contains `path`; `path` itself need not exist. */
export async function syncParentDirectory(
  path: PathLike,
  options?: OperationOptions,
): Promise<void> {
  await syncDirectory(parentOf(path), options);
}
