import { setImmediate, setTimeout } from 'node:timers/promises';
import { MmapFileMut } from '@fmmap/core';

/** In words of 64 bits, each in a cache line of its own: how many bytes were ever written, and read. */
const WRITTEN = 0;
const READ = 8;
const DATA = 128;

/** Messages from one process to another through a file. Both open it with the same capacity, a multiple of 4. */
export class RingBuffer {
  readonly #file: MmapFileMut<SharedArrayBuffer>;
  readonly #counters: BigInt64Array<SharedArrayBuffer>;
  readonly #capacity: number;

  constructor(path: string, capacity = 65_536) {
    if (capacity % 4 !== 0) throw new RangeError('the capacity is a multiple of 4');
    this.#capacity = capacity;
    this.#file = MmapFileMut.open(path, {
      maxSize: DATA + capacity,
      lock: 'shared', // both write
      lockTimeout: 1000, // while the other makes the file
      shared: true, // for Atomics
    });
    if (this.#file.length !== DATA + capacity) {
      this.#file.close();
      throw new RangeError(`the other process has not opened it with a capacity of ${capacity}`);
    }
    this.#counters = this.#file.array(BigInt64Array, 0, DATA / 8);
  }

  /** @returns Whether there was room for the message. */
  push(message: Uint8Array): boolean {
    const { length } = message;
    if (sizeOf(length) > this.#capacity) throw new RangeError('a message of this size never fits');
    const written = Number(Atomics.load(this.#counters, WRITTEN));
    const used = written - Number(Atomics.load(this.#counters, READ));
    if (used + sizeOf(length) > this.#capacity) return false;
    const at = written % this.#capacity;
    const first = Math.min(length, this.#capacity - at - 4);
    this.#file.write(message.subarray(0, first), this.#file.writeUInt32LE(length, DATA + at));
    if (first < length) this.#file.write(message.subarray(first), DATA);
    // Last: a process that sees this also sees the message.
    Atomics.store(this.#counters, WRITTEN, BigInt(written + sizeOf(length)));
    return true;
  }

  /** @returns A copy of the next message, if there is one: its place is free at once. */
  pop(): Buffer | undefined {
    const read = Number(Atomics.load(this.#counters, READ));
    if (Number(Atomics.load(this.#counters, WRITTEN)) === read) return undefined;
    const at = read % this.#capacity;
    const length = this.#file.readUInt32LE(DATA + at);
    const message = Buffer.allocUnsafe(length);
    const first = Math.min(length, this.#capacity - at - 4);
    this.#file.readExact(message.subarray(0, first), DATA + at + 4);
    if (first < length) this.#file.readExact(message.subarray(first), DATA);
    Atomics.store(this.#counters, READ, BigInt(read + sizeOf(length)));
    return message;
  }

  async send(message: Uint8Array, signal?: AbortSignal): Promise<void> {
    for (let tries = 0; !this.push(message); ++tries) await pause(tries, signal);
  }

  async receive(signal?: AbortSignal): Promise<Buffer> {
    for (let tries = 0; ; ++tries) {
      const message = this.pop();
      if (message) return message;
      await pause(tries, signal);
    }
  }

  close(): void {
    this.#file.close();
  }
}

/** Including its length, 4 bytes that are never split: sizes and the capacity are multiples of 4. */
const sizeOf = (length: number): number => 4 + Math.ceil(length / 4) * 4;

/**
 * Lets the event loop run; a while later also the processor rest. `Atomics.wait` and `waitAsync` wait for threads of this
 * process only: no other process can wake them.
 */
async function pause(tries: number, signal?: AbortSignal): Promise<void> {
  const options = { signal };
  if (tries < 100) await setImmediate(undefined, options);
  else await setTimeout(Math.min(tries - 99, 10), undefined, options);
}
