import { setImmediate, setTimeout } from 'node:timers/promises';
import { MmapFileMut } from '@fmmap/core';

/** In words of 64 bits, each in a cache line of its own: how many bytes were ever written, and read. */
const WRITTEN = 0;
const READ = 8;
const DATA = 128;

/** Messages from one process to another through a file; each of them opens it with the same capacity. */
export class RingBuffer {
  readonly #file: MmapFileMut<SharedArrayBuffer>;
  readonly #counters: BigInt64Array<SharedArrayBuffer>;
  readonly #capacity: number;

  constructor(path: string, capacity = 65_536) {
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
    if (4 + message.length > this.#capacity)
      throw new RangeError('a message of this size never fits');
    const written = Number(Atomics.load(this.#counters, WRITTEN));
    const used = written - Number(Atomics.load(this.#counters, READ));
    if (used + 4 + message.length > this.#capacity) return false;
    const length = Buffer.alloc(4);
    length.writeUInt32LE(message.length);
    this.#write(length, written);
    this.#write(message, written + 4);
    // Last: whoever sees it sees the message, too.
    Atomics.store(this.#counters, WRITTEN, BigInt(written + 4 + message.length));
    return true;
  }

  /** @returns A copy of the next message, if there is one: its place is free at once. */
  pop(): Buffer | undefined {
    const read = Number(Atomics.load(this.#counters, READ));
    if (Number(Atomics.load(this.#counters, WRITTEN)) === read) return undefined;
    const message = this.#read(read + 4, this.#read(read, 4).readUInt32LE());
    Atomics.store(this.#counters, READ, BigInt(read + 4 + message.length));
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

  #write(bytes: Uint8Array, at: number): void {
    const start = at % this.#capacity;
    const first = Math.min(bytes.length, this.#capacity - start);
    this.#file.write(bytes.subarray(0, first), DATA + start);
    this.#file.write(bytes.subarray(first), DATA);
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    const start = at % this.#capacity;
    const first = Math.min(length, this.#capacity - start);
    this.#file.readExact(bytes.subarray(0, first), DATA + start);
    this.#file.readExact(bytes.subarray(first), DATA);
    return bytes;
  }
}

/**
 * Lets the event loop run; a while later also the processor rest. `Atomics.wait` and `waitAsync` wait for threads of this
 * process only: no other process can wake them.
 */
async function pause(tries: number, signal?: AbortSignal): Promise<void> {
  const options = { signal };
  if (tries < 100) await setImmediate(undefined, options);
  else await setTimeout(Math.min(tries - 99, 10), undefined, options);
}
