import {
  binding,
  MemoryWrites,
  MmapClosedError,
  MmapError,
  type Operation,
  poolRuntime,
  type Runtime,
  showPath,
} from '@fmmap/core/internal';

import { unpackFailure } from './failure.js';
import { getDefaultPool } from './pool.js';

export { Reads } from './reads.js';

/** Makes a handle, which would end with the thread that made it. */
const OPENING: Operation = 'open';

/** These must happen, with a pool or without. */
const ENDING: ReadonlySet<Operation> = new Set(['close', 'release', 'abandon']);

/** The binding's operations in the threads of the default pool. */
export const runtime: Runtime = {
  async call(name, args) {
    try {
      const reply = await getDefaultPool().start({ operation: name, args }).reply;
      if ('failure' in reply) throw unpackFailure(reply.failure);
      const values = reply.value as readonly number[];
      if (name === OPENING && !binding.take(values[0] ?? 0)) {
        throw new MmapClosedError(showPath(args[0] as string | Uint8Array));
      }
      return values;
    } catch (error) {
      if (ENDING.has(name) && isOfPool(error)) return poolRuntime.call(name, args);
      throw error;
    }
  },
};

function isOfPool(error: unknown): boolean {
  return error instanceof MmapError && error.code.startsWith('ERR_MMAP_POOL');
}

export abstract class Writes extends MemoryWrites {}
