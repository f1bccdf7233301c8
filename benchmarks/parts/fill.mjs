// A new file is filled: with bytes in large pieces, and with numbers one by one.
import * as fs from 'node:fs';
import { join } from 'node:path';

import { MmapFileMut } from '@fmmap/core';

import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const size = part.pick(2 ** 25, 2 ** 28);
const PIECE = Buffer.alloc(2 ** 16, 7);
const { rounds } = part;

/** The offsets at which pieces of so many bytes start. */
function each(bytes, act) {
  for (let at = 0; at < size; at += bytes) act(at);
}

/** In each directory: on the disk of the other parts, and in memory. */
const directories = { disk: part.directory };
if (fs.existsSync('/dev/shm')) directories.tmpfs = fs.mkdtempSync('/dev/shm/fmmap-bench-');

/** Milliseconds to fill a new file, without making it, and without a flush. */
const measured = (path, fill) => () => {
  const file = MmapFileMut.create(path, { maxSize: size });
  const started = performance.now();
  fill(file);
  const value = performance.now() - started;
  const check = [0, size / 2, size - 8].map((at) => file.readDoubleLE(at)).join(' ');
  file.remove();
  return { value, check };
};

/** A view stores into the map itself. */
const viewOf = (file) => {
  const { buffer, byteOffset, length } = file.asBuffer();
  return {
    bytes: new Uint8Array(buffer, byteOffset, length),
    view: new DataView(buffer, byteOffset, length),
  };
};

const byPieces = {
  'stores into the map': (file) => {
    const { bytes } = viewOf(file);
    each(PIECE.length, (at) => bytes.set(PIECE, at));
  },
  'fmmap, write': (file) => each(PIECE.length, (at) => file.write(PIECE, at)),
  'fmmap, a writer': (file) => {
    const writer = file.writer();
    each(PIECE.length, () => writer.write(PIECE));
  },
  'fmmap, fill': (file) => file.fill(7),
};

const byNumbers = {
  'bare DataView': (file) => {
    const { view } = viewOf(file);
    each(8, (at) => view.setFloat64(at, at, true));
  },
  'fmmap, a writer': (file) => {
    const writer = file.writer();
    each(8, (at) => writer.writeDoubleLE(at));
  },
  'fmmap, buffered': (file) => {
    const writer = file.writer(0, undefined, { buffered: true });
    each(8, (at) => writer.writeDoubleLE(at));
    file.startFlush(0, 0);
  },
};

const tables = [];
const goals = [];
for (const [where, directory] of Object.entries(directories)) {
  const all = (works) =>
    Object.fromEntries(
      Object.entries(works).map(([name, fill]) => [name, measured(join(directory, 'new'), fill)]),
    );
  const name = `${size / 2 ** 20} MiB, ${where}`;
  const pieces = `${name}, 64 KiB at a time`;
  const numbers = `${name}, 8 bytes at a time`;
  const reference = { pieces: 'stores into the map', numbers: 'bare DataView' };
  tables.push(
    await race({
      name: pieces,
      unit: 'ms',
      reference: reference.pieces,
      rounds,
      contenders: all(byPieces),
    }),
    await race({
      name: numbers,
      unit: 'ms',
      reference: reference.numbers,
      rounds,
      contenders: all(byNumbers),
    }),
  );
  const least = where === 'disk' ? 1.2 : 2;
  for (const contender of ['fmmap, a writer', 'fmmap, fill']) {
    goals.push({ table: pieces, contender, least, than: reference.pieces });
  }
  for (const contender of ['fmmap, a writer', 'fmmap, buffered']) {
    goals.push({ table: numbers, contender, most: 2, than: reference.numbers });
  }
}
if (directories.tmpfs) fs.rmSync(directories.tmpfs, { recursive: true });

part.finish({
  title: 'Filling a new file',
  about:
    'Milliseconds, without making the file, and without a flush. Its pages are not there yet: stores into the map take a fault for each, while large writes have the kernel copy.',
  tables,
  goals,
});
