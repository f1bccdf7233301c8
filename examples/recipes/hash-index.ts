import { type MmapFile, MmapFileMut } from '@fmmap/core';

/** A slot has a key, which is 0 in an empty one, and a value. */
const SLOT = 16;
/** Before the tables: how many slots the current one has, and how many of them are in use. */
const HEADER = 16;
const FIRST = 1024;

/**
 * A hash table in a file: 64-bit keys (but 0), 64-bit values, any number of values of a key. It is not
 * read in when it is opened. One process at a time has it open.
 */
export class HashIndex {
  readonly #file: MmapFileMut;
  #capacity: number;
  #count: number;

  constructor(path: string) {
    this.#file = MmapFileMut.open(path, {
      maxSize: HEADER + FIRST * SLOT,
      allocate: true, // so that a full disk is an error of `add`
    });
    this.#capacity = this.#file.readUSizeLE(0) || FIRST; // 0 in a new file
    this.#count = this.#file.readUSizeLE(8);
  }

  get size(): number {
    return this.#count;
  }

  add(key: bigint, value: bigint): void {
    if (key === 0n) throw new RangeError('0 marks an empty slot');
    if (this.#count >= this.#capacity * 0.7) this.#grow();
    this.#put(this.#capacity, key, value);
    this.#file.writeUSizeLE(++this.#count, 8);
  }

  /** The values of a key. */
  *find(key: bigint): Generator<bigint, void, undefined> {
    for (const slot of slots(this.#capacity, key)) {
      const found = this.#file.readBigUInt64LE(slot);
      if (found === 0n) return;
      if (found === key) yield this.#file.readBigUInt64LE(slot + 8);
    }
  }

  flush(): void {
    this.#file.flush();
  }

  close(): void {
    this.#file.close();
  }

  #put(capacity: number, key: bigint, value: bigint): void {
    for (const slot of slots(capacity, key)) {
      if (this.#file.readBigUInt64LE(slot) !== 0n) continue;
      this.#file.writeBigUInt64LE(value, slot + 8);
      this.#file.writeBigUInt64LE(key, slot); // last: a process that is killed here has added all or nothing
      return;
    }
  }

  /** Makes a table of twice the size after the current one, which counts until the other is complete. */
  #grow(): void {
    const file = this.#file;
    const [start, end] = [startOf(this.#capacity), startOf(2 * this.#capacity)];
    file.truncate(end); // what a process that was killed here has left, if it has
    file.truncate(startOf(4 * this.#capacity));
    for (let slot = start; slot < end; slot += SLOT) {
      const key = file.readBigUInt64LE(slot);
      if (key !== 0n) this.#put(2 * this.#capacity, key, file.readBigUInt64LE(slot + 8));
    }
    file.flush();
    this.#capacity *= 2;
    file.writeUSizeLE(this.#capacity, 0);
  }
}

/** Where a table starts: the smaller ones are before it. */
const startOf = (capacity: number): number => HEADER + (capacity - FIRST) * SLOT;

/** Where the slots of a table are, from that on in which a key is looked for first. */
function* slots(capacity: number, key: bigint): Generator<number, never, undefined> {
  const low = Number(key & 0xffff_ffffn);
  const hash = Math.imul(low ^ Math.imul(Number(key >> 32n), 0x85eb_ca6b), 0x9e37_79b1);
  for (let at = (hash ^ (hash >>> 15)) >>> 0; ; ++at) {
    yield startOf(capacity) + (at % capacity) * SLOT;
  }
}

/** Adds where each line of a text starts, by what is before its first tab. */
export function indexLines(text: MmapFile, index: HashIndex): void {
  const ends = new Float64Array(65_536);
  for (let start = 0, count = ends.length; count === ends.length; ) {
    count = text.indexesOf('\n', ends, start);
    const first = start;
    const bytes = text.bytes(first, (ends[count - 1] ?? first) - first); // one view for all of them
    for (const end of ends.subarray(0, count)) {
      index.add(hashOf(bytes.subarray(start - first, end - first)), BigInt(start));
      start = end + 1;
    }
  }
}

/** The line that starts with a key and a tab. Different keys may have the same hash, so it is compared. */
export function lookUp(text: MmapFile, index: HashIndex, key: string): string | undefined {
  const wanted = Buffer.from(`${key}\t`);
  for (const start of index.find(hashOf(wanted))) {
    const at = Number(start);
    if (text.bytes(at, Math.min(wanted.length, text.length - at)).equals(wanted)) {
      return text.bytes(at, text.indexOf('\n', at) - at).toString();
    }
  }
  return undefined;
}

/** 64 bits of a hash (twice FNV-1a) of the bytes up to a tab. */
function hashOf(line: Uint8Array): bigint {
  let [high, low] = [0x811c_9dc5, 0x1234_5678];
  for (const byte of line) {
    if (byte === 0x09) break;
    high = Math.imul(high ^ byte, 0x0100_0193);
    low = Math.imul(low ^ byte, 0x0100_01b3);
  }
  return (BigInt(high >>> 0) << 32n) | BigInt((low | 1) >>> 0); // never 0
}
