// Unmaps files that were dropped without close.

import { binding, type HandleId } from '../binding/binding.js';
import { collect, onShortage } from '../binding/shortage.js';
import { closes, report, startOf } from '../diagnostics/channels.js';
import { process } from '../host.js';

let hasWarned = false;

/** Bytes of open mappings of anonymous memory, which V8 does not count; above `most`, a collection is due. */
let held = 0;
const LEAST = 2 ** 28;
let most = LEAST;

/** Called before creating `bytes` bytes of memory: collects dropped memory whenever the total has doubled. */
export function makeWay(bytes: number): void {
  if (held + bytes <= most || collect() < 0) return;
  most = Math.max(LEAST, 2 * (held + bytes));
}

/** Ends the handle of a mapping that was dropped, which it does not keep alive. */
class Finalizer {
  /** The number of its anchor. */
  readonly #number: number;
  /** The handle; 0 if there is none. */
  #id: HandleId = 0;
  #path = '';
  /** Whether its end is not a leak. */
  #needsNoClose = false;
  #content = 0;

  constructor(anchor: Anchor) {
    this.#number = binding.watch(anchor);
    finalizers.set(this.#number, this);
    binding.leases.register(anchor, this, anchor);
  }

  start(id: HandleId, path: string, needsNoClose: boolean, content: number): void {
    this.#id = id;
    this.#path = path;
    this.#needsNoClose = needsNoClose;
    this.#content = content;
    held += content;
  }

  end(): void {
    this.#id = 0;
    held -= this.#content;
  }

  /** Called when the mapping was dropped, and with it all views except transferred ones. */
  expire(): void {
    const id = this.#id;
    if (id === 0) return; // expired already, after a shortage
    this.end();
    this.forget();
    binding.disown(id);
    const path = this.#path;
    const isLeak = !this.#needsNoClose;
    report(closes, startOf(closes), { path, error: undefined, isLeak });
    if (!isLeak || hasWarned) return;
    hasWarned = true;
    process.emitWarning(
      `'${path}' was dropped without close() and has been unmapped by the garbage collector; ` +
        'close it, or declare it with `using` (which is also what `removeOnDispose` waits for). Further files are not reported.',
      { type: 'MmapLeakWarning', code: 'FMMAP_LEAK' },
    );
  }

  /** Called when no mapping will use it again. */
  forget(): void {
    finalizers.delete(this.#number);
    binding.unwatch(this.#number);
  }
}

/** The finalizers of open mappings, and those of idle anchors. */
const finalizers = new Map<number, Finalizer>();

// Finalization callbacks run a turn later; a call that runs into a shortage cannot wait for them.
onShortage({
  size: () => finalizers.size - idle.length,
  letGo() {
    const numbers = new Float64Array(finalizers.size);
    const count = binding.takeDropped(numbers);
    for (const number of numbers.subarray(0, count)) finalizers.get(number)?.expire();
    return count;
  },
});

/**
 * A mapping's hold on its handle. The collector watches it in place of the mapping, which alone keeps it alive. Watching
 * an object takes almost as long as opening a small file, so an anchor serves one mapping after the other.
 */
export class Anchor {
  readonly #finalizer: Finalizer = new Finalizer(this);

  /**
   * @param needsNoClose - Whether it may be dropped, like memory and attached handles.
   * @param content - Bytes of anonymous memory, which nothing else holds.
   */
  static of(id: HandleId, path: string, needsNoClose: boolean, content = 0): Anchor {
    const anchor = idle.pop() ?? new Anchor();
    anchor.#finalizer.start(id, path, needsNoClose, content);
    return anchor;
  }

  /** Called after the binding has released everything, by the mapping, which uses the anchor no more. */
  release(): void {
    this.#finalizer.end();
    if (idle.length < MOST_IDLE) {
      idle.push(this);
    } else {
      binding.leases.unregister(this);
      this.#finalizer.forget();
    }
  }
}

const MOST_IDLE = 64;
const idle: Anchor[] = [];
