// Numbers are written at random offsets, then flushed.
import * as fs from 'node:fs';
import { join } from 'node:path';

import { MmapFileMut } from '@fmmap/core';

import { runBaseline } from '../lib/machine.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const size = part.pick(2 ** 24, 2 ** 26);
const count = part.pick(5_000, 50_000);

/** One file for all: how fast a page can be changed depends on how the system stores the file. */
const path = join(part.directory, 'numbers');
const expected = Buffer.alloc(size);
let turn = 0;

function makeFile() {
  const file = fs.openSync(path, 'w');
  fs.writeSync(file, expected);
  fs.fsyncSync(file);
  fs.closeSync(file);
}

/** Calls `write(value, offset)` for the numbers of a xorshift, which are different in each turn. */
function each(write) {
  const range = size - 7;
  let x = 2463534242;
  for (let n = 0; n < count; n += 1) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    write((x + turn) >>> 0, (x >>> 0) % range);
  }
}

/** Whether the file has the content that these writes produce. */
function checked() {
  each((value, at) => expected.writeUInt32LE(value, at));
  return fs.readFileSync(path).equals(expected) ? 'as written' : 'other bytes';
}

const measured = (work) => () => {
  turn += 1;
  const started = performance.now();
  work();
  return { value: performance.now() - started, check: checked() };
};

makeFile();
const contenders = {};
const left = {};

function addFmmap() {
  const file = MmapFileMut.openExisting(path);
  file.prefetch();
  contenders.fmmap = measured(() => {
    each((value, at) => file.writeUInt32LE(value, at));
    file.flush();
  });
}

function addPeer(peer) {
  if (peer.readOnly || !peer.flush) {
    left[peer.name] = peer.readOnly ? 'maps read-only' : 'has no flush';
    return;
  }
  const mapped = peer.map(path, size, { write: true });
  for (let at = 0; at < size; at += 4096) mapped[at];
  contenders[peer.name] = measured(() => {
    each((value, at) => mapped.writeUInt32LE(value, at));
    peer.flush(mapped);
  });
}

function addFs() {
  const file = fs.openSync(path, 'r+');
  const word = Buffer.alloc(4);
  contenders['fs.writeSync and fsync'] = measured(() => {
    each((value, at) => {
      word.writeUInt32LE(value);
      fs.writeSync(file, word, 0, 4, at);
    });
    fs.fsyncSync(file);
  });
}

addFmmap();
addFs();
for (const peer of await part.peers()) addPeer(peer);
if (part.bun) left['Bun.mmap'] = 'has no flush';
if (part.baseline) {
  contenders.C = () => {
    turn += 1;
    const { value } = runBaseline(part.baseline, 'writes', path, size, count, turn);
    return { value, check: checked() };
  };
}
const name = `${count.toLocaleString('en-US')} numbers in ${size / 2 ** 20} MiB`;
const { rounds } = part;
const reference = part.baseline ? 'C' : 'fmmap';
part.finish({
  title: 'Random writes, and a flush',
  about: 'Milliseconds until all of them are on the disk.',
  tables: [await race({ name, unit: 'ms', reference, rounds, contenders, left })],
  goals: [{ table: name, contender: 'fmmap', most: 1, than: 'peers' }],
});
