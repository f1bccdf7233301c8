import * as fs from 'node:fs';
import type { Duplex } from 'node:stream';
import { MmapFileMut } from '@fmmap/core';
import type { Outcome, Row } from './row.js';

export type Bytes = ArrayBuffer | ArrayBufferView;

export class WrongBytes extends Error {}

/** The offset of the view in its file. Not a multiple of a page, nor of anything else: views may start anywhere. */
const OFFSET = 4099;
const LENGTH = 100_000;
/** Around the content. The file has no zero: any that arrives was made up. */
const MARGIN = 0xee;

/** The bytes 1 to 251, repeated in an order that is not valid UTF-8. */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => ((index * 7) % 251) + 1);
}

export function bytesOf(data: Bytes): Buffer {
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}

/** A real file that is mapped, with a view in the middle, and the right bytes for it. */
export class Trial implements Disposable {
  readonly view: Buffer<ArrayBuffer>;
  /** What the view should show. */
  readonly bytes: Buffer<ArrayBuffer>;
  readonly #file: MmapFileMut;

  private constructor(
    readonly path: string,
    content: Uint8Array,
    cow: boolean,
  ) {
    this.bytes = Buffer.from(content);
    const margin = Buffer.alloc(OFFSET, MARGIN);
    fs.writeFileSync(path, Buffer.concat([margin, content, margin]));
    this.#file = cow ? MmapFileMut.openCow(path) : MmapFileMut.openExisting(path);
    this.view = this.range();
  }

  static async open(path: string, { content, cow = false }: Row): Promise<Trial> {
    return new Trial(path, content ? await content() : pattern(LENGTH), cow);
  }

  /** Another view of the same bytes, or of a part of them. */
  range(start = 0, end = this.bytes.length): Buffer<ArrayBuffer> {
    return this.#file.bytes(OFFSET + start, end - start);
  }

  /** Throws if these are not the bytes of the view. */
  same(got: Bytes, expected: Bytes = this.bytes): 'used' {
    const [found, right] = [bytesOf(got), bytesOf(expected)];
    if (!found.equals(right)) {
      const at = right.findIndex((byte, index) => byte !== found[index]);
      throw new WrongBytes(
        `${found.length} bytes instead of ${right.length}, others from ${at} on`,
      );
    }
    return 'used';
  }

  /** Throws if two values differ, as JSON shows them. */
  equal(got: unknown, expected: unknown): 'used' {
    const [found, right] = [JSON.stringify(got), JSON.stringify(expected)];
    if (found !== right) {
      throw new WrongBytes(`${found.slice(0, 100)} instead of ${right.slice(0, 100)}`);
    }
    return 'used';
  }

  /**
   * Whether the result of an API shares the memory of the file: compares both before and after a change of the file. It
   * may be a part of the view, from `start` on.
   */
  async keeps(
    look: () => Bytes | Promise<Bytes>,
    start = 0,
    length = this.bytes.length - start,
  ): Promise<Outcome> {
    this.same(await look(), this.bytes.subarray(start, start + length));
    return this.late(look, start, length);
  }

  /** The same if it can be read only once, or arrives later. */
  async late(
    look: () => Bytes | Promise<Bytes>,
    start = 0,
    length = this.bytes.length,
  ): Promise<Outcome> {
    const before = Buffer.from(this.bytes.subarray(start, start + length));
    const changed = (this.bytes[start] ?? 0) ^ 0xff || 1;
    this.bytes[start] = changed;
    this.#file.writeUInt8(changed, OFFSET + start);
    const after = bytesOf(await look());
    if (after.equals(before)) return 'copied';
    this.same(after, this.bytes.subarray(start, start + length));
    return 'kept';
  }

  /** After a transfer: the view that was passed is empty, and the transferred one shows the file. */
  async moved(look: () => Bytes | Promise<Bytes>): Promise<Outcome> {
    if (this.view.length > 0) throw new WrongBytes('the view is not detached');
    return await this.keeps(look);
  }

  /** After an API has written into the view: these bytes have reached the file. */
  wrote(expected: Bytes): 'used' {
    bytesOf(expected).copy(this.bytes);
    return this.same(this.range());
  }

  /** Whether a stream receives the memory of the view, or a copy. To be called once everything is written. */
  watch(stream: Duplex): () => Outcome {
    let kept = false;
    const { buffer } = this.view;
    const write = stream.write as (...args: unknown[]) => boolean;
    stream.write = (...args: unknown[]) => {
      const [chunk] = args;
      if (ArrayBuffer.isView(chunk) && chunk.buffer === buffer) kept = true;
      return Reflect.apply(write, stream, args);
    };
    return () => (kept ? 'kept' : 'copied');
  }

  /** Throws if the file has been changed. */
  check(): void {
    const margin = Buffer.alloc(OFFSET, MARGIN);
    this.same(this.#file.copyBytes(), Buffer.concat([margin, this.bytes, margin]));
  }

  [Symbol.dispose](): void {
    this.#file.close();
    fs.rmSync(this.path);
  }
}
