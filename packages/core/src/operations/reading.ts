// Reads of the async packages: bytes in memory are copied at once; others are first read in by another thread.
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

/** Copies a small range if that is possible without waiting. @returns The number of bytes copied, or -1. */
export function readNow(mapping: Mapping, to: Uint8Array, offset: number): number {
  mapping.refresh();
  const length = Math.max(Math.min(to.length, mapping.length - offset), 0);
  if (length > SMALL || served >= TURN) return -1;
  // The system does not know about lost pages of our mappings.
  if (length > 0 && !ownerOf(to)) {
    const cached = binding.readCached(mapping.id, offset, to.subarray(0, length));
    if (cached === 0) return -1;
    served += length;
    return cached === 1 ? length : copyTo(mapping, to, offset);
  }
  return length === 0 || isServed(mapping, offset, length) ? copyTo(mapping, to, offset) : -1;
}

/**
 * Copies the available bytes from `offset`; another thread reads in those that are not in memory.
 * @returns The number of bytes copied.
 */
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

/** Has another thread read in a range, or what is left of it once earlier changes are done. */
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

/** The most bytes to request in one call. */
const SMALL = 2 ** 16;

/** Bytes after which to yield to the event loop: a loop that awaits bytes already in memory would starve it. */
const TURN = 2 ** 20;
/** Bytes served since the last known turn of the event loop. */
let served = 0;

/** Bytes to read in at once: other users of the disk get their turn in between. */
const PIECE = 2 ** 20;

/** Makes sure that using a range does not wait for the disk: another thread reads in what is not in memory. */
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
