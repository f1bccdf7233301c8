// All pages of 64 MiB are changed, then flushed: only the flush is measured.
import * as fs from 'node:fs';
import { join } from 'node:path';

import { MmapFileMut } from '@fmmap/core';

import { runBaseline } from '../lib/machine.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const size = part.pick(2 ** 24, 2 ** 26);
const STEP = 4096;
const path = join(part.directory, 'changed');
const content = Buffer.alloc(size);
fs.writeFileSync(path, content);
fs.fsyncSync(fs.openSync(path, 'r+'));

let turn = 0;

/** The value of this turn, and the number of pages that have it. */
function checked(value, time) {
  const bytes = fs.readFileSync(path);
  let pages = 0;
  for (let at = 0; at < size; at += STEP) pages += bytes[at] === value ? 1 : 0;
  return { value: time, check: `${pages} pages` };
}

const contenders = {};
const left = {};

/** `open` returns the bytes, `flush` and `close`. */
function addMap(name, open) {
  contenders[name] = () => {
    turn = (turn + 1) % 251;
    const { bytes, flush, close } = open();
    for (let at = 0; at < size; at += STEP) bytes[at] = turn;
    const started = performance.now();
    flush();
    const time = performance.now() - started;
    close();
    return checked(turn, time);
  };
}

addMap('fmmap', () => {
  const file = MmapFileMut.openExisting(path);
  return { bytes: file.asBuffer(), flush: () => file.flush(), close: () => file.close() };
});
for (const peer of await part.peers()) {
  if (peer.readOnly || !peer.flush) {
    left[peer.name] = peer.readOnly ? 'maps read-only' : 'has no flush';
    continue;
  }
  addMap(peer.name, () => {
    const bytes = peer.map(path, size, { write: true });
    const close = () => peer.unmap?.(bytes);
    return { bytes, flush: () => peer.flush(bytes), close };
  });
}
contenders['fs.writeSync and fsync'] = () => {
  turn = (turn + 1) % 251;
  for (let at = 0; at < size; at += STEP) content[at] = turn;
  const file = fs.openSync(path, 'r+');
  const started = performance.now();
  fs.writeSync(file, content, 0, size, 0);
  fs.fsyncSync(file);
  const time = performance.now() - started;
  fs.closeSync(file);
  return checked(turn, time);
};
if (part.bun) left['Bun.mmap'] = 'has no flush';
if (part.baseline) {
  contenders.C = () => {
    turn = (turn + 1) % 251;
    const { value } = runBaseline(part.baseline, 'flush', path, size, STEP, turn);
    return checked(turn, value);
  };
}
const name = `${size / 2 ** 20} MiB`;
const reference = part.baseline ? 'C' : 'fmmap';
const rounds = part.pick(3, 21);
part.finish({
  title: 'Flushing changed pages',
  about: `Milliseconds until all pages, each of which was changed, are on the disk; \`fs\` has to write them first. ${rounds} rounds.`,
  tables: [await race({ name, unit: 'ms', reference, rounds, contenders, left })],
  goals: [
    { table: name, contender: 'fmmap', most: 1.05, than: 'C' },
    { table: name, contender: 'fmmap', most: 1, than: 'peers' },
  ],
});
