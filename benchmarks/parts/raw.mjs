// A few bytes at random offsets, copied into a buffer of the caller.
import { closeSync, openSync, promises, readSync } from 'node:fs';

import { MmapFile } from '@fmmap/core';

import { startBun } from '../lib/bun.mjs';
import { makeLoop, timedLoop } from '../lib/loops.mjs';
import { runBaseline } from '../lib/machine.mjs';
import { touched } from '../lib/maps.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const length = 2 ** 30;
const range = length - 16;
const count = part.pick(5e4, 1e6);
const file = MmapFile.open(part.big, { length });
file.prefetch();
const bytes = file.asBuffer();
const peers = await part.peers();
const maps = peers.map((peer) => touched(peer.map(part.big, Math.min(length, peer.longest))));
const descriptor = openSync(part.big, 'r');
globalThis.readSync = readSync;
const bun = startBun(part.bun);

const offsets = [];
globalThis.note = (at) => offsets.push(at);
makeLoop('note(OFFSET)')(0, part.pick(1000, 3000), range);

async function readHandle(target) {
  const handle = await promises.open(part.big);
  let sum = 0;
  let check = 0;
  const started = performance.now();
  for (let n = 0; n < offsets.length; n += 1) {
    await handle.read(target, 0, target.length, offsets[n]);
    sum += target[0];
    if (n === 999) check = sum;
  }
  const value = ((performance.now() - started) * 1e6) / offsets.length;
  await handle.close();
  return { value, check };
}

async function measure(size) {
  const target = Buffer.alloc(size);
  const copy = `(source.copy(target, 0, OFFSET, OFFSET + ${size}), target[0])`;
  const contender = (read, source, times = count) =>
    timedLoop(makeLoop(read), source, times, range, target);
  const contenders = {
    fmmap: contender('(source.read(target, OFFSET), target[0])', file),
    'fmmap, Buffer.copy': contender(copy, bytes),
  };
  for (const [n, peer] of peers.entries()) contenders[peer.name] = contender(copy, maps[n]);
  contenders['fs.readSync'] = contender(
    `(readSync(source, target, 0, ${size}, OFFSET), target[0])`,
    descriptor,
    count / 5,
  );
  contenders['FileHandle.read'] = () => readHandle(target);
  if (bun) {
    const set = `(target.set(source.subarray(OFFSET, OFFSET + ${size})), target[0])`;
    contenders['Bun.mmap'] = () =>
      bun.call('reads', part.big, length, set, 'number', count, range, size);
  }
  if (part.baseline) {
    contenders.C = () => runBaseline(part.baseline, 'reads', part.big, length, size, count, range);
  }
  const table = { name: `${size} byte${size > 1 ? 's' : ''}`, unit: 'ns', reference: 'fmmap' };
  return race({ ...table, rounds: part.rounds, contenders });
}

const tables = [];
for (const size of [1, 4, 8, 16]) tables.push(await measure(size));
bun?.stop();
closeSync(descriptor);
file.close();
part.finish({
  title: 'Raw reads at random offsets',
  about:
    'Nanoseconds to copy so many bytes from a random offset of 1 GiB, in memory and mapped, into a buffer that is used again.',
  tables,
  goals: tables.map(({ name }) => ({ table: name, contender: 'fmmap', most: 1, than: 'peers' })),
});
