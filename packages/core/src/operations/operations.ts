// The operations shared by the sync and the async classes: check arguments, then the state, then call the system.
import type { BigIntStats, Stats } from 'node:fs';

import { type Advice, checkAdvice } from '../arguments/advice.js';
import { type LockOptions, readOptions } from '../arguments/options.js';
import type { Place } from '../arguments/path.js';
import { checkTimeout } from '../arguments/range.js';
import { type OperationOptions, operationOptions } from '../arguments/signal.js';
import { type HandleId, LockKind } from '../binding/binding.js';
import { type Action, type Call, invoke, type Steps, sleep, stepsOf } from '../binding/steps.js';
import { flushes, reported } from '../diagnostics/channels.js';
import { typeError } from '../errors.js';
import { now } from '../host.js';
import { pauses, timedOut } from '../mapping/lock-queue.js';
import type { Mapping } from '../mapping/mapping.js';
import type { FileReads } from '../memory/file-reads.js';
import { statNumbers, toBigIntStats, toStats } from './stat.js';

export function flush(
  mapping: Mapping,
  wait: boolean,
  offset?: number,
  length?: number,
): Action<unknown> {
  const bytes = mapping.resolve(offset, length, true);
  const failure = mapping.tryDrain(offset, length);
  const call = {
    ...mapping.call('flush', [mapping.id, offset ?? 0, bytes, wait]),
    finish() {
      if (failure) throw failure.error; // what a writer could not put into the file
    },
  };
  const about = { path: mapping.path, offset: offset ?? 0, length: bytes, wait };
  return reported(flushes, call, () => about);
}

export function advise(
  mapping: Mapping,
  advice: Advice,
  offset?: number,
  length?: number,
): Call<unknown> {
  const index = checkAdvice(advice);
  const bytes = mapping.resolve(offset, length);
  return mapping.call('advise', [mapping.id, index, offset ?? 0, bytes]);
}

export function prefetch(mapping: Mapping, offset?: number, length?: number): Call<unknown> {
  const bytes = mapping.resolve(offset, length);
  return mapping.call('prefetch', [mapping.id, offset ?? 0, bytes]);
}

export function lockMemory(
  mapping: Mapping,
  lock: boolean,
  offset?: number,
  length?: number,
): Call<unknown> {
  const bytes = mapping.resolve(offset, length);
  return mapping.call('lockMemory', [mapping.id, offset ?? 0, bytes, lock]);
}

/** Options of `writeToNewFile`. */
export interface WriteToNewFileOptions {
  /**
   * Whether the copy may replace an existing file at the path. The copy is written beside it under a hidden name,
   * synced, and renamed over it atomically (`rename(2)`): whatever happens, the path leads to the complete old file or
   * the complete new one, and programs that have the old file open or mapped keep using it. The mapped file itself may
   * be replaced.
   *
   * The copy gets the permissions of the file it replaces, and its owner and group as far as the process may set them.
   * A symbolic link is itself replaced, not its target; directories, devices, pipes and sockets are refused. Locks are
   * not checked, because they belong to the old file. It is not an error if nothing exists at the path.
   *
   * If this is a file, it is replaced only if the path leads to that very file; otherwise an `MmapIdentityError`
   * reports what was found. As with `remove`, one race remains: another file may be renamed to the path right after the
   * last check.
   *
   * @defaultValue `false`
   */
  replace?: boolean | FileReads<ArrayBufferLike> | undefined;
}

/** The arguments of `writeToNewFile` after the path; the options may come alone. */
export type CopyArguments = readonly [
  offset?: number | WriteToNewFileOptions | undefined,
  length?: number | undefined,
  options?: WriteToNewFileOptions | undefined,
];

/** Which part to copy, and what the copy may replace: nothing, anything, or one particular file. */
export interface CopyRequest {
  readonly offset: number | undefined;
  readonly length: number | undefined;
  readonly replace: boolean | { readonly id: HandleId };
  readonly signal?: AbortSignal | undefined;
}

const COPY_TAKES = new Set(['replace']);

const readCopyOptions = (options: object | undefined): WriteToNewFileOptions & OperationOptions =>
  readOptions(options, COPY_TAKES, 'writeToNewFile');

/** How {@link copyRequest} reads its options where a `signal` is accepted. */
export const readAbortableCopyOptions: typeof readCopyOptions = (options) =>
  operationOptions(options, COPY_TAKES);

/** @throws TypeError, MmapClosedError if the file to be replaced is closed */
export function copyRequest(args: CopyArguments, read = readCopyOptions): CopyRequest {
  const [first, ...others] = args;
  const isRecord = typeof first === 'object' && first !== null && !Array.isArray(first);
  const isAlone = isRecord && others.every((other) => other === undefined);
  const [offset, length, options] = isAlone ? [undefined, undefined, first] : args;
  const { replace = false, signal } = read(options);
  return { offset: offset as number | undefined, length, replace: toReplaced(replace), signal };
}

/** A file of any class, from any copy of the package, is recognized by its mapping, which has a handle. */
function toReplaced(value: unknown): boolean | { readonly id: HandleId } {
  if (typeof value === 'boolean') return value;
  const mapping = (value as { _mapping?: { id: HandleId } } | null)?._mapping;
  if (typeof mapping?.id === 'number') return mapping;
  throw typeError('replace', 'a boolean, or an open file', value);
}

export function writeToNewFile(
  mapping: Mapping,
  { path, directory }: Place,
  { offset, length, replace }: CopyRequest,
): Call<unknown> {
  const bytes = mapping.resolve(offset, length);
  const old = typeof replace === 'object' ? replace.id : replace ? 0 : -1;
  return mapping.call('writeToNewFile', [mapping.id, path, offset ?? 0, bytes, directory, old]);
}

/** How a lock is requested. */
export interface LockRequest {
  readonly kind: LockKind;
  /** Whether a lock that the handle has from an earlier call will do. */
  readonly again: boolean;
  /** Whether the lock that `open` took, which has no owner, gets one. */
  readonly adopt: boolean;
}

/** @returns Whether the call has the lock now. */
export function lock(mapping: Mapping, { kind, again, adopt }: LockRequest): Call<boolean> {
  return {
    ...mapping.call('lock', [mapping.id, kind, again, adopt]),
    finish(value) {
      const isHeld = value === 1;
      if (isHeld) mapping.lockQueue.took();
      return isHeld;
    },
  };
}

const LOCK_TAKES = new Set(['timeout']);

/** Blocks the thread until it has the lock; the thread or the process can still be ended. */
export function waitForLock(
  mapping: Mapping,
  kind: LockKind,
  options: LockOptions | undefined,
): void {
  const { timeout } = readOptions(options, LOCK_TAKES);
  if (timeout !== undefined) checkTimeout(timeout, 'timeout');
  const until = now() + (timeout ?? Number.POSITIVE_INFINITY);
  const wait = (milliseconds: number) => sleep(Math.max(0, Math.min(milliseconds, until - now())));
  for (const pause of pauses()) {
    const rest = mapping.lockQueue.rest();
    if (rest > 0) wait(rest);
    if (invoke(lock(mapping, { kind, again: true, adopt: true }))) return;
    if (now() >= until) throw timedOut(mapping.path, timeout, 'lock');
    wait(pause);
  }
}

/** Does not wait. @returns Whether the handle has the lock now. */
export function tryLock(mapping: Mapping, kind: LockKind): Call<boolean> {
  return lock(mapping, { kind, again: true, adopt: false });
}

export function unlock(mapping: Mapping): Call<void> {
  return {
    ...mapping.call('lock', [mapping.id, LockKind.none, false, false]),
    finish: () => mapping.lockQueue.gave(),
  };
}

/** Options of `close`. */
export interface CloseOptions {
  /**
   * Whether to write what was stored to the disk before closing the file, as `flush` does. If that fails, the handle
   * stays open and its mapping is poisoned; a `close` without this option then closes it. @defaultValue `false`
   */
  flush?: boolean | undefined;
}

const CLOSE_TAKES = new Set(['flush']);

/** Whether the options of `close` request a flush. @throws TypeError */
export function isFlushed(options: CloseOptions | undefined): boolean {
  if (options === undefined) return false;
  const { flush = false } = readOptions(options, CLOSE_TAKES, 'close');
  if (typeof flush !== 'boolean') throw typeError('flush', 'a boolean', flush);
  return flush;
}

export function close(mapping: Mapping, isFlushed: boolean): Action<void> {
  return isFlushed ? flushAndClose(mapping) : mapping.close();
}

function* flushAndClose(mapping: Mapping): Steps<void> {
  if (!mapping.isClosed) yield* stepsOf(flush(mapping, true));
  yield* stepsOf(mapping.close());
}

/** Whether the options of `stat` request bigints. @throws TypeError */
export function isBigStat(options: { bigint?: boolean | undefined } | undefined): boolean {
  const { bigint = false } = readOptions(options, new Set(['bigint']));
  if (typeof bigint !== 'boolean') throw typeError('bigint', 'a boolean', bigint);
  return bigint;
}

export function stat(mapping: Mapping, isBig: boolean): Call<Stats | BigIntStats> {
  const numbers = statNumbers();
  return {
    ...mapping.call('stat', [mapping.id, numbers]),
    finish: () => (isBig ? toBigIntStats(numbers) : toStats(numbers)),
  };
}
