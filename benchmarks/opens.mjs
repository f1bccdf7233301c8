// Open, read one byte, close. A child process of run.mjs: `opens.mjs DIRECTORY BASELINE ROUNDS SCALE
// HEAP`, HEAP being the megabytes of live objects beside it. Prints its results as JSON.
import * as fs from 'node:fs';
import { join } from 'node:path';

import { MmapFile } from '@fmmap/core';

import { runBaseline, watchGarbage } from './lib/machine.mjs';
import { loadMmapIo } from './lib/peers.mjs';
import { alternate } from './lib/stats.mjs';

const [directory, baseline] = process.argv.slice(2);
const [rounds, scale, heap] = process.argv.slice(4).map(Number);
const mmapIo = loadMmapIo();
const collections = watchGarbage();
const live = [];
while (process.memoryUsage().heapUsed < heap * 1e6) {
  for (let n = 0; n < 10_000; n += 1) live.push({ n, half: n / 2 });
}

const byte = Buffer.alloc(1);
let sum = 0;

function openFmmap(path) {
  const file = MmapFile.open(path);
  sum += file.readUInt8(0);
  file.close();
}

function openFs(path) {
  const file = fs.openSync(path, 'r');
  fs.readSync(file, byte, 0, 1, 0);
  sum += byte[0];
  fs.closeSync(file);
}

/** It has no unmap: that happens when the buffer is collected. */
function openMmapIo(path, size) {
  const file = fs.openSync(path, 'r');
  const buffer = mmapIo.map(size, mmapIo.PROT_READ, mmapIo.MAP_SHARED, file);
  sum += buffer[0];
  fs.closeSync(file);
}

const budget = 200 * scale; // milliseconds a contender and round
const MOST = 20_000; // V8 ends when a contender that does not unmap has used up all areas

/** Microseconds a call, and major collections for a thousand of them; the first time to warm up. */
function timed(open, path, size) {
  let milliseconds = 1000;
  return async () => {
    const before = await collections();
    let count = 0;
    let elapsed = 0;
    const started = performance.now();
    do {
      open(path, size);
      count += 1;
      elapsed = performance.now() - started;
    } while (elapsed < milliseconds && count < MOST);
    milliseconds = budget;
    const after = await collections();
    if (open === openMmapIo) globalThis.gc(); // what it has left mapped is not the next one's
    return {
      time: (elapsed * 1000) / count,
      major: ((after.major - before.major) * 1000) / count,
    };
  };
}

async function measure(path) {
  const { size } = fs.statSync(path);
  const contenders = {
    fmmap: timed(openFmmap, path, size),
    fs: timed(openFs, path, size),
  };
  if (baseline) {
    const count = Math.ceil(10_000 * scale);
    contenders.C = async () => ({
      time: runBaseline(baseline, ['opens', path, count]) / 1000,
      major: 0,
    });
  }
  if (mmapIo) contenders['@riaskov/mmap-io'] = timed(openMmapIo, path, size);
  return await alternate(contenders, rounds);
}

// As in a program that has other files open, too: V8 forgets what it knows of classes that have no
// objects left.
const other = MmapFile.open(process.execPath);

const cases = [];
for (const [name, size] of [
  ['4 KiB', 4096],
  ['1 GiB, sparse', 2 ** 30],
]) {
  const path = join(directory, `open-${size}`);
  fs.writeFileSync(path, '');
  fs.truncateSync(path, size);
  cases.push({ name, results: await measure(path) });
}
other.close();
console.log(JSON.stringify({ cases, live: live.length, sum }));
