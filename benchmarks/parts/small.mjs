// A thousand small reads, concurrently and one after the other.
import * as fs from 'node:fs';

import { MmapFile } from '@fmmap/core';
import * as node from '@fmmap/node';
import * as stream from '@fmmap/stream';
import * as worker from '@fmmap/worker';

import { dropCache } from '../lib/delay.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const COUNT = 1000;
const SIZE = 4096;
const length = 2 ** 30;
const targets = Array.from({ length: COUNT }, () => Buffer.alloc(SIZE));
const offsets = targets.map((_, n) => ((n * 7919 * 4096 + n * 64) % (length - SIZE)) >>> 0);

const sum = () => targets.reduce((total, target) => total + target[0] + target[SIZE - 1], 0);
const atOnce = (read) => () => Promise.all(offsets.map((at, n) => read(targets[n], at)));
const inTurn = (read) => async () => {
  for (let n = 0; n < COUNT; n += 1) await read(targets[n], offsets[n]);
};
const now = (read) => () => {
  for (let n = 0; n < COUNT; n += 1) read(targets[n], offsets[n]);
};

/** `open` returns `read(target, offset)` and `close`; what lies between is measured. */
const measured = (isCold, open, go) => async () => {
  if (isCold) dropCache(part.big);
  const { read, close } = await open();
  for (const target of targets) target.fill(0);
  const act = go(read);
  const started = performance.now();
  await act();
  const value = performance.now() - started;
  const check = sum();
  await close();
  return { value, check };
};

const openers = {
  'FileHandle.read': async () => {
    const handle = await fs.promises.open(part.big);
    return { read: (to, at) => handle.read(to, 0, SIZE, at), close: () => handle.close() };
  },
};
for (const [name, { AsyncMmapFile }] of Object.entries({ node, worker, stream })) {
  openers[`@fmmap/${name}`] = async () => {
    const file = await AsyncMmapFile.open(part.big, { length });
    return { read: (to, at) => file.read(to, at), close: () => file.close() };
  };
}
const openSync = (advice) => () => {
  const file = MmapFile.open(part.big, { length });
  file.advise(advice);
  return { read: (to, at) => file.read(to, at), close: () => file.close() };
};
const syncOpeners = {
  'fmmap, sync': openSync('normal'),
  "fmmap, sync, advise('random')": openSync('random'),
  'fs.readSync': () => {
    const file = fs.openSync(part.big);
    return {
      read: (to, at) => fs.readSync(file, to, 0, SIZE, at),
      close: () => fs.closeSync(file),
    };
  },
};

async function measure(name, isCold, go, withSync) {
  const contenders = {};
  for (const [one, open] of Object.entries(openers)) contenders[one] = measured(isCold, open, go);
  for (const [one, open] of Object.entries(withSync ? syncOpeners : {})) {
    contenders[one] = measured(isCold, open, now);
  }
  const { rounds } = part;
  return race({ name, unit: 'ms', reference: 'FileHandle.read', rounds, contenders });
}

const tables = [
  await measure('at once, in memory', false, atOnce, true),
  await measure('one after the other, in memory', false, inTurn, false),
  await measure('at once, cold', true, atOnce, true),
];
part.finish({
  title: 'A thousand small reads',
  about: `Milliseconds for ${COUNT} reads of ${SIZE} bytes from 1 GiB, of a file that was just opened. A fault of a cold page reads what surrounds it as well, as much as the disk is set to read ahead, unless the file is advised otherwise.`,
  tables,
  goals: tables.map(({ name }, index) => ({
    table: name,
    contender: '@fmmap/node',
    most: [0.4, 0.2, 0.4][index],
    than: 'FileHandle.read',
  })),
});
