// Reads of the async packages: bytes in memory are copied at once; others are first read in by another thread.
import { checkWhole, isBytes, lengthOf } from '../arguments/bytes.js';
import { checkSize } from '../arguments/range.js';
import { throwIfAborted, unlessAborted } from '../arguments/signal.js';
import { binding } from '../binding/binding.js';
import { setImmediate } from '../host.js';
import { Mapping } from '../mapping/mapping.js';
import { ownerOf } from '../mapping/window-set.js';
import { copyExact, copyTo, requireExact } from '../memory/copy.js';
import * as operations from './operations.js';
import { readTogether } from './read-batch.js';
import { type Runtime, runAsync } from './run-async.js';

/** A `read` of bytes in memory. Anything unusual is left to the method itself. */
export function readAtOnce(
  file: unknown,
  target: unknown,
  offset: unknown = 0,
  options: unknown,
): Promise<number> | undefined {
  const mapping = (file as { readonly _mapping?: unknown } | undefined)?._mapping;
  if (!(mapping instanceof Mapping) || options !== undefined || !isBytes(target)) return undefined;
  if (typeof offset !== 'number' || !(offset >= 0) || ownerOf(target)) return undefined;
  try {
    mapping.refresh();
    const length = Math.min(lengthOf(target), mapping.length - offset);
    const isCopied =
      mapping.showsFile && length > 0 && readCached(mapping, target, offset, length) === 1;
    return isCopied ? Promise.resolve(length) : undefined;
  } catch {
    return undefined;
  }
}

/** Copies a small range if that is possible without waiting. @returns The number of bytes copied, or -1. */
function readNow(mapping: Mapping, to: Uint8Array, offset: number): number {
  mapping.refresh();
  const length = lengthAt(mapping, to, offset);
  // The system does not know about lost pages of our mappings.
  if (length > 0 && !ownerOf(to)) {
    const cached = readCached(mapping, to, offset, length);
    return cached === 1 ? length : cached === 2 ? copyTo(mapping, to, offset) : -1;
  }
  if (length > SMALL || served >= TURN) return -1;
  return length === 0 || isServed(mapping, offset, length) ? copyTo(mapping, to, offset) : -1;
}

/** As the function of the binding, unless it is much, or others are due their turn. */
function readCached(mapping: Mapping, to: Uint8Array, offset: number, length: number): number {
  if (length > SMALL || served >= TURN) return 0;
  const cached = binding.readCached(mapping.id, offset, to, length);
  if (cached !== 0) served += length;
  return cached;
}

function lengthAt(mapping: Mapping, to: Uint8Array, offset: number): number {
  return Math.max(Math.min(to.length, mapping.length - offset), 0);
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
  const size = to.length;
  const length = lengthAt(mapping, to, offset);
  if (await readElsewhere(runtime, mapping, to, offset, length, signal)) return length;
  checkWhole(to, size, 'target');
  return copyTo(mapping, to, offset);
}

/** {@link readSome} of a cursor. @param reserve - Moves its position, and returns what is told how much was read. */
export async function readNext(
  runtime: Runtime,
  mapping: Mapping,
  to: Uint8Array,
  offset: number,
  reserve: Reserve,
  signal: AbortSignal | undefined,
): Promise<number> {
  mapping.refresh();
  const read = () => readSome(runtime, mapping, to, offset, signal);
  return await readReserved(reserve, lengthAt(mapping, to, offset), read, (count) => count);
}

type Reserve = (length: number) => (used: number) => void;

/**
 * What `read` returns about the next `length` bytes of a cursor.
 * @param usedOf - How many of them it has read, unless it failed. Default: all.
 */
export async function readReserved<T>(
  reserve: Reserve,
  length: number,
  read: () => Promise<T>,
  usedOf: (value: T) => number = () => length,
): Promise<T> {
  const end = reserve(length);
  let used = 0;
  try {
    const value = await read();
    used = usedOf(value);
    return value;
  } finally {
    end(used);
  }
}

/** {@link readSome} for all of `to`. @throws MmapRangeError if there are not enough bytes; nothing is copied then */
export async function readAll(
  runtime: Runtime,
  mapping: Mapping,
  to: Uint8Array,
  offset: number,
  signal?: AbortSignal | undefined,
): Promise<void> {
  requireExact(mapping, to, offset);
  const size = to.length;
  if (readNow(mapping, to, offset) === size) return;
  if (await readElsewhere(runtime, mapping, to, offset, size, signal)) return;
  checkWhole(to, size, 'target');
  copyExact(mapping, to, offset);
}

/** Has another thread read bytes. @returns Whether they were copied; if not, doing so waits for no disk now. */
async function readElsewhere(
  runtime: Runtime,
  mapping: Mapping,
  to: Uint8Array,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (length <= SMALL && mapping.showsFile && !ownerOf(to)) {
    const reading = readTogether(runtime, mapping, to, offset, length, signal);
    const isCopied = await unlessAborted(reading, signal);
    if (isCopied) {
      served = 0;
      return true;
    }
  }
  await prepare(runtime, mapping, offset, to.length, signal);
  return false;
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
    await prefetch(runtime, mapping, offset + done, size, signal);
  }
}

/** Has another thread read in a range, or what is left of it once earlier changes are done. */
async function prefetch(
  runtime: Runtime,
  mapping: Mapping,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await mapping.queue.use(async () => {
    const rest = Math.min(length, mapping.length - offset);
    if (rest > 0) await runAsync(runtime, operations.prefetch(mapping, offset, rest), signal);
  }, signal);
  throwIfAborted(signal);
}
