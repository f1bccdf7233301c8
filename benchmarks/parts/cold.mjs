// Reading a file that is not in memory piece by piece: the effect on the event loop.
import * as fs from 'node:fs';

import { MmapFile } from '@fmmap/core';
import * as node from '@fmmap/node';
import * as stream from '@fmmap/stream';
import * as worker from '@fmmap/worker';

import { dropCache, watchLoop } from '../lib/delay.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const CHUNK = 2 ** 20;
const length = part.pick(2 ** 27, 2 ** 29);
const target = Buffer.alloc(CHUNK);

/** `read` returns the sum of the first byte of each chunk. */
const measured = (read) => async () => {
  globalThis.gc(); // a mapped file would not be dropped
  dropCache(part.big);
  target.fill(1); // starting `dd` has taken its pages away
  let check = 0;
  const { time, p99, longest } = await watchLoop(async () => {
    check = await read();
  });
  return { value: time, check, more: { 'loop delay p99, ms': p99, 'longest, ms': longest } };
};

async function sumChunks(read) {
  let sum = 0;
  for (let at = 0; at < length; at += CHUNK) {
    await read(at);
    sum += target[0];
  }
  return sum;
}

async function sumStream(chunks) {
  let sum = 0;
  let at = 0;
  for await (const chunk of chunks) {
    if (at % CHUNK === 0) sum += chunk[0];
    at += chunk.length;
  }
  return sum;
}

function sumNow(bytes) {
  let sum = 0;
  for (let at = 0; at < length; at += CHUNK) {
    bytes.copy(target, 0, at, at + CHUNK);
    sum += target[0];
  }
  return sum;
}

async function readHandle() {
  const file = await fs.promises.open(part.big);
  const sum = await sumChunks((at) => file.read(target, 0, CHUNK, at));
  await file.close();
  return sum;
}

const readFlavour =
  ({ AsyncMmapFile }) =>
  async () => {
    const file = await AsyncMmapFile.open(part.big);
    const sum = await sumChunks((at) => file.readExact(target, at));
    await file.close();
    return sum;
  };

async function readReadable() {
  const file = await stream.AsyncMmapFile.open(part.big, { length });
  const sum = await sumStream(file.readable({ chunkSize: CHUNK }));
  await file.close();
  return sum;
}

const contenders = {
  'fmmap, sync': measured(() => {
    const file = MmapFile.open(part.big);
    const sum = sumNow(file.bytes(0, length));
    file.close();
    return sum;
  }),
  '@fmmap/node': measured(readFlavour(node)),
  '@fmmap/worker': measured(readFlavour(worker)),
  '@fmmap/stream': measured(readFlavour(stream)),
  '@fmmap/stream, readable': measured(readReadable),
  'FileHandle.read': measured(readHandle),
  'fs.createReadStream, 1 MiB': measured(() =>
    sumStream(fs.createReadStream(part.big, { highWaterMark: CHUNK, end: length - 1 })),
  ),
};
for (const peer of await part.peers()) {
  contenders[peer.name] = measured(() => {
    const mapped = peer.map(part.big, Math.min(2 ** 30, peer.longest));
    const sum = sumNow(mapped);
    peer.unmap?.(mapped);
    return sum;
  });
}
const name = `${length / CHUNK} MiB`;
const rounds = part.pick(2, 7);
const reference = 'FileHandle.read';
const flavours = ['@fmmap/node', '@fmmap/worker', '@fmmap/stream', '@fmmap/stream, readable'];
part.finish({
  title: 'A cold file, and the event loop',
  about: `Milliseconds to read a file that is not in memory, in pieces of 1 MiB, and how long the event loop was held up. ${rounds} rounds.`,
  tables: [await race({ name, unit: 'ms in all', reference, rounds, contenders })],
  goals: flavours.map((contender) => ({ table: name, contender, column: 'longest, ms', most: 5 })),
});
