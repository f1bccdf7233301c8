import type { BigIntStats, Stats } from 'node:fs';

import { LockKind } from './binding.js';
import { typeError } from './errors.js';
import { now } from './host.js';
import { pauses, timedOut } from './lock-turn.js';
import type { Mapping } from './mapping.js';
import { type LockOptions, readOptions } from './options.js';
import type { Place } from './path.js';
import { checkTimeout } from './range.js';
import { statNumbers, toBigIntStats, toStats } from './stat.js';
import { call, perform, sleep, type Work } from './work.js';

// What the sync and the async classes do alike: arguments first, then the state, then the system.

/** What `native/src/platform.h` calls `Advice`, in its order. */
const ADVICE = [
  'normal',
  'random',
  'sequential',
  'willneed',
  'dontneed',
  'hugepage',
  'nohugepage',
  'cold',
  'pageout',
] as const;

/** What a program is going to do with memory, as `madvise(2)` takes it. */
export type Advice = (typeof ADVICE)[number];

export const LOCK_STATES = ['none', 'shared', 'exclusive'] as const;

/** The advisory lock that a handle holds. */
export type LockState = (typeof LOCK_STATES)[number];

type Range = [offset: number | undefined, length: number | undefined];

export function* flush(mapping: Mapping, wait: boolean, ...[offset, length]: Range): Work<void> {
  const bytes = mapping.resolve(offset, length, true);
  yield* mapping.guarded('flush', mapping.id, offset ?? 0, bytes, wait);
}

export function* advise(mapping: Mapping, advice: Advice, ...[offset, length]: Range): Work<void> {
  const index = ADVICE.indexOf(advice);
  if (index < 0) throw typeError('advice', `one of '${ADVICE.join("', '")}'`, advice);
  const bytes = mapping.resolve(offset, length);
  yield* call('advise', mapping.id, index, offset ?? 0, bytes);
}

export function* prefetch(mapping: Mapping, ...[offset, length]: Range): Work<void> {
  const bytes = mapping.resolve(offset, length);
  yield* mapping.guarded('prefetch', mapping.id, offset ?? 0, bytes);
}

export function* fetch(mapping: Mapping, ...[offset, length]: Range): Work<void> {
  const bytes = mapping.resolve(offset, length);
  yield* mapping.guarded('fetch', mapping.id, offset ?? 0, bytes);
}

export function* lockMemory(
  mapping: Mapping,
  lock: boolean,
  ...[offset, length]: Range
): Work<void> {
  const bytes = mapping.resolve(offset, length);
  yield* mapping.guarded('lockMemory', mapping.id, offset ?? 0, bytes, lock);
}

export function* writeToNewFile(
  mapping: Mapping,
  { path, directory }: Place,
  ...[offset, length]: Range
): Work<void> {
  const bytes = mapping.resolve(offset, length);
  yield* mapping.guarded('writeToNewFile', mapping.id, path, offset ?? 0, bytes, directory);
}

/** How a lock is asked for. */
export interface LockRequest {
  readonly kind: LockKind;
  /** Whether one that the handle has from an earlier call will do. */
  readonly again: boolean;
  /** Whether the one that `open` took, which has no owner, gets one. */
  readonly adopt: boolean;
}

/** @returns Whether the call has it now. */
export function* lock(mapping: Mapping, { kind, again, adopt }: LockRequest): Work<boolean> {
  const isHeld = (yield* call('lock', mapping.id, kind, again, adopt)) === 1;
  if (isHeld) mapping.lockTurn.took();
  return isHeld;
}

/** Keeps the thread waiting for the lock, and still lets it, or the process, be ended. */
export function waitForLock(
  mapping: Mapping,
  kind: LockKind,
  options: LockOptions | undefined,
): void {
  const { timeout } = readOptions(options, new Set(['timeout']));
  if (timeout !== undefined) checkTimeout(timeout, 'timeout');
  const until = now() + (timeout ?? Number.POSITIVE_INFINITY);
  const wait = (milliseconds: number) => sleep(Math.max(0, Math.min(milliseconds, until - now())));
  for (const pause of pauses()) {
    const rest = mapping.lockTurn.rest();
    if (rest > 0) wait(rest);
    if (perform(lock(mapping, { kind, again: true, adopt: true }))) return;
    if (now() >= until) throw timedOut(mapping.path, timeout);
    wait(pause);
  }
}

/** @returns Whether the handle has it now, without waiting. */
export function* tryLock(mapping: Mapping, kind: LockKind): Work<boolean> {
  return yield* lock(mapping, { kind, again: true, adopt: false });
}

export function* unlock(mapping: Mapping): Work<void> {
  yield* call('lock', mapping.id, LockKind.none, false, false);
  mapping.lockTurn.gave();
}

/** Whether `options` of `stat` ask for bigints. @throws TypeError */
export function isBigStat(options: { bigint?: boolean | undefined } | undefined): boolean {
  const { bigint = false } = readOptions(options, new Set(['bigint']));
  if (typeof bigint !== 'boolean') throw typeError('bigint', 'a boolean', bigint);
  return bigint;
}

export function* stat(mapping: Mapping, isBig: boolean): Work<Stats | BigIntStats> {
  const numbers = statNumbers();
  yield* call('stat', mapping.id, numbers);
  return isBig ? toBigIntStats(numbers) : toStats(numbers);
}

export function* remove(mapping: Mapping): Work<void> {
  const { id } = mapping;
  mapping.requirePath();
  yield* call('remove', id);
  yield* mapping.close();
}
