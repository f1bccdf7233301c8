// Small reads that another thread serves, many of them at once: most of what a single one takes is the way there and back.
import type { Mapping } from '../mapping/mapping.js';
import { type Runtime, runAsync } from './run-async.js';

/** A read that has been called for. */
interface Read {
  readonly to: Uint8Array;
  readonly offset: number;
  readonly length: number;
  readonly signal: AbortSignal | undefined;
  readonly end: (isServed: boolean) => void;
}

/** How many threads to occupy: as many as libuv's pool has. */
const THREADS = 4;

/** The least and the most bytes to hand to a thread at once. The event loop copies as many in one go. */
const LEAST = 2 ** 16;
const MOST = 2 ** 20;

/** The batches that more reads may join. */
const open = new WeakMap<Mapping, ReadBatch>();

/** The reads that one run of code calls for, with no change of the file in between. */
class ReadBatch {
  readonly #runtime: Runtime;
  readonly #mapping: Mapping;
  /** The changes of the file before it. */
  readonly changes: number;
  #reads: Read[] = [];
  #bytes = 0;

  constructor(runtime: Runtime, mapping: Mapping) {
    this.#runtime = runtime;
    this.#mapping = mapping;
    this.changes = mapping.queue.changes;
    void mapping.queue.use(async () => {
      await undefined; // until the code that is running has called for all of them
      open.delete(mapping);
      const share = Math.min(Math.max(this.#bytes / THREADS, LEAST), MOST);
      await Promise.all(Array.from({ length: THREADS }, () => this.#work(share)));
    });
  }

  add(read: Read): void {
    this.#reads.push(read);
    this.#bytes += read.length;
  }

  async #work(share: number): Promise<void> {
    while (this.#reads.length > 0) await this.#serve(this.#take(share));
  }

  #take(share: number): Read[] {
    let bytes = 0;
    const most = this.#reads.findIndex((read) => {
      bytes += read.length;
      return bytes >= share;
    });
    return this.#reads.splice(0, most < 0 ? this.#reads.length : most + 1);
  }

  async #serve(reads: readonly Read[]): Promise<void> {
    const memory = await this.#read(reads);
    let at = 0;
    for (const { to, length, signal, end } of reads) {
      const isCopied = memory !== undefined && to.length >= length && !signal?.aborted;
      if (isCopied) to.set(memory.subarray(at, at + length));
      at += length;
      end(isCopied);
    }
  }

  /**
   * Into memory of its own: the targets may be taken away meanwhile.
   * @returns Undefined if that failed: each of the reads finds out why, and says so.
   */
  async #read(reads: readonly Read[]): Promise<Uint8Array | undefined> {
    const mapping = this.#mapping;
    try {
      const ranges = new Float64Array(reads.flatMap(({ offset, length }) => [offset, length]));
      const bytes = reads.reduce((total, { length }) => total + length, 0);
      const memory = new Uint8Array(new SharedArrayBuffer(bytes));
      const call = mapping.call('readMany', [mapping.id, ranges, memory]);
      const isRead = (await runAsync(this.#runtime, call)) === 1;
      mapping.refresh();
      return isRead ? memory : undefined;
    } catch {
      return undefined;
    }
  }
}

/**
 * Has another thread read `length` bytes, together with what else is called for at the same time, and copies them.
 * @param signal - If it is aborted by then, nothing is copied.
 * @returns Whether that was possible: if not, the caller has to look at the file.
 */
export function readTogether(
  runtime: Runtime,
  mapping: Mapping,
  to: Uint8Array,
  offset: number,
  length: number,
  signal?: AbortSignal | undefined,
): Promise<boolean> {
  let batch = open.get(mapping);
  if (batch?.changes !== mapping.queue.changes) {
    batch = new ReadBatch(runtime, mapping);
    open.set(mapping, batch);
  }
  return new Promise((end) => batch.add({ to, offset, length, signal, end }));
}
