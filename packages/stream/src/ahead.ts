import { type FileReads, poolRuntime, prepare } from '@fmmap/core/internal';

/** What is read in while the bytes before it are consumed. */
const STEP = 2 ** 21;

/** Reads a range in, ahead of somebody who goes through it. */
export class Ahead {
  readonly #file: FileReads<ArrayBufferLike>;
  readonly #end: number;
  readonly #signal: AbortSignal;
  /** Up to where everything has been read in. */
  #ready: number;
  #pending: Promise<void> | undefined;

  constructor(file: FileReads<ArrayBufferLike>, from: number, end: number, signal: AbortSignal) {
    this.#file = file;
    this.#ready = from;
    this.#end = end;
    this.#signal = signal;
  }

  /**
   * What has to be waited for before the bytes up to `until` are used, if anything has to.
   * @throws MmapClosedError, MmapFaultError, MmapError of the system, the signal's reason
   */
  reach(until: number): Promise<void> | undefined {
    return until <= this.#ready ? undefined : this.#reach(until);
  }

  async #reach(until: number): Promise<void> {
    // The first time no more than is asked for: somebody waits for it.
    while (until > this.#ready) await (this.#pending ?? this.#readIn(until));
    this.#pending ??= this.#ready < this.#end ? this.#readIn(this.#ready + STEP) : undefined;
    this.#pending?.catch(() => {}); // who reaches it gets the error
  }

  async #readIn(until: number): Promise<void> {
    const end = Math.min(until, this.#end);
    const from = this.#ready;
    await prepare(poolRuntime, this.#file._mapping, from, end - from, this.#signal);
    this.#ready = end;
    this.#pending = undefined;
  }
}
