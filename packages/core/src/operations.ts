import { LockKind } from './binding.js';
import { typeError } from './errors.js';
import type { Mapping } from './mapping.js';
import { type PathLike, toPath } from './path.js';
import { call, type Work } from './work.js';

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
  path: PathLike,
  ...[offset, length]: Range
): Work<void> {
  const target = toPath(path);
  const bytes = mapping.resolve(offset, length);
  yield* mapping.guarded('writeToNewFile', mapping.id, target, offset ?? 0, bytes);
}

/** @returns Whether the lock is held now. */
export function* lock(mapping: Mapping, kind: LockKind, wait: boolean): Work<boolean> {
  return (yield* call('lock', mapping.id, kind, wait)) === 1;
}

export function* unlock(mapping: Mapping): Work<void> {
  yield* call('lock', mapping.id, LockKind.none, false);
}

export function* remove(mapping: Mapping): Work<void> {
  yield* call('remove', mapping.id);
  yield* mapping.close();
}
