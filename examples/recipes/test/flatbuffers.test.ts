import { MmapFile } from '@fmmap/core';
import { openRoot } from '@fmmap/recipes/flatbuffers';
import { Builder, type ByteBuffer } from 'flatbuffers';
import { expect, test } from 'vitest';
import { change, heldOutside } from './helpers/memory.ts';
import { tempFile } from './helpers/temp.ts';

/** As flatc generates it for `table Track { name: string; heights: [double]; }`. */
class Track {
  readonly #buffer: ByteBuffer;
  readonly #position: number;

  constructor(buffer: ByteBuffer, position: number) {
    this.#buffer = buffer;
    this.#position = position;
  }

  static getRootAsTrack(buffer: ByteBuffer): Track {
    return new Track(buffer, buffer.readInt32(buffer.position()) + buffer.position());
  }

  name(): string | null {
    const offset = this.#buffer.__offset(this.#position, 4);
    return offset ? (this.#buffer.__string(this.#position + offset) as string) : null;
  }

  heightsArray(): Float64Array | null {
    const buffer = this.#buffer;
    const offset = buffer.__offset(this.#position, 6);
    if (!offset) return null;
    const start = buffer.bytes().byteOffset + buffer.__vector(this.#position + offset);
    const length = buffer.__vector_len(this.#position + offset);
    return new Float64Array(buffer.bytes().buffer as ArrayBuffer, start, length);
  }
}

const HEIGHTS = Float64Array.from({ length: 100_000 }, (_, at) => at / 8);

function trackFile(): string {
  const builder = new Builder(1_000_000);
  const name = builder.createString('naïve');
  builder.startVector(8, HEIGHTS.length, 8);
  for (const height of HEIGHTS.toReversed()) builder.addFloat64(height);
  const heights = builder.endVector();
  builder.startObject(2);
  builder.addFieldOffset(0, name, 0);
  builder.addFieldOffset(1, heights, 0);
  builder.finish(builder.endObject());
  return tempFile(builder.asUint8Array(), 'track.bin');
}

test('a root has what flatbuffers wrote, and its vectors are the memory of the file', () => {
  const path = trackFile();
  const opened = heldOutside(() => openRoot(path, Track.getRootAsTrack));
  expect(opened.bytes).toBeLessThan(100_000); // of a file of 800 kB
  const { root, close } = opened.value;
  expect(root.name()).toBe('naïve');
  const heights = root.heightsArray() ?? new Float64Array();
  expect(heights).toEqual(HEIGHTS);
  change(path, heights, 8 * 5, Float64Array.of(-2));
  expect(heights[5]).toBe(-2);
  close();
  expect(heights[5]).toBe(0);
});

test('an error of the caller closes the file', () => {
  const path = trackFile();
  const fail = () => {
    throw new Error('not mine');
  };
  expect(() => openRoot(path, fail)).toThrow('not mine');
  MmapFile.open(path, { lock: 'exclusive' }).close();
});
