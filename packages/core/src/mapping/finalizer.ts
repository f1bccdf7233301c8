import process from 'node:process';

import { binding, type HandleId } from '../binding/binding.js';
import { collect, onShortage } from '../binding/shortage.js';

let hasWarned = false;

/** Of mappings that have not ended. */
const leases = new Map<HandleId, Finalizer>();

// JavaScript is told of what was collected a turn later. Whoever is short of something cannot wait for that.
onShortage({
  size: () => leases.size,
  letGo() {
    const handles = new Float64Array(leases.size);
    const count = binding.takeDropped(handles);
    for (const id of handles.subarray(0, count)) leases.get(id)?.expire();
    return count;
  },
});

/** The content of memory without a file that has not ended, which V8 does not count, and when to look for garbage in it. */
let held = 0;
const LEAST = 2 ** 28;
let most = LEAST;

/** Before memory of so many bytes is made: looks for such as was dropped whenever there is twice as much as the last time. */
export function makeWay(bytes: number): void {
  if (held + bytes <= most || collect() < 0) return;
  most = Math.max(LEAST, 2 * (held + bytes));
}

/** The hold that a mapping has on its handle. The binding keeps the memory. */
export class Finalizer {
  readonly id: HandleId;
  /** Of a file that should have been closed; memory and attached handles need no closing. */
  readonly #path: string | undefined;
  /** Bytes that are held by nothing else. */
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

  /** @returns Whether it was there until now. */
  #unregister(): boolean {
    if (!leases.delete(this.id)) return false;
    held -= this.#content;
    return true;
  }

  /** The binding has let go of everything. */
  end(owner: object): void {
    this.#unregister();
    binding.leases.unregister(owner);
  }

  /** The mapping was dropped, and with it all views but those that were transferred. */
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
