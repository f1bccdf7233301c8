import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { MmapError } from '../errors.js';
import { gc, now } from '../host.js';

// V8 collects garbage when its own memory runs short, and knows nothing of descriptors, areas and addresses. So when the
// system has none left, files that were dropped without close are looked for, before anybody is told so.

/** What the system says when it has run out of what files take. */
const SHORTAGES: ReadonlySet<string> = new Set(['ENOMEM', 'EMFILE', 'ENFILE']);

/** What has things that others may have dropped. */
interface Holder {
  /** How many they are. */
  readonly size: () => number;
  /** Lets go of those, after a collection. @returns How many they were. */
  readonly letGo: () => number;
}

const holders: Holder[] = [];

/** Has the holder asked when something runs short. */
export function onShortage(holder: Holder): void {
  holders.push(holder);
}

function sum(count: (holder: Holder) => number): number {
  return holders.reduce((total, holder) => total + count(holder), 0);
}

let collectGarbage: (() => void) | undefined;
/** Of the last collection: when it ended, what was left, and how long it took if it was in vain. */
let endedAt = 0;
let left = 0;
let lost = 0;

/**
 * Has V8 collect what was dropped, and lets go of it.
 * @returns Of how much, or -1 if it did not: after one in vain there is none for as long as that took, unless there is more
 * to be dropped, or it is a matter of addresses, whose number nobody knows.
 */
export function collect(isOfAddresses = false): number {
  const startedAt = now();
  const isInVain = startedAt - endedAt < lost && sum(({ size }) => size()) <= left;
  if (isInVain && !isOfAddresses) return -1;
  collectGarbage ??= makeCollector();
  collectGarbage();
  const count = sum(({ letGo }) => letGo());
  // What those had becomes garbage now; the memory of buffers is given back by the collection after that.
  collectGarbage();
  collectGarbage();
  left = sum(({ size }) => size());
  endedAt = now();
  lost = count > 0 ? 0 : endedAt - startedAt;
  return count;
}

/** `gc` is there without a flag, too: in a context that is made while the flag is set. */
function makeCollector(): () => void {
  if (gc) return () => void gc?.();
  try {
    setFlagsFromString('--expose-gc');
    return runInNewContext('gc') as () => void;
  } catch {
    return () => {}; // not on this engine
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}

/**
 * After a failure: whether it is one of too little of something, and it is worth trying again.
 * @param isOfAddresses - Those of views that nobody has any more were V8's garbage alone.
 */
export function relieve(error: unknown, isOfAddresses: boolean): boolean {
  if (!(error instanceof MmapError && SHORTAGES.has(error.code))) return false;
  return collect(isOfAddresses) > 0 || isOfAddresses;
}

/** Does what takes something, once more after a shortage. */
export function relieved<T>(act: () => T, isOfAddresses = false): T {
  try {
    return act();
  } catch (error) {
    if (!relieve(error, isOfAddresses)) throw error;
  }
  return act();
}
