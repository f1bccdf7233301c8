// Threads add up the words of a file over the same memory.
import { Worker } from 'node:worker_threads';

import * as worker from '@fmmap/worker';

import * as part from '../lib/part.mjs';
import { race, timed } from '../lib/race.mjs';

const length = part.pick(2 ** 28, 2 ** 30);
const CHUNKS = 16;

/** Sent to the workers as source text. */
function sum(file, offset = 0, length = file.length) {
  const { buffer, byteOffset } = file.bytes(offset, length);
  const words = new Int32Array(buffer, byteOffset, length / 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let n = 0; n < words.length; n += 4) {
    a = (a + words[n]) | 0;
    b = (b + words[n + 1]) | 0;
    c = (c + words[n + 2]) | 0;
    d = (d + words[n + 3]) | 0;
  }
  file.checkFault();
  return (a + b + c + d) >>> 0;
}

const total = (sums) => sums.reduce((a, b) => (a + b) >>> 0);

/** The way without maps: threads with their own descriptor and buffer. */
const source = `
const { parentPort } = require('node:worker_threads');
const fs = require('node:fs');
const buffer = Buffer.alloc(2 ** 20);
const words = new Int32Array(buffer.buffer, buffer.byteOffset, buffer.length / 4);
parentPort.on('message', ({ path, from, until }) => {
  const file = fs.openSync(path);
  let a = 0, b = 0, c = 0, d = 0;
  for (let at = from; at < until; at += buffer.length) {
    fs.readSync(file, buffer, 0, buffer.length, at);
    for (let n = 0; n < words.length; n += 4) {
      a = (a + words[n]) | 0;
      b = (b + words[n + 1]) | 0;
      c = (c + words[n + 2]) | 0;
      d = (d + words[n + 3]) | 0;
    }
  }
  fs.closeSync(file);
  parentPort.postMessage((a + b + c + d) >>> 0);
});`;
const threads = [0, 1].map(() => new Worker(source, { eval: true }));

async function sumByThreads() {
  const share = length / threads.length;
  const sums = threads.map(
    (thread, n) =>
      new Promise((resolve) => {
        thread.once('message', resolve);
        thread.postMessage({ path: part.big, from: n * share, until: (n + 1) * share });
      }),
  );
  return total(await Promise.all(sums));
}

const file = await worker.AsyncMmapFile.open(part.big, { length });
await file.prefetch();
const pools = [1, 2].map((size) => new worker.WorkerPool({ size }));
const chunkSize = length / CHUNKS;
const map = (pool) => timed(async () => total(await file.map(sum, { chunkSize, pool })));
const contenders = {
  'fmmap, the main thread': timed(() => sum(file)),
  'file.map, 1 worker': map(pools[0]),
  'file.map, 2 workers': map(pools[1]),
  'worker_threads and fs.readSync, 2 workers': timed(sumByThreads),
};
const name = `${length / 2 ** 20} MiB`;
const reference = 'fmmap, the main thread';
const { rounds } = part;
const table = await race({ name, unit: 'ms', reference, rounds, contenders });
await file.close();
for (const pool of pools) await pool.destroy();
part.finish({
  title: 'The words of a file added up by threads',
  about: 'Milliseconds for what is in memory and mapped. There are two processors.',
  tables: [table],
  goals: [
    {
      table: name,
      contender: 'file.map, 2 workers',
      most: 1,
      than: 'worker_threads and fs.readSync, 2 workers',
    },
  ],
});
