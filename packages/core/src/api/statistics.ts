// Numbers about all files of the process.
import { binding, result } from '../binding/binding.js';
import { pendingOperations } from '../operations/run-async.js';

/** What {@link getStatistics} returns. */
export interface Statistics {
  /** Open mappings of the process: files and memory of all threads and packages. Attached handles belong to one of them. */
  readonly mappings: number;
  /** Bytes that these mappings show. Address space rather than memory: the system keeps of them in memory what it likes. */
  readonly mappedBytes: number;
  /** Faults that mappings of the process have had up to now. */
  readonly faults: number;
  /** Operations of asynchronous files of this thread which wait for a thread of the pool, or run on one. */
  readonly pendingOperations: number;
}

/**
 * Numbers about all files of the process, for `/metrics` endpoints and the like.
 *
 * @example
 * ```ts
 * import { getStatistics, MmapFile } from '@fmmap/core';
 *
 * const file = MmapFile.memory('numbers', Uint8Array.of(1, 2, 3));
 * const { mappings, mappedBytes } = getStatistics();
 * console.log(mappings, mappedBytes); // 1 3
 * file.close();
 * ```
 */
export function getStatistics(): Statistics {
  binding.statistics();
  const [mappings = 0, mappedBytes = 0, faults = 0] = result;
  return { mappings, mappedBytes, faults, pendingOperations: pendingOperations() };
}
