import process from 'node:process';

import { binding, type HandleId } from './binding.js';
import { collect, onShortage } from './shortage.js';

let hasWarned = false;

/** Memory on its way to a lease. If its thread is ended there, it stays: the binding may have it. */
const arriving = new Set<readonly SharedArrayBuffer[]>();

/** Does what hands memory to the binding, and to a lease. */
export function handOver<T>(memories: readonly SharedArrayBuffer[], act: () => T): T {
  arriving.add(memories);
  try {
    return act();
  } finally {
    arriving.delete(memories); // which a thread that is being ended does not reach
  }
}

/** Of mappings that have not ended. */
const leases = new Map<HandleId, Lease>();

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

/**
 * The memory that the binding may look at: V8 must not free it before the binding has let go of it. It outlives a
 * dropped mapping until the binding has unmapped it.
 */
export class Lease {
  readonly id: HandleId;
  /** Of a file that should have been closed; memory and attached handles need no closing. */
  readonly #path: string | undefined;
  /** One, but for files larger than a buffer. */
  readonly #memories: SharedArrayBuffer[] = [];
  /** What was dropped while work was in flight, which may be looking at it. */
  #leaving: SharedArrayBuffer[] | undefined;
  #inFlight = 0;
  /** Bytes that are held by nothing else. */
  #content = 0;

  constructor(id: HandleId, path: string | undefined) {
    this.id = id;
    this.#path = path;
  }

  /** Unmaps when `owner` is collected. From here on the memory is held as long as the thread lives, or until it is dropped. */
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

  keep(memory: SharedArrayBuffer): void {
    if (!this.#memories.includes(memory)) this.#memories.push(memory);
  }

  keeps(memory: SharedArrayBuffer): boolean {
    return this.#memories.includes(memory);
  }

  /** @returns Whether it was kept until now. */
  drop(memory: SharedArrayBuffer): boolean {
    const at = this.#memories.indexOf(memory);
    if (at < 0) return false;
    this.#memories.splice(at, 1);
    if (this.#inFlight > 0) this.#leave(memory);
    return true;
  }

  /** The binding has let go of everything. */
  end(owner: object): void {
    this.#unregister();
    binding.leases.unregister(owner);
    binding.forget(this.id);
    if (this.#inFlight > 0) this.#leave(...this.#memories);
    this.#memories.length = 0;
  }

  #leave(...memories: SharedArrayBuffer[]): void {
    this.#leaving ??= [];
    this.#leaving.push(...memories);
  }

  /** Work starts that may look at the memory without the thread of JavaScript. */
  enter(): void {
    ++this.#inFlight;
  }

  leave(): void {
    if (--this.#inFlight === 0) this.#leaving = undefined;
  }

  /** The mapping was dropped, and nothing is in flight. */
  expire(): void {
    if (!this.#unregister()) return;
    binding.release(this.id);
    binding.forget(this.id);
    this.#memories.length = 0;
    if (this.#path === undefined || hasWarned) return;
    hasWarned = true;
    process.emitWarning(
      `'${this.#path}' was dropped without close() and has been unmapped by the garbage collector; ` +
        'close it, or declare it with `using` (which is also what `removeOnDispose` waits for). Further files are not reported.',
      { type: 'MmapLeakWarning', code: 'FMMAP_LEAK' },
    );
  }
}
