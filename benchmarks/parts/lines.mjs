// The main job, examples/line-index.ts: the end of each line of a text is written to a file, durably.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { buildIndex } from '../../examples/dist/build-index.js';
import { loadFlavour } from '../../examples/dist/flavours.js';
import { runBaseline } from '../lib/machine.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const { size } = fs.statSync(part.text);
const path = join(part.directory, 'index');

/** The offsets as eight bytes each, collected and written 64 KiB at a time. */
class Index {
  #file = fs.openSync(path, 'wx');
  #words = new Uint32Array(2 ** 14);
  #used = 0;
  count = 0;

  add(offset) {
    this.#words[this.#used] = offset;
    this.#words[this.#used + 1] = offset / 2 ** 32;
    this.#used += 2;
    this.count += 1;
    if (this.#used === this.#words.length) this.#write();
  }

  #write() {
    fs.writeSync(this.#file, new Uint8Array(this.#words.buffer, 0, this.#used * 4));
    this.#used = 0;
  }

  finish() {
    this.#write();
    for (const file of [this.#file, fs.openSync(part.directory)]) {
      fs.fsyncSync(file);
      fs.closeSync(file);
    }
    return this.count;
  }
}

/**
 * Adds the offsets of the line feeds in a piece. Four bytes at a time: faster than one by one, and for lines of
 * 45 bytes than `piece.indexOf`.
 */
function addLines(index, piece, offset) {
  const { length } = piece;
  const words = new Int32Array(piece.buffer, piece.byteOffset, length >>> 2);
  for (let at = 0; at < length; ) {
    if (at % 4 === 0 && at >>> 2 < words.length && !hasLineFeed(words[at >>> 2])) {
      at += 4;
      continue;
    }
    if (piece[at] === 10) index.add(offset + at);
    at += 1;
  }
}

/** Whether one of four bytes is a line feed: where `x` has a byte of zero, the subtraction borrows from its top bit. */
function hasLineFeed(word) {
  const x = word ^ 0x0a0a0a0a;
  return ((x - 0x01010101) & ~x & 0x80808080) !== 0;
}

async function byReadline() {
  const index = new Index();
  let at = 0;
  for await (const line of createInterface({ input: fs.createReadStream(part.text) })) {
    at += Buffer.byteLength(line) + 1;
    index.add(at - 1);
  }
  return index.finish();
}

/** The same with events, which make `readline` faster. */
async function byReadlineEvents() {
  const index = new Index();
  let at = 0;
  const reader = createInterface({ input: fs.createReadStream(part.text) });
  reader.on('line', (line) => {
    at += Buffer.byteLength(line) + 1;
    index.add(at - 1);
  });
  await new Promise((resolve) => reader.on('close', resolve));
  return index.finish();
}

async function byStream() {
  const index = new Index();
  let at = 0;
  for await (const chunk of fs.createReadStream(part.text, { highWaterMark: 2 ** 20 })) {
    addLines(index, chunk, at);
    at += chunk.length;
  }
  return index.finish();
}

const byPeer = (peer) => () => {
  const index = new Index();
  const mapped = peer.map(part.text, size);
  addLines(index, mapped, 0);
  peer.unmap?.(mapped);
  return index.finish();
};

function byFmmap(name) {
  return async () => {
    const flavour = await loadFlavour(name);
    return (await buildIndex(flavour, part.text, path, async () => {})).lines;
  };
}

/** Milliseconds from nothing to an index on disk, which must be identical to the reference. */
const measured = (build) => async () => {
  const started = performance.now();
  const count = await build();
  const value = performance.now() - started;
  return { value, check: checked(count) };
};

function checked(count) {
  const written = fs.readFileSync(path);
  fs.unlinkSync(path);
  const last = written.readUIntLE(written.length - 8, 6);
  let sum = 0;
  for (let at = 0; at < written.length; at += 8) sum = (sum + written.readUInt32LE(at)) >>> 0;
  return `${count} lines, ${written.length} bytes, last ${last}, sum ${sum}`;
}

const contenders = {};
for (const name of ['sync', 'node', 'worker', 'stream']) {
  contenders[`fmmap, ${name}`] = measured(byFmmap(name));
}
contenders.readline = measured(byReadline);
contenders['readline, by events'] = measured(byReadlineEvents);
contenders['fs.createReadStream, 1 MiB'] = measured(byStream);
for (const peer of await part.peers()) contenders[peer.name] = measured(byPeer(peer));
if (part.baseline) {
  contenders.C = () => {
    const { value, check } = runBaseline(part.baseline, 'lines', part.text, size, path);
    return { value, check: checked(check) };
  };
}
const name = `${size / 2 ** 20} MiB`;
const rounds = part.pick(2, 7);
const table = await race({ name, unit: 'ms', reference: 'fmmap, sync', rounds, contenders });
part.finish({
  title: 'Indexing lines, the main job',
  about: `Milliseconds from a text in memory to a file with the end of each line, durable, its name included (fsync of the directory). ${rounds} rounds. fmmap runs the code of the main example, which has \`indexesOf\` put them into the map of the file; peers run the fastest loop that we found over their map, and write with \`fs\`.`,
  tables: [table],
  goals: [
    {
      table: name,
      contender: 'fmmap, sync',
      least: 3,
      than: ['readline', 'readline, by events'],
    },
    { table: name, contender: 'fmmap, sync', least: 1.5, than: 'peers' },
    { table: name, contender: 'fmmap, sync', most: 1, than: 'C' },
  ],
});
