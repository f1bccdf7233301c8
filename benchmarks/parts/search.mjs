// A byte string that occurs once, at the end.
import * as fs from 'node:fs';

import { MmapFile } from '@fmmap/core';

import { startBun } from '../lib/bun.mjs';
import { needleAt } from '../lib/data.mjs';
import { runBaseline } from '../lib/machine.mjs';
import { addPeerMaps } from '../lib/maps.mjs';
import * as part from '../lib/part.mjs';
import { race, timed } from '../lib/race.mjs';

const length = part.pick(2 ** 27, 2 ** 30);
const needle = needleAt(length);
const bytes = Buffer.from(needle);
const file = MmapFile.open(part.big, { length });
file.prefetch();
const buffer = file.asBuffer();
const heap = file.copyBytes();
const bun = startBun(part.bun);

/** Piece by piece, including matches that start in one piece and end in the next. */
function searchByReadSync() {
  const descriptor = fs.openSync(part.big);
  const piece = Buffer.alloc(2 ** 20 + bytes.length - 1);
  let found = -1;
  for (let at = 0; found < 0 && at < length; at += 2 ** 20) {
    const count = fs.readSync(descriptor, piece, 0, piece.length, at);
    const index = piece.subarray(0, count).indexOf(bytes);
    if (index >= 0) found = at + index;
  }
  fs.closeSync(descriptor);
  return found;
}

const contenders = {
  'fmmap, file.indexOf': timed(() => file.indexOf(bytes)),
  'Buffer.indexOf, map': timed(() => buffer.indexOf(bytes)),
  'Buffer.indexOf, heap': timed(() => heap.indexOf(bytes)),
  'fs.readSync, 1 MiB': timed(searchByReadSync),
};
const left = {};
await addPeerMaps(contenders, left, length, (mapped) => timed(() => mapped.indexOf(bytes)));
if (bun) contenders['Bun.mmap'] = () => bun.call('search', part.big, length, needle);
if (part.baseline) {
  contenders['C, memmem'] = () => runBaseline(part.baseline, 'search', part.big, length, needle);
}
const name = `16 bytes in ${length / 2 ** 20} MiB`;
const reference = 'Buffer.indexOf, heap';
const { rounds } = part;
const table = await race({ name, unit: 'ms', reference, rounds, contenders, left });
bun?.stop();
part.finish({
  title: 'Search for a rare byte string',
  about: 'Milliseconds, in memory. Each byte of the string occurs everywhere in the file.',
  tables: [table],
  goals: [
    { table: name, contender: 'fmmap, file.indexOf', most: 1, than: 'Buffer.indexOf, map' },
    { table: name, contender: 'fmmap, file.indexOf', most: 1, than: 'Buffer.indexOf, heap' },
    { table: name, contender: 'fmmap, file.indexOf', most: 1, than: 'peers' },
  ],
});
