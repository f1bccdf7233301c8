// Collects dropped files when the system runs out of descriptors, memory areas or addresses.
import { MmapError } from '../errors.js';
import { builtin, gc, now } from '../host.js';

// V8 collects garbage when its own memory runs short, and does not know about descriptors, memory areas and addresses.
// So when the system runs out of these, dropped files that were not closed are collected before the caller gets an
// error.

/** The error codes of the system when it has run out of what files need. */
const SHORTAGES: ReadonlySet<string> = new Set(['ENOMEM', 'EMFILE', 'ENFILE']);

/** A holder of things that may have been dropped. */
interface Holder {
  /** How many things it holds. */
  readonly size: () => number;
  /** Releases the dropped ones after a collection. @returns How many there were. */
  readonly letGo: () => number;
}

const holders: Holder[] = [];

/** Registers a holder to ask in a shortage. */
export function onShortage(holder: Holder): void {
  holders.push(holder);
}

function sum(count: (holder: Holder) => number): number {
  return holders.reduce((total, holder) => total + count(holder), 0);
}

let collectGarbage: (() => void) | undefined;
/** The last collection: when it ended, what was left, and how long it took if it released nothing. */
let endedAt = 0;
let left = 0;
let lost = 0;

/**
 * Makes V8 collect what was dropped, and releases it.
 * @returns How many things were released, or -1 if no collection ran: one that released nothing is not repeated for as
 * long as it took, unless there is more to release now, or addresses ran out, which are not counted.
 */
export function collect(isOfAddresses = false): number {
  const startedAt = now();
  const isInVain = startedAt - endedAt < lost && sum(({ size }) => size()) <= left;
  if (isInVain && !isOfAddresses) return -1;
  collectGarbage ??= makeCollector();
  collectGarbage();
  const count = sum(({ letGo }) => letGo());
  // What they held becomes garbage only now; the memory of buffers is freed by the collection after that.
  collectGarbage();
  collectGarbage();
  left = sum(({ size }) => size());
  endedAt = now();
  lost = count > 0 ? 0 : endedAt - startedAt;
  return count;
}

/** `gc` is available without a command-line flag, too: in a context that is created while the flag is set. */
function makeCollector(): () => void {
  if (gc) return () => void gc?.();
  const v8: typeof import('node:v8') = builtin('node:v8');
  const vm: typeof import('node:vm') = builtin('node:vm');
  try {
    v8.setFlagsFromString('--expose-gc');
    return vm.runInNewContext('gc') as () => void;
  } catch {
    return () => {}; // not on this engine
  } finally {
    v8.setFlagsFromString('--no-expose-gc');
  }
}

/**
 * Whether a failure was caused by a shortage, and trying again is worthwhile.
 * @param isOfAddresses - Whether addresses ran out: those of dropped views are V8's garbage and not counted here.
 */
export function relieve(error: unknown, isOfAddresses = false): boolean {
  if (!(error instanceof MmapError && SHORTAGES.has(error.code))) return false;
  return collect(isOfAddresses) > 0 || isOfAddresses;
}

/** Runs `act`, and once more after a shortage. */
export function relieved<T>(act: () => T, isOfAddresses = false): T {
  try {
    return act();
  } catch (error) {
    if (!relieve(error, isOfAddresses)) throw error;
  }
  return act();
}
