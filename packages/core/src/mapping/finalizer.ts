// Unmaps files that were dropped without close.

import { binding, type HandleId } from '../binding/binding.js';
import { collect, onShortage } from '../binding/shortage.js';
import { process } from '../host.js';

let hasWarned = false;

/** The finalizers of mappings that have not ended. */
const leases = new Map<HandleId, Finalizer>();

// Finalization callbacks run a turn later; a call that runs into a shortage cannot wait for them.
onShortage({
  size: () => leases.size,
  letGo() {
    const handles = new Float64Array(leases.size);
    const count = binding.takeDropped(handles);
    for (const id of handles.subarray(0, count)) leases.get(id)?.expire();
    return count;
  },
});

/** Bytes of open mappings of anonymous memory, which V8 does not count; above `most`, a collection is due. */
let held = 0;
const LEAST = 2 ** 28;
let most = LEAST;

/** Called before creating `bytes` bytes of memory: collects dropped memory whenever the total has doubled. */
export function makeWay(bytes: number): void {
  if (held + bytes <= most || collect() < 0) return;
  most = Math.max(LEAST, 2 * (held + bytes));
}

/** A mapping's hold on its handle. The binding keeps the memory. */
export class Finalizer {
  readonly id: HandleId;
  /** Path of a file that should have been closed; memory and attached handles need no close. */
  readonly #path: string | undefined;
  /** Bytes of anonymous memory, which nothing else holds. */
  #content = 0;

  constructor(id: HandleId, path: string | undefined) {
    this.id = id;
    this.#path = path;
  }

  /** Unmaps when `owner` is collected. */
  register(owner: object, content = 0): void {
    leases.set(this.id, this);
    binding.leases.register(owner, this, owner);
    binding.watch(this.id, owner);
    this.#content = content;
    held += content;
  }

  /** @returns Whether it was registered. */
  #unregister(): boolean {
    if (!leases.delete(this.id)) return false;
    held -= this.#content;
    return true;
  }

  /** Called after the binding has released everything. */
  end(owner: object): void {
    this.#unregister();
    binding.leases.unregister(owner);
  }

  /** Called when the mapping was dropped, and with it all views except transferred ones. */
  expire(): void {
    if (!this.#unregister()) return;
    binding.unwatch(this.id);
    binding.disown(this.id);
    if (this.#path === undefined || hasWarned) return;
    hasWarned = true;
    process.emitWarning(
      `'${this.#path}' was dropped without close() and has been unmapped by the garbage collector; ` +
        'close it, or declare it with `using` (which is also what `removeOnDispose` waits for). Further files are not reported.',
      { type: 'MmapLeakWarning', code: 'FMMAP_LEAK' },
    );
  }
}
