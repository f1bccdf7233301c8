// Reading by the async packages: what is in memory is copied at once, and what is not is read in by another thread first.
import { checkSize } from '../arguments/range.js';
import { throwIfAborted } from '../arguments/signal.js';
import { binding } from '../binding/binding.js';
import type { Call } from '../binding/steps.js';
import { setImmediate } from '../host.js';
import type { Mapping } from '../mapping/mapping.js';
import { ownerOf } from '../mapping/window-set.js';
import { copyTo } from '../memory/copy.js';
import * as operations from './operations.js';
import { type Runtime, runAsync } from './run-async.js';

/** Copies a small range if that can be done at once. @returns The bytes copied, or -1. */
export function readNow(mapping: Mapping, to: Uint8Array, offset: number): number {
  mapping.refresh();
  const length = Math.max(Math.min(to.length, mapping.length - offset), 0);
  if (length > SMALL || served >= TURN) return -1;
  // The system knows nothing of pages of ours that are gone.
  if (length > 0 && !ownerOf(to)) {
    const cached = binding.readCached(mapping.id, offset, to.subarray(0, length));
    if (cached === 0) return -1;
    served += length;
    return cached === 1 ? length : copyTo(mapping, to, offset);
  }
  return length === 0 || isServed(mapping, offset, length) ? copyTo(mapping, to, offset) : -1;
}

/** Copies what there is from `offset` on; what is not in memory is read in elsewhere. @returns The bytes copied. */
export async function readSome(
  runtime: Runtime,
  mapping: Mapping,
  to: Uint8Array,
  offset: number,
  signal?: AbortSignal | undefined,
): Promise<number> {
  const count = readNow(mapping, to, offset);
  if (count >= 0) return count;
  const isSmall = to.length <= SMALL && served < TURN && !mapping.isCow;
  const { fetch } = operations;
  const isThere = isSmall && (await readIn(runtime, fetch, mapping, offset, to.length, signal));
  if (isThere) served += to.length;
  else await prepare(runtime, mapping, offset, to.length, signal);
  return copyTo(mapping, to, offset);
}

/** Has a range read in elsewhere, as far as the mapping still has it when the changes before are done. */
async function readIn<T>(
  runtime: Runtime,
  operation: (mapping: Mapping, offset: number, length: number) => Call<T>,
  mapping: Mapping,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  const found = await mapping.queue.use(async () => {
    const rest = Math.min(length, mapping.length - offset);
    return rest > 0 ? await runAsync(runtime, operation(mapping, offset, rest), signal) : undefined;
  });
  throwIfAborted(signal);
  return found;
}

function isServed(mapping: Mapping, offset: number, length: number): boolean {
  if (binding.isResident(mapping.id, offset, length) !== 1) return false;
  served += length;
  return true;
}

/** More than this is not asked for in one call. */
const SMALL = 2 ** 16;

/** A loop that awaits what is there already would let nobody else have a turn. */
const TURN = 2 ** 20;
/** Bytes since the last turn of the event loop that we know of. */
let served = 0;

/** What is read in at once: other users of the disk get their turn in between. */
const PIECE = 2 ** 20;

/** Sees to it that using a range waits for no disk: what is not in memory is read in elsewhere. */
export async function prepare(
  runtime: Runtime,
  mapping: Mapping,
  offset: number,
  length: number,
  signal?: AbortSignal | undefined,
): Promise<void> {
  checkSize(offset, 'offset');
  mapping.refresh();
  const within = (): number => Math.max(Math.min(length, mapping.length - offset), 0);
  for (let done = 0; done < within(); done += PIECE) {
    if (served >= TURN) {
      served = 0;
      await new Promise((resolve) => setImmediate(resolve));
      throwIfAborted(signal);
    }
    const size = Math.min(PIECE, within() - done);
    if (isServed(mapping, offset + done, size)) continue;
    await readIn(runtime, operations.prefetch, mapping, offset + done, size, signal);
  }
}
