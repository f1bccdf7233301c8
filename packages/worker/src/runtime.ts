// The seam of @fmmap/worker: runs the binding's operations in the threads of the default pool.
import {
  binding,
  FileWrites,
  MmapClosedError,
  MmapError,
  type Operation,
  poolRuntime,
  type Runtime,
  showPath,
} from '@fmmap/core/internal';

import { unpackFailure } from './failure.js';
import { getDefaultPool } from './pool.js';

export { CursorReads as Reader, CursorWriter as Writer } from '@fmmap/core/internal';
export { Reads } from './reads.js';

/** Creates a handle, which would otherwise end with the thread that created it. */
const OPENING: Operation = 'open';

/** These must happen, with or without a pool. */
const ENDING: ReadonlySet<Operation> = new Set(['close', 'release', 'abandon']);

/** Runs the binding's operations in the threads of the default pool. */
export const runtime: Runtime = {
  async call(name, args, signal) {
    try {
      const pool = getDefaultPool();
      const reply = await pool.replyTo(pool.start({ operation: name, args }, { signal }));
      if ('failure' in reply) throw unpackFailure(reply.failure);
      const values = reply.value as readonly number[];
      const [id = 0] = values;
      if (name === OPENING && id > 0 && !binding.take(id)) {
        throw new MmapClosedError(showPath(args[0] as string | Uint8Array));
      }
      return values;
    } catch (error) {
      const isElsewhere = isOfPool(error) && (ENDING.has(name) || isHomeless(error));
      if (isElsewhere) return poolRuntime.call(name, args);
      throw error;
    }
  },
};

function isOfPool(error: unknown): error is MmapError {
  return error instanceof MmapError && error.code.startsWith('ERR_MMAP_POOL');
}

/** Node cannot start threads where `process.cwd()` fails: in a directory that was removed or whose path is too long. */
function isHomeless({ cause }: MmapError): boolean {
  return (cause as { syscall?: unknown } | undefined)?.syscall === 'uv_cwd';
}

/** The base class of writable files' writing methods; adds nothing. */
export abstract class Writes extends FileWrites {}
