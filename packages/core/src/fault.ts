import { isMainThread } from 'node:worker_threads';

import { binding } from './binding.js';
import { MmapError, type MmapFaultError } from './errors.js';

/** Is called with what the methods of the file throw from now on. */
export type FaultListener = (error: MmapFaultError) => void;

/** A mapping that may have to be told of a fault. */
interface Listening {
  reportFault(): void;
}

const listening = new Set<WeakRef<Listening>>();
const dropped = new FinalizationRegistry<WeakRef<Listening>>((entry) => listening.delete(entry));
let isWatching = false;

/**
 * Has `mapping.reportFault()` called after each fault in the process, for as long as it lives.
 * @returns What ends that.
 */
export function watchFaults(mapping: Listening): () => void {
  if (!isWatching) binding.watchFaults(reportFaults);
  isWatching = true;
  const entry = new WeakRef(mapping);
  listening.add(entry);
  dropped.register(mapping, entry, entry);
  return () => {
    listening.delete(entry);
    dropped.unregister(entry);
  };
}

function reportFaults(): void {
  for (const entry of listening) entry.deref()?.reportFault();
}

/**
 * For programs that handle `SIGBUS` and `SIGSEGV` themselves: fmmap installs no handlers in this
 * process, so that a fault in a mapped file is theirs to deal with. The environment variable
 * `FMMAP_FAULT_GUARD=0` does the same, and the option `guard: false` for one mapping.
 *
 * Without the guard, reading a page that somebody has truncated away ends the process with SIGBUS,
 * and writing to a view of a read-only mapping with SIGSEGV, as with any other `mmap(2)`.
 *
 * @throws MmapError `ERR_MMAP_GUARD_ACTIVE` if a file was mapped before.
 * @example
 * ```ts
 * import { disableFaultGuard } from '@fmmap/core';
 *
 * disableFaultGuard(); // before the first file is mapped
 * ```
 */
export function disableFaultGuard(): void {
  if (binding.disableGuard()) return;
  throw new MmapError(
    'the fault guard is active, because a file was mapped before; call disableFaultGuard() first of all',
    { code: 'ERR_MMAP_GUARD_ACTIVE' },
  );
}

if (process.env.FMMAP_FAULT_GUARD === '0') binding.disableGuard();

// A listener for these replaces the handler of the signal, and its removal takes any handler away.
if (isMainThread) {
  for (const event of ['newListener', 'removeListener'] as const) {
    process.on(event, (name: string) => {
      if (name === 'SIGBUS' || name === 'SIGSEGV') binding.rearmGuard();
    });
  }
}
