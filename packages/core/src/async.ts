import { type Binding, binding, isOperation, type Operation, result } from './binding.js';
import { copyTo } from './copy.js';
import { isError } from './errors.js';
import { setImmediate } from './host.js';
import { pause } from './lock-turn.js';
import type { Mapping } from './mapping.js';
import * as operations from './operations.js';
import { checkSize } from './range.js';
import { reasonOf, throwIfAborted } from './signal.js';
import { ownerOf } from './windows.js';
import { invoke, type Work } from './work.js';

/** What an async package is made for: it has operations of the binding run by another thread. */
export interface Runtime {
  /** @returns The value of the operation, and then its `result`. */
  call<Name extends Operation>(
    name: Name,
    args: Parameters<Binding[Name]>,
  ): Promise<readonly number[]>;
}

/** Has them run on the thread pool of libuv. */
export const poolRuntime: Runtime = {
  call: (name, args) =>
    (binding.queued[name] as (...args: unknown[]) => Promise<readonly number[]>)(...args),
};

/** Does a piece of work step by step, each of them elsewhere. */
export async function drive<T>(
  runtime: Runtime,
  work: Work<T>,
  signal?: AbortSignal | undefined,
): Promise<T> {
  let next = work.next();
  while (!next.done) {
    const step = next.value;
    let value = 0;
    if (signal?.aborted) {
      next = work.throw(reasonOf(signal));
      signal = undefined; // what is left is the undoing
      continue;
    }
    try {
      if ('milliseconds' in step) {
        await pause(step.milliseconds, signal).catch(() => {}); // which the next turn finds aborted
      } else if (isOperation(step.name)) {
        const [found = 0, ...rest] = await runtime.call(step.name, step.args as never);
        value = found;
        result.set(rest); // which the work reads at once
      } else {
        value = invoke(step.name, step.args);
      }
    } catch (error) {
      // It was made elsewhere: here the stack leads to who asked.
      if (isError(error)) Error.captureStackTrace(error);
      next = work.throw(error);
      signal = undefined;
      continue;
    }
    next = work.next(value);
  }
  return next.value;
}

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
  let count = readNow(mapping, to, offset);
  if (count < 0 && to.length <= SMALL && served < TURN && !mapping.isCow) {
    let isThere = false;
    await mapping.turns.use(async () => {
      // The turns before may have made it shorter.
      const rest = Math.min(to.length, mapping.length - offset);
      if (rest > 0) isThere = await drive(runtime, operations.fetch(mapping, offset, rest), signal);
    });
    throwIfAborted(signal);
    served += isThere ? to.length : 0;
    count = isThere ? copyTo(mapping, to, offset) : readNow(mapping, to, offset);
  }
  if (count >= 0) return count;
  await prepare(runtime, mapping, offset, to.length, signal);
  return copyTo(mapping, to, offset);
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
    await mapping.turns.use(async () => {
      // The turns before may have made it shorter.
      const rest = Math.min(size, mapping.length - offset - done);
      if (rest > 0) await drive(runtime, operations.prefetch(mapping, offset + done, rest), signal);
    });
    throwIfAborted(signal);
  }
}
