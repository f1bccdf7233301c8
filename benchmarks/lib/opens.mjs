// Open, read one byte, close: microseconds, for parts/opens*.mjs.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { MmapFile } from '@fmmap/core';

import { startBun } from './bun.mjs';
import { runBaseline, watchGarbage } from './machine.mjs';
import * as part from './part.mjs';
import { race } from './race.mjs';

export const SIZES = [
  ['4 KiB', 4096],
  ['1 GiB, sparse', 2 ** 30],
  ['64 GiB, sparse', 2 ** 36],
];
const LEFT = 'left to the collector, µs';
const SAME_CALLS = 'C, the same system calls';
/** Of a warm-up and a turn: V8 crashes when a contender that does not unmap has used up all areas. */
const MOST = 8000;
const budget = part.pick(40, 200); // milliseconds per contender and round, besides the warm-up
const collections = watchGarbage();
const byte = Buffer.alloc(1);

function openFmmap(path) {
  const file = MmapFile.open(path);
  const value = file.readUInt8(0);
  file.close();
  return value;
}

function openFs(path) {
  const file = fs.openSync(path, 'r');
  fs.readSync(file, byte, 0, 1, 0);
  fs.closeSync(file);
  return byte[0];
}

const openPeer = (peer) => (path, size) => {
  const mapped = peer.map(path, size);
  const value = mapped[0];
  peer.unmap?.(mapped);
  return value;
};

/** Unmaps what one contender has left mapped, so that it does not burden the next. Returns milliseconds. */
async function collect() {
  const started = performance.now();
  globalThis.gc();
  globalThis.gc(); // waits for what the first collection freed indirectly
  await setImmediate(); // when Node calls the finalizers that unmap
  return performance.now() - started;
}

/** Closes what a peer leaks; otherwise nothing could be opened soon. */
function closeLeft(path) {
  for (const name of fs.readdirSync('/proc/self/fd')) {
    const link = `/proc/self/fd/${name}`;
    if (fs.existsSync(link) && fs.readlinkSync(link) === path) fs.closeSync(Number(name));
  }
}

/** Opens again and again for so many milliseconds. */
function repeat(open, path, size, milliseconds) {
  let count = 0;
  let sum = 0;
  let elapsed = 0;
  const started = performance.now();
  do {
    sum += open(path, size);
    count += 1;
    elapsed = performance.now() - started;
  } while (elapsed < milliseconds && count < MOST / 2);
  return { count, sum, elapsed };
}

/** Microseconds per call, and major collections per thousand calls. */
function contender(open, path, size, { unmap, leaks } = { unmap: true }) {
  let warmUp = part.pick(60, 1000);
  return async () => {
    // The collections between turns make V8 discard code and shrink the young generation, as no program does that opens files.
    const warm = repeat(open, path, size, warmUp);
    warmUp = budget / 2;
    const before = await collections();
    const { count, sum, elapsed } = repeat(open, path, size, budget);
    const { major } = await collections();
    if (leaks) closeLeft(path);
    // Also after those that unmap, since V8 still counts their buffers: otherwise the next contender would pay for them.
    const all = await collect();
    const left = Math.max(0, all - (await collect())); // without what a collection costs anyway
    const more = {
      [LEFT]: unmap ? 0 : (left * 1000) / (warm.count + count),
      'major collections per 1,000': ((major - before.major) * 1000) / count,
    };
    return { value: (elapsed * 1000) / count, check: sum / count, more };
  };
}

async function measure(name, path, size, peers, rounds) {
  const contenders = {
    fmmap: contender(openFmmap, path, size),
    fs: contender(openFs, path, size),
  };
  const left = {};
  for (const peer of peers) {
    if (size <= peer.longest) contenders[peer.name] = contender(openPeer(peer), path, size, peer);
    else left[peer.name] = 'cannot map so much: ends, or maps another length (see robustness)';
  }
  const bun = startBun(part.bun);
  if (bun) contenders['Bun.mmap'] = () => bun.call('opens', path, budget, 2000);
  let reference = 'fs';
  if (part.baseline) {
    reference = 'C';
    const count = part.pick(2000, 10_000);
    contenders.C = () => runBaseline(part.baseline, 'opens', path, count);
    contenders[SAME_CALLS] = () => runBaseline(part.baseline, 'opensKept', path, count);
  }
  const table = await race({ name, unit: 'µs', reference, rounds, contenders, left });
  bun?.stop();
  return table;
}

/** A table for each size of file. */
export async function measureOpens(sizes = SIZES, rounds = part.rounds) {
  // As in a program that has other files open, too: V8 forgets what it knows of a class that has no
  // objects left.
  const other = MmapFile.open(process.execPath);
  const peers = await part.peers();
  const tables = [];
  for (const [name, size] of sizes) {
    const path = join(part.directory, `open-${size}`);
    fs.writeFileSync(path, 'x');
    fs.truncateSync(path, size);
    tables.push(await measure(name, path, size, peers, rounds));
  }
  other.close();
  return tables;
}

/** The goals for small files. @param most - The most times of C with the same calls. */
export const smallGoals = (table, most) => [
  ...(part.baseline ? [{ table, contender: 'fmmap', most, than: SAME_CALLS }] : []),
  { table, contender: 'fmmap', most: 0.75, than: 'peers', plus: LEFT },
];

export const largeGoals = [
  { table: '1 GiB, sparse', contender: 'fmmap', most: 2, than: 'C' },
  { table: '1 GiB, sparse', contender: 'fmmap', most: 1, than: 'peers' },
  { table: '64 GiB, sparse', contender: 'fmmap', most: 1, than: 'peers' },
];
