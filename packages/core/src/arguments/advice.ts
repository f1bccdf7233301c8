import { binding } from '../binding/binding.js';
import { MmapUnsupportedError, typeError } from '../errors.js';

/** What `native/src/platform/memory.h` calls `Advice`, in its order. */
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
 * What a program is going to do with memory, as `madvise(2)` takes it. {@link isAdviceSupported} tells which of them there
 * are here.
 *
 * - `'normal'`, `'random'`, `'sequential'`: how much is read ahead.
 * - `'willneed'`: starts reading in. `'populate-read'` waits until it is mapped, as `prefetch` does; `'populate-write'` also
 *   makes each page ready to be stored to, with a block on the disk, and leaves what it holds: of writable mappings, and of
 *   copy-on-write ones, which get their own copy of all pages.
 * - `'dontneed'`: unmaps pages; the file keeps them. `'cold'` and `'pageout'` have the system take them first, or now.
 * - `'remove'`: **empties** the file: makes a hole of the pages, which read as zeroes then, and gives their blocks back, also
 *   those that `allocate` has reserved; of memory it gives the memory back. Of writable mappings only, and of pages that lie in the range as
 *   a whole: what else is in its first and its last page stays as it is.
 * - `'hugepage'`, `'nohugepage'`: whether there may be huge pages; `'collapse'` makes them now, where whole ones fit.
 * - `'mergeable'`, `'unmergeable'`: whether the system may keep pages of the same content once. It looks at the private pages
 *   of copy-on-write mappings only.
 * - `'dontfork'`, `'dofork'`: whether a process that is forked has the pages. Child processes of Node never look at them.
 * - `'dontdump'`, `'dodump'`: whether a core dump has the pages.
 * - `'free'`: never taken, since it is for memory that is in no file; `'remove'` gives memory back.
 */
export type Advice = (typeof ADVICE)[number] | 'free';

/** What `madvise(2)` has besides, and why no mapping of ours takes it. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['free', "is for memory that is in no file; 'remove' gives that of a mapping back"],
  ['wipeonfork', 'is for memory that is in no file'],
  ['keeponfork', 'is for memory that is in no file'],
  ['dontneed-locked', "is 'dontneed' after unlockMemory()"],
  ['guard-install', 'would have views end the process'],
  ['guard-remove', 'is for what guard-install has made'],
  ['hwpoison', 'would break the memory'],
  ['soft-offline', 'would take the memory away'],
]);

/** The binding's number of an advice. @throws TypeError, MmapUnsupportedError */
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
 * Whether the system that this runs on has an advice (`madvise(2)`), and there are mappings that take it; those that do
 * not are named at {@link Advice}. Kernels differ in their versions, and in what they were built with.
 *
 * @throws TypeError for what is no {@link Advice}
 * @example
 * ```ts
 * const advice = isAdviceSupported('populate-read') ? 'populate-read' : 'willneed';
 * console.log(isAdviceSupported('normal'), isAdviceSupported('free')); // true false
 * ```
 */
export function isAdviceSupported(advice: Advice): boolean {
  return !REFUSED.has(advice) && binding.hasAdvice(checkAdvice(advice));
}
