// Reports faults to the listeners of a mapping, and switches the fault guard off.

import { binding } from '../binding/binding.js';
import { faults } from '../diagnostics/channels.js';
import { MmapError, type MmapFaultError } from '../errors.js';
import { nextTick, process } from '../host.js';

/** Called with the error that the methods of the file throw from now on. */
export type FaultListener = (error: MmapFaultError) => void;

/** A mapping that may have a fault to report to its listeners. */
interface Watched {
  reportFault(): void;
}

const watched = new Set<WeakRef<Watched>>();
const dropped = new FinalizationRegistry<WeakRef<Watched>>((entry) => watched.delete(entry));
let isWatching = false;

/** Calls `mapping.reportFault()` after each fault in the process. @returns A function that stops this. */
function watch(mapping: Watched): () => void {
  if (!isWatching) binding.watchFaults(() => reportFaults());
  isWatching = true;
  const entry = new WeakRef(mapping);
  watched.add(entry);
  dropped.register(mapping, entry, entry);
  return () => {
    watched.delete(entry);
    dropped.unregister(entry);
  };
}

function reportFaults(): void {
  for (const entry of watched) entry.deref()?.reportFault();
}

/** The fault listeners of a mapping; they do not keep it alive. */
export class FaultListeners {
  /** Each listener, with the serial number of the last fault reported to it. */
  readonly #told = new Map<FaultListener, number>();
  #unwatch: (() => void) | undefined;

  /** @returns A function that removes the listener. */
  add(mapping: Watched, listener: FaultListener): () => void {
    this.watch(mapping);
    this.#told.set(listener, -1);
    return () => {
      this.#told.delete(listener);
      if (this.#told.size === 0 && !faults.hasSubscribers) this.clear();
    };
  }

  /** Has the mapping look for faults, until {@link clear}. */
  watch(mapping: Watched): void {
    this.#unwatch ??= watch(mapping);
  }

  tell(serial: number, makeError: () => MmapFaultError): void {
    for (const [listener, told] of this.#told) {
      if (told === serial) continue;
      this.#told.set(listener, serial);
      nextTick(listener, makeError());
    }
  }

  clear(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#told.clear();
  }
}

/**
 * Disables the fault guard, for programs that handle `SIGBUS` and `SIGSEGV` themselves: fmmap installs no
 * handlers in this process, and a fault in a mapped file is left to the program. The environment variable
 * `FMMAP_FAULT_GUARD=0` does the same; the option `guard: false` does it for one mapping.
 *
 * Without the guard, reading a page that another process has truncated away ends the process with SIGBUS,
 * and writing to a view of a read-only mapping with SIGSEGV, as with any other `mmap(2)`.
 *
 * @throws MmapError `ERR_MMAP_GUARD_ACTIVE` if a file has already been mapped.
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
