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
 * Makes the entries of a directory durable (`fsync(2)` of the directory), {@where}: creations, renames and
 * removals in it survive a power failure once the promise is fulfilled.
 *
 * A relative path is that of the directory at the time of the call, wherever the process is by then.
 *
 * @throws TypeError, MmapError of the system, such as `ENOENT` or `ENOTDIR`; the signal's reason
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

/** {@link syncDirectory} for the directory that holds `path`, which itself need not exist. */
export async function syncParentDirectory(
  path: PathLike,
  options?: OperationOptions,
): Promise<void> {
  await syncDirectory(parentOf(path), options);
}
