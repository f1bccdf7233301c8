import { crc32 } from 'node:zlib'; // Node 20.15
import { MmapFileMut } from '@fmmap/core';

/** A record: a checksum of the rest, the length of the event, the event. */
const LENGTH = 4;
const EVENT = 8;

/** The most bytes that a record may have. */
const LONGEST = 2 ** 30;

/** How many bytes are made ready for events at a time. */
const ROOM = 2 ** 20;

/**
 * A log of events with one writer. After a power loss it has every event that was flushed, perhaps some of the others,
 * never part of one, and none after one that is missing.
 */
export class EventLog {
  readonly #file: MmapFileMut;
  #end = 0;

  constructor(path: string) {
    this.#file = MmapFileMut.open(path, { allocate: 'zeroed' });
    try {
      for (let whole = -1; whole !== 0; this.#end += whole) {
        const length = Math.min(this.#file.length - this.#end, LONGEST); // one view for many records
        whole = wholeRecords(this.#file.bytes(this.#end, length));
      }
      // Whatever is left of later events would otherwise follow the next one.
      if (this.#end < this.#file.length) this.#file.truncate(this.#end);
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** The event survives the process at once, and the system once it is flushed. */
  append(event: Uint8Array): void {
    const file = this.#file;
    const start = this.#end;
    const end = start + EVENT + event.length;
    if (end - start > LONGEST)
      throw new RangeError('an event of this size could not be read again');
    if (end > file.length) file.truncate(end + ROOM); // grows by zeroes
    file.write(event, file.writeUInt32LE(event.length, start + LENGTH));
    file.writeUInt32LE(crc32(file.bytes(start + LENGTH, end - start - LENGTH)), start);
    this.#end = end;
  }

  /** Everything that was appended is on the disk when this has returned. */
  flush(): void {
    this.#file.flush();
  }

  /** The events so far, each a view of the file: it reads zeroes after `close`. */
  *[Symbol.iterator](): Generator<Buffer, void, undefined> {
    for (let at = 0, end = this.#end; at < end; ) {
      const event = this.#file.bytes(at + EVENT, this.#file.readUInt32LE(at + LENGTH));
      yield event;
      at += EVENT + event.length;
    }
  }

  close(): void {
    this.#file.closeWithTruncate(this.#end);
  }
}

/** The length of the whole records at the start of some bytes. */
function wholeRecords(bytes: Buffer): number {
  for (let start = 0; ; ) {
    if (start + EVENT > bytes.length) return start;
    const end = start + EVENT + bytes.readUInt32LE(start + LENGTH);
    if (end > bytes.length) return start;
    if (crc32(bytes.subarray(start + LENGTH, end)) !== bytes.readUInt32LE(start)) return start;
    start = end;
  }
}
