import { webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { expectBytes } from '../../test/helpers/bytes.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';

const CONTENT = pattern(100_000);

/** Everything that gives views, with where they start in the file. */
const ways: Record<string, (file: AsyncMmapFile) => Promise<readonly [Buffer, number][]>> = {
  asBuffer: async (file) => [[file.asBuffer(), 0]],
  bytes: async (file) => [[file.bytes(5001, 777), 5001]],
  'reader.bytes': async (file) => [[await file.reader(5001).bytes(777), 5001]],
  'reader.peek': async (file) => [[await file.reader(5001).peek(777), 5001]],
  'reader.chunks': async (file) => {
    const chunks: [Buffer, number][] = [];
    let offset = 90_001;
    for await (const chunk of file.reader(offset).chunks(3000)) {
      chunks.push([chunk, offset]);
      offset += chunk.length;
    }
    return chunks;
  },
};

describe.each(Object.entries(ways))('views of %s', (_, views) => {
  test('are Buffers over an ArrayBuffer of exactly their own bytes', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    for (const [view, offset] of await views(file)) {
      expect(Buffer.isBuffer(view) && view.buffer instanceof ArrayBuffer).toBe(true);
      expect([view.byteOffset, view.buffer.byteLength]).toEqual([0, view.length]);
      expectBytes(view, CONTENT.subarray(offset, offset + view.length));
    }
  });

  test('move to another thread’s port, which takes nothing from the file and its other views', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    const others = await views(file);
    const { port1, port2 } = new MessageChannel();
    for (const [view, offset] of await views(file)) {
      const arrived = new Promise<Uint8Array>((resolve) => port2.once('message', resolve));
      const { length } = view;
      port1.postMessage(view, [view.buffer as ArrayBuffer]);
      expect(view.length).toBe(0);
      const moved = await arrived;
      expect(moved.buffer.byteLength).toBe(length);
      expectBytes(moved, CONTENT.subarray(offset, offset + length));
    }
    port1.close();
    for (const [view, offset] of others) {
      expectBytes(view, CONTENT.subarray(offset, offset + view.length));
    }
    expectBytes(file.asBuffer(), CONTENT);
  });

  test('have memory for the work in flight when the file is closed, and read zeroes after', async () => {
    const file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    const all = (await views(file)).map(([view]) => view);
    const jobs = all.flatMap((view) => [
      promisify(zlib.deflate)(view),
      webcrypto.subtle.digest('SHA-256', view as Buffer<ArrayBuffer>),
    ]);
    await file.close();
    expect((await Promise.allSettled(jobs)).map(({ status }) => status)).not.toContain('rejected');
    for (const view of all) expectBytes(view, Buffer.alloc(view.length));
  });
});
