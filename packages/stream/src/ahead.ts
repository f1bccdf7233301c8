// Reading ahead of a consumer that goes through a file in order.
import { type FileReads, poolRuntime, prepare } from '@fmmap/core/internal';

/** Bytes to read in while the bytes before them are consumed. */
const STEP = 2 ** 21;

/** Reads a range in, ahead of its consumer. */
export class Ahead {
  readonly #file: FileReads<ArrayBufferLike>;
  readonly #end: number;
  readonly #signal: AbortSignal;
  /** The offset up to which everything has been read in. */
  #ready: number;
  #pending: Promise<void> | undefined;

  constructor(file: FileReads<ArrayBufferLike>, from: number, end: number, signal: AbortSignal) {
    this.#file = file;
    this.#ready = from;
    this.#end = end;
    this.#signal = signal;
  }

  /**
   * Returns the promise to wait for before using the bytes up to `until`, if there is anything to wait for.
   * @throws MmapClosedError, MmapFaultError, MmapError from the system, the signal's reason
   */
  reach(until: number): Promise<void> | undefined {
    return until <= this.#ready ? undefined : this.#reach(until);
  }

  async #reach(until: number): Promise<void> {
    // At first only as much as was requested, because the consumer is waiting for it.
    while (until > this.#ready) await (this.#pending ?? this.#readIn(until));
    this.#pending ??= this.#ready < this.#end ? this.#readIn(this.#ready + STEP) : undefined;
    this.#pending?.catch(() => {}); // the next call that waits for it gets the error
  }

  async #readIn(until: number): Promise<void> {
    const end = Math.min(until, this.#end);
    const from = this.#ready;
    await prepare(poolRuntime, this.#file._mapping, from, end - from, this.#signal);
    this.#ready = end;
    this.#pending = undefined;
  }
}
