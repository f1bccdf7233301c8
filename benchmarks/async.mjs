// The asynchronous flavours: what they do to the event loop, and how fast they are. A child process
// of run.mjs: `async.mjs FILE ROUNDS SCALE`, FILE being 1 GiB of one byte. Prints JSON.
import * as fs from 'node:fs';

import { MmapFile, MmapFileMut } from '@fmmap/core';
import * as node from '@fmmap/node';
import * as stream from '@fmmap/stream';
import * as worker from '@fmmap/worker';

import { dropCache, watchLoop } from './lib/delay.mjs';
import { alternate } from './lib/stats.mjs';

const [path, rounds, scale] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const flavours = { node, worker, stream };
const CHUNK = 2 ** 20;
const cold = Math.floor((2 ** 29 * scale) / CHUNK) * CHUNK;
const large = Math.floor((2 ** 30 * scale) / CHUNK) * CHUNK;
const target = Buffer.alloc(CHUNK);

/** Reads the begin of the file from the disk, chunk by chunk. */
function coldReads() {
  const measured = (read) => async () => {
    dropCache(path);
    return watchLoop(read);
  };
  const contenders = {
    'fmmap, sync': measured(() => {
      const file = MmapFile.open(path);
      for (let at = 0; at < cold; at += CHUNK) file.readExact(target, at);
      file.close();
    }),
    'fs.promises': measured(async () => {
      const file = await fs.promises.open(path);
      for (let at = 0; at < cold; at += CHUNK) await file.read(target, 0, CHUNK, at);
      await file.close();
    }),
  };
  for (const [name, { AsyncMmapFile }] of Object.entries(flavours)) {
    contenders[`@fmmap/${name}`] = measured(async () => {
      const file = await AsyncMmapFile.open(path);
      for (let at = 0; at < cold; at += CHUNK) await file.readExact(target, at);
      await file.close();
    });
  }
  contenders['@fmmap/stream, readable'] = measured(async () => {
    const file = await stream.AsyncMmapFile.open(path, { length: cold });
    let bytes = 0;
    for await (const chunk of file.readable({ chunkSize: CHUNK })) bytes += chunk.length;
    if (bytes !== cold) throw new Error(`${bytes} of ${cold} bytes came`);
    await file.close();
  });
  return alternate(contenders, rounds);
}

/** Writes a change of every page to the disk. */
async function flushes() {
  const target = `${path}.flush`;
  let value = 0;
  const measured = async (file) => {
    value = (value + 1) % 256;
    file.fill(value);
    const result = await watchLoop(() => file.flush());
    await file.close();
    fs.unlinkSync(target);
    return result;
  };
  const options = { maxSize: large, allocate: true };
  const contenders = { 'fmmap, sync': () => measured(MmapFileMut.create(target, options)) };
  for (const [name, { AsyncMmapFileMut }] of Object.entries(flavours)) {
    contenders[`@fmmap/${name}`] = async () =>
      measured(await AsyncMmapFileMut.create(target, options));
  }
  return alternate(contenders, Math.min(rounds, 3));
}

/** Microseconds a read of 4 KiB that is in memory. */
async function residentReads() {
  const count = Math.ceil(20_000 * scale);
  const buffer = Buffer.alloc(4096);
  const offsets = Uint32Array.from({ length: 1024 }, (_, n) => ((n * 7919) % 16_384) * 4096);
  const file = await node.AsyncMmapFile.open(path);
  await file.prefetch(0, 2 ** 26);
  const handle = await fs.promises.open(path);
  const timed = (read) => async () => {
    const started = performance.now();
    for (let n = 0; n < count; n += 1) await read(offsets[n % 1024]);
    return ((performance.now() - started) * 1000) / count;
  };
  const results = await alternate(
    {
      'FileHandle.read': timed((at) => handle.read(buffer, 0, 4096, at)),
      '@fmmap/node': timed((at) => file.read(buffer, at)),
    },
    rounds,
  );
  await handle.close();
  await file.close();
  return results;
}

function sum(file, offset = 0, length = file.length) {
  const { buffer, byteOffset } = file.bytes(offset, length);
  const words = new Uint32Array(buffer, byteOffset, length / 4);
  let total = 0;
  for (let n = 0; n < words.length; n += 1) total = (total + words[n]) | 0;
  return total;
}

/** Milliseconds to add up all words of the file. */
async function scans() {
  const file = await worker.AsyncMmapFile.open(path, { length: large });
  await file.prefetch();
  const pool = new worker.WorkerPool({ size: 2 });
  const timed = (act) => async () => {
    const started = performance.now();
    await act();
    return performance.now() - started;
  };
  const chunkSize = large / 16;
  const results = await alternate(
    {
      'one thread': timed(() => sum(file)),
      'map, 2 workers': timed(() => file.map(sum, { chunkSize, pool })),
    },
    rounds,
  );
  await file.close();
  await pool.destroy();
  return results;
}

/** Megabytes a second that come out of a stream of what is in memory. */
async function streams() {
  const file = await stream.AsyncMmapFile.open(path, { length: large });
  await file.prefetch();
  const timed = (make) => async () => {
    const started = performance.now();
    let bytes = 0;
    for await (const chunk of make()) bytes += chunk.length;
    if (bytes !== large) throw new Error(`${bytes} of ${large} bytes came`);
    return bytes / 1000 / (performance.now() - started);
  };
  const cases = [];
  for (const chunkSize of [2 ** 16, 2 ** 20]) {
    const results = await alternate(
      {
        'fs.createReadStream': timed(() =>
          fs.createReadStream(path, { highWaterMark: chunkSize, end: large - 1 }),
        ),
        'file.readable': timed(() => file.readable({ chunkSize })),
        'file.readable, copy': timed(() => file.readable({ chunkSize, copy: true })),
      },
      rounds,
    );
    cases.push({ chunkSize, results });
  }
  await file.close();
  return cases;
}

console.log(
  JSON.stringify({
    cold: await coldReads(),
    flush: await flushes(),
    resident: await residentReads(),
    scan: await scans(),
    stream: await streams(),
  }),
);
process.exit();
