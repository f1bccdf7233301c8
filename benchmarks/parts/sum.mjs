// All 32-bit words of a file are added up, in order.
import * as fs from 'node:fs';
import { join } from 'node:path';

import { MmapFile } from '@fmmap/core';

import { startBun } from '../lib/bun.mjs';
import { sumFast, sumWords, wordsOf } from '../lib/loops.mjs';
import { runBaseline } from '../lib/machine.mjs';
import { addPeerMaps } from '../lib/maps.mjs';
import * as part from '../lib/part.mjs';
import { race, timed } from '../lib/race.mjs';

const length = part.pick(2 ** 27, 2 ** 30);
const file = MmapFile.open(part.big, { length });
file.prefetch();
const heap = file.copyBytes();
const bun = startBun(part.bun);
/** A file of exactly that size, for contenders that read whole files. */
const whole = join(part.directory, 'whole');
fs.writeFileSync(whole, heap);

function sumByMethod() {
  let total = 0;
  for (let at = 0; at < length; at += 4) total = (total + file.readUInt32LE(at)) | 0;
  return total >>> 0;
}

/** The fast way through a map: a typed array over it, and one check at the end. */
function sumByView(sum) {
  const total = sum(wordsOf(file.asBuffer()));
  file.checkFault();
  return total;
}

function sumByReadSync() {
  const descriptor = fs.openSync(part.big);
  const buffer = Buffer.alloc(2 ** 20);
  let total = 0;
  for (let at = 0; at < length; at += buffer.length) {
    fs.readSync(descriptor, buffer, 0, buffer.length, at);
    total += sumFast(wordsOf(buffer));
  }
  fs.closeSync(descriptor);
  return total >>> 0;
}

async function sumByStream() {
  let total = 0;
  for await (const chunk of fs.createReadStream(part.big, { end: length - 1 })) {
    total = (total + sumFast(wordsOf(chunk))) | 0;
  }
  return total >>> 0;
}

const contenders = {
  'fmmap, readUInt32LE': timed(sumByMethod),
  'fmmap, loop over a Uint32Array': timed(() => sumByView(sumWords)),
  'fmmap, four words a turn': timed(() => sumByView(sumFast)),
  'heap, loop over a Uint32Array': timed(() => sumWords(wordsOf(heap))),
  'heap, four words a turn': timed(() => sumFast(wordsOf(heap))),
  'fs.readSync, 1 MiB': timed(sumByReadSync),
  'fs.readFileSync': timed(() => sumFast(wordsOf(fs.readFileSync(whole)))),
  'fs.createReadStream': timed(sumByStream),
};
const left = {};
await addPeerMaps(contenders, left, length, (mapped) => timed(() => sumFast(wordsOf(mapped))));
if (bun) {
  contenders['Bun.mmap, loop'] = () => bun.call('sum', part.big, length);
  contenders['Bun.mmap, four words a turn'] = () => bun.call('sumFast', part.big, length);
}
let reference = 'heap, four words a turn';
if (part.baseline) {
  reference = 'C';
  contenders.C = () => runBaseline(part.baseline, 'sum', part.big, length);
}
const name = `${length / 2 ** 20} MiB`;
const { rounds } = part;
const table = await race({ name, unit: 'ms', reference, rounds, contenders, left });
bun?.stop();
part.finish({
  title: 'The words of a file added up',
  about:
    'Milliseconds for all 32-bit words of a file that is in memory. Maps stay open; `fs` opens the file and reads it. Peers, `fs` and C add four words a turn.',
  tables: [table],
  goals: [
    {
      table: name,
      contender: 'fmmap, loop over a Uint32Array',
      most: 1.05,
      than: 'heap, loop over a Uint32Array',
    },
    { table: name, contender: 'fmmap, four words a turn', most: 1.3, than: 'C' },
    { table: name, contender: 'fmmap, four words a turn', most: 1, than: 'peers' },
  ],
});
