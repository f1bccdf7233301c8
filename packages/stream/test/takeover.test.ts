import type { ReadableStream } from 'node:stream/web';
import { describe, expect, test } from 'vitest';
import { turn } from '../../core/test/helpers/process.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { AsyncMmapFile } from '../src/index.js';
import { coldFile } from './generated/cold.js';

// What a stream gives is for who asks when it is there: while it was read in, the reader may have gone, and another one come.

const content = pattern(3_000_000);
const CHUNK = 100_000;

type Stream = ReadableStream<Uint8Array>;

/** Asks for bytes, and no longer waits for them. */
const leavers: Readonly<Record<string, (stream: Stream) => Promise<unknown>>> = {
  'a default reader': (stream) => {
    const reader = stream.getReader();
    const read = reader.read();
    reader.releaseLock();
    return read;
  },
  'a BYOB reader of much': (stream) => leave(stream, 500_000),
  'a BYOB reader of little': (stream) => leave(stream, 10),
};

function leave(stream: Stream, size: number): Promise<unknown> {
  const reader = stream.getReader({ mode: 'byob' });
  const read = reader.read(new Uint8Array(size));
  reader.releaseLock();
  return read;
}

/** Takes all that is left. */
const takers: Readonly<Record<string, (stream: Stream) => Promise<Uint8Array[]>>> = {
  'a default reader': async (stream) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(Uint8Array.from(chunk));
    return chunks;
  },
  'a BYOB reader of 1,000 bytes': (stream) => take(stream, 1000),
  'a BYOB reader of 400,000 bytes': (stream) => take(stream, 400_000),
  'a BYOB reader of one byte, and then of many': async (stream) => {
    const reader = stream.getReader({ mode: 'byob' });
    const { value } = await reader.read(new Uint8Array(1));
    reader.releaseLock();
    return [value as Uint8Array, ...(await take(stream, 300_000))];
  },
};

async function take(stream: Stream, size: number): Promise<Uint8Array[]> {
  const reader = stream.getReader({ mode: 'byob' });
  const chunks: Uint8Array[] = [];
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(size));
    if (value && value.length > 0) chunks.push(Uint8Array.from(value));
    if (done) return chunks;
  }
}

describe.each([
  ['in memory', () => tempFile(content)],
  ['cold', () => coldFile(content)],
])('of a file that is %s', (_name, make) => {
  describe.each(Object.entries(leavers))('what %s has asked for', (_name, asks) => {
    test.each(Object.entries(takers))('is given to %s', async (_name, takes) => {
      for (const options of [{}, { copy: true }]) {
        await using file = await AsyncMmapFile.open(make());
        const stream = file.readable({ chunkSize: CHUNK, ...options });
        await turn(); // until when a stream asks its source for nothing
        const left = asks(stream).catch((error: Error) => error);
        const chunks = await takes(stream);
        await left;
        expect(Buffer.concat(chunks).equals(content)).toBe(true);
      }
    });

    test('is nobody’s if the stream is cancelled', async () => {
      await using file = await AsyncMmapFile.open(make());
      const stream = file.readable({ chunkSize: CHUNK });
      await turn();
      const left = asks(stream).catch((error: Error) => error);
      await stream.cancel();
      await left;
      expect((await stream.getReader().read()).done).toBe(true);
    });
  });
});
