// The advice for `madvise(2)`: which kinds there are, and which the system has.
import { binding } from '../binding/binding.js';
import { MmapUnsupportedError, typeError } from '../errors.js';

/** `Advice` of `native/src/platform/memory.h`, in the same order. */
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
  'collapse',
  'populate-read',
  'populate-write',
  'remove',
  'mergeable',
  'unmergeable',
  'dontfork',
  'dofork',
  'dontdump',
  'dodump',
] as const;

/**
 * How a program is going to use memory, as `madvise(2)` takes it. {@link isAdviceSupported} tells which kinds this
 * system has.
 *
 * - `'normal'`, `'random'`, `'sequential'`: how much is read ahead.
 * - `'willneed'`: starts reading the pages in. `'populate-read'` waits until they are mapped, like `prefetch`;
 *   `'populate-write'` also makes each page ready for stores, with a block allocated on disk, and keeps its contents.
 *   It is for writable and for copy-on-write mappings; the latter get their own copy of every page.
 * - `'dontneed'`: unmaps pages; the file keeps them. `'cold'` makes pages the first candidates for reclaim; `'pageout'`
 *   reclaims them now.
 * - `'remove'`: **empties** the pages of the file: makes a hole of them, which reads as zeroes, and frees their blocks,
 *   including those reserved with `allocate`; for a memory mapping it frees the memory. For writable mappings only, and
 *   only for pages that lie wholly within the range: the other bytes of its first and last page stay as they are.
 * - `'hugepage'`, `'nohugepage'`: whether huge pages may be used; `'collapse'` makes them now, where whole ones fit.
 * - `'mergeable'`, `'unmergeable'`: whether the system may keep pages with equal contents only once. This affects only
 *   the private pages of copy-on-write mappings.
 * - `'dontfork'`, `'dofork'`: whether a forked process has the pages. Child processes of Node never access them.
 * - `'dontdump'`, `'dodump'`: whether a core dump includes the pages.
 * - `'free'`: never accepted, because it is for memory that is not in a file; `'remove'` frees memory.
 */
export type Advice = (typeof ADVICE)[number] | 'free';

/** The other advice of `madvise(2)`, and why no mapping accepts it. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['free', "is for anonymous memory only; 'remove' gives back that of a mapping"],
  ['wipeonfork', 'is for anonymous memory only'],
  ['keeponfork', 'is for anonymous memory only'],
  ['dontneed-locked', "is 'dontneed' after unlockMemory()"],
  ['guard-install', 'would make touching a view end the process'],
  ['guard-remove', 'undoes guard-install, which is refused, too'],
  ['hwpoison', 'would poison the memory'],
  ['soft-offline', 'would take the memory out of use'],
]);

/** Returns the binding's number for an advice. @throws TypeError, MmapUnsupportedError */
export function checkAdvice(advice: unknown): number {
  const index = ADVICE.indexOf(advice as never);
  if (index >= 0) return index;
  const why = REFUSED.get(advice as string);
  if (why === undefined) throw typeError('advice', `one of '${ADVICE.join("', '")}'`, advice);
  throw new MmapUnsupportedError(`the advice '${advice}' is not for mapped files: it ${why}`, {
    argument: 'advice',
    syscall: 'madvise',
  });
}

/**
 * Whether this system has an advice (`madvise(2)`) and some mappings accept it; {@link Advice} says which do not.
 * Kernels differ by version and by build options.
 *
 * @throws TypeError if `advice` is not an {@link Advice}
 * @example
 * ```ts
 * const advice = isAdviceSupported('populate-read') ? 'populate-read' : 'willneed';
 * console.log(isAdviceSupported('normal'), isAdviceSupported('free')); // true false
 * ```
 */
export function isAdviceSupported(advice: Advice): boolean {
  return !REFUSED.has(advice) && binding.hasAdvice(checkAdvice(advice));
}
