// What a buffered writer collects for its file.
import { readOptions } from '../arguments/options.js';
import { typeError } from '../errors.js';
import type { Collector, Mapping, TypedMemory } from '../mapping/mapping.js';
import { GrowableMemory } from '../mapping/window.js';
import { ownerOf } from '../mapping/window-set.js';
import { putCollected } from './file-writes.js';

/** Options of `writer`. */
export interface WriterOptions {
  /**
   * Whether the writer collects what it writes, up to 64 KiB, before it puts it into the file: with one system call, so
   * that many small records that become durable together, or each on its own, take a fraction of the time.
   *
   * What is collected is in no view and in no result of a read until then. It is put into the file when it is full or the
   * writer goes on elsewhere, by the writer's `flush`, `read` and `bytes`, and by the file's `flush`, `startFlush`,
   * `truncate`, `freeze` and `close`. If that fails, the call throws, and the writer keeps it for the next attempt; only
   * `close` closes the file all the same. It is lost if the process ends before, or the file is removed.
   * @defaultValue `false`
   */
  buffered?: boolean | undefined;
}

const TAKES = new Set(['buffered']);

/** @throws TypeError */
export function isBuffered(options: WriterOptions | undefined): boolean {
  const { buffered = false } = readOptions(options, TAKES, 'writer');
  if (typeof buffered !== 'boolean') throw typeError('buffered', 'a boolean', buffered);
  return buffered;
}

/** The most bytes that a writer collects. */
export const SIZE = 2 ** 16;

/** Memory that typed writes take for a mapping's. Callers have checked that there is room. */
class Slots implements TypedMemory {
  // Of the same kind as the memory of windows: with two kinds, V8 would not inline the stores of either.
  readonly #memory = new GrowableMemory(SIZE + 1, { maxByteLength: SIZE + 1 });
  readonly bytes = new Uint8Array(this.#memory, 0, SIZE);
  readonly view = new DataView(this.#memory, 0, SIZE);
  /** A byte that stays 0. */
  readonly flag = new DataView(this.#memory, SIZE, 1);
  readonly scratch = new DataView(new ArrayBuffer(16));

  store(offset: number, size: number): number {
    for (let i = 0; i < size; ++i) this.bytes[offset + i] = this.scratch.getUint8(i);
    return offset + size;
  }
}

/** Bytes for a range of a file that ends at a cursor's position, until {@link drain} puts them into the file. */
export class WriteBuffer implements Collector {
  readonly memory: TypedMemory & { readonly bytes: Uint8Array } = new Slots();
  readonly #cursor: { readonly fileOffset: number };
  readonly #file: Mapping;
  /** Offset in the file of the first byte. */
  start = 0;
  /** Offset in the file up to which there is room; -1 if nothing is collected. */
  #limit = -1;

  constructor(cursor: { readonly fileOffset: number }, file: Mapping) {
    this.#cursor = cursor;
    this.#file = file;
  }

  get end(): number {
    return this.#cursor.fileOffset;
  }

  /** Where the next `length` bytes of the cursor go, which are at `offset` of the file. */
  place(offset: number, length: number): number {
    if (offset + length > this.#limit) this.#restart(offset);
    return offset - this.start;
  }

  #restart(offset: number): void {
    this.drain();
    this.#file.requireUsable();
    this.start = offset;
    this.#limit = offset + SIZE;
    this.#file.collects(this, true);
  }

  drain(): void {
    if (this.#limit < 0) return;
    const length = this.end - this.start;
    if (length > 0) putCollected(this.#file, this.memory.bytes.subarray(0, length), this.start);
    this.#limit = -1;
    this.#file.collects(this, false);
  }

  /** Copies bytes to where {@link place} says. @throws MmapFaultError of a file that they are a view of */
  set(source: Uint8Array, offset: number): void {
    this.memory.bytes.set(source, this.place(offset, source.length));
    ownerOf(source)?.requireIntact();
  }
}
