// Typed reads at random offsets, from pages that are in memory and mapped.
import { closeSync, openSync, promises, readSync } from 'node:fs';

import { MmapFile, MmapFileMut } from '@fmmap/core';

import { startBun } from '../lib/bun.mjs';
import { makeLoop, timedLoop } from '../lib/loops.mjs';
import { runBaseline, watchGarbage } from '../lib/machine.mjs';
import { touched } from '../lib/maps.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

/** A read with a DataView, and with a Buffer if it has one. */
const KINDS = {
  UInt8: { view: 'source.getUint8(OFFSET)' },
  UInt32LE: { view: 'source.getUint32(OFFSET, true)' },
  DoubleLE: { view: 'source.getFloat64(OFFSET, true)' },
  BigUInt128LE: {
    view: '(source.getBigUint64(OFFSET + 8, true) << 64n | source.getBigUint64(OFFSET, true))',
    buffer: '(source.readBigUInt64LE(OFFSET + 8) << 64n | source.readBigUInt64LE(OFFSET))',
    loop: 'wide',
    slower: 8,
  },
  'UInt32LE, each offset from the last value': {
    view: 'source.getUint32(OFFSET, true)',
    loop: 'chain',
    slower: 4,
  },
};
const SIZES = [
  ['64 KiB', 2 ** 16, part.pick(1e6, 10e6)],
  ['1 GiB', 2 ** 30, part.pick(2e5, 4e6)],
];

/** The accessors as if no page could vanish: this shows the cost of checking the flag. */
class Unchecked {
  constructor(view) {
    this._mapping = { view };
  }
}
for (const [kind, method] of [
  ['DoubleLE', 'getFloat64'],
  ['UInt32LE', 'getUint32'],
  ['UInt8', 'getUint8'],
]) {
  Unchecked.prototype[`read${kind}`] = new Function(
    'offset',
    `const m = this._mapping;
    try {
      if (typeof offset === 'number' && (offset >>> 0 === offset || (offset > 0 && Math.floor(offset) === offset))) {
        return m.view.${method}(offset, true);
      }
    } catch {}
    throw new RangeError();`,
  );
}

const bun = startBun(part.bun);
const peers = await part.peers();

/** Over memory in which the kernel, and not V8, has placed the file. */
function plainView(length) {
  const [peer] = peers;
  if (!peer) return undefined;
  const { buffer, byteOffset } = touched(peer.map(part.big, length));
  return new DataView(buffer, byteOffset, length);
}

async function measure(size, length, kind, full) {
  const { view, loop = 'number', slower = 1 } = KINDS[kind];
  const [type] = kind.split(',');
  const { buffer = `source.read${type}(OFFSET)` } = KINDS[kind];
  const count = Math.ceil(full / slower);
  const range = length - 16;
  const contender = (read, source) => timedLoop(makeLoop(read, loop), source, count, range);

  const file = MmapFile.open(part.big, { length });
  file.prefetch();
  const bytes = file.asBuffer();
  const own = new DataView(bytes.buffer, bytes.byteOffset, length);
  const contenders = {
    'bare DataView': contender(view, plainView(length) ?? own),
    'bare DataView, fmmap’s memory': contender(view, own),
    fmmap: contender(`source.read${type}(OFFSET)`, file),
    'fmmap, Buffer': contender(buffer, bytes),
  };
  if (loop !== 'wide') {
    const unchecked = new Unchecked(own);
    contenders['fmmap without the check'] = contender(`source.read${type}(OFFSET)`, unchecked);
  }
  if (length > 2 ** 20) {
    for (const peer of peers) {
      const mapped = touched(peer.map(part.big, Math.min(length, peer.longest)));
      contenders[peer.name] = contender(buffer, mapped);
    }
    if (type === 'UInt32LE' && loop === 'number') addFs(contenders, count, range);
  }
  if (bun) {
    contenders['Bun.mmap'] = () => bun.call('reads', part.big, length, view, loop, count, range, 0);
  }
  if (part.baseline) {
    const name = loop === 'chain' ? 'chain' : type;
    contenders.C = () => runBaseline(part.baseline, 'reads', part.big, length, name, count, range);
  }
  const { rounds } = part;
  const table = { name: `${size}, ${kind}`, unit: 'ns', reference: 'bare DataView' };
  const result = await race({ ...table, rounds, contenders });
  file.close();
  globalThis.gc(); // unmaps what the peers have mapped
  return result;
}

/** Reads from a descriptor into a reused buffer. */
function addFs(contenders, count, range) {
  const target = Buffer.alloc(4);
  const file = openSync(part.big, 'r');
  process.on('exit', () => closeSync(file));
  globalThis.readWord = (at) => {
    readSync(file, target, 0, 4, at);
    return target.readUInt32LE(0);
  };
  const loop = makeLoop('readWord(OFFSET)');
  contenders['fs.readSync'] = timedLoop(loop, file, Math.ceil(count / 20), range);

  const offsets = [];
  globalThis.note = (at) => offsets.push(at);
  makeLoop('note(OFFSET)')(0, Math.max(1000, count / 400), range);
  contenders['FileHandle.read'] = async () => {
    const handle = await promises.open(part.big);
    let sum = 0;
    let check;
    const started = performance.now();
    for (let n = 0; n < offsets.length; n += 1) {
      if (n === 1000) check = sum;
      await handle.read(target, 0, 4, offsets[n]);
      sum += target.readUInt32LE(0);
    }
    const value = ((performance.now() - started) * 1e6) / offsets.length;
    await handle.close();
    return { value, check: check ?? sum };
  };
}

/** What ten million reads leave on the heap, and the number of collections meanwhile. */
async function measureAllocation(kind) {
  const file = MmapFile.open(part.big, { length: 65_536 });
  const loop = makeLoop(`source.read${kind}(OFFSET)`);
  timedLoop(loop, file, 1e6, file.length - 16);
  const collections = watchGarbage();
  globalThis.gc();
  const before = { gc: await collections(), heap: process.memoryUsage().heapUsed };
  loop(file, 1e7, file.length - 16);
  const heap = process.memoryUsage().heapUsed - before.heap;
  const { minor, major } = await collections();
  file.close();
  return [`read${kind}`, heap, minor + major - before.gc.minor - before.gc.major];
}

// A program uses both classes: the accessors must not be fast for only one of them.
const other = MmapFileMut.anonymous(4096);
for (let n = 0; n < 1e5; n += 1) {
  const at = (n * 8) % 4096;
  other.writeUInt8(other.readUInt8(at), at);
  other.readUInt32LE(at);
  other.readDoubleLE(at);
}
other.close();

const tables = [];
for (const [size, length, count] of SIZES) {
  for (const kind of Object.keys(KINDS)) tables.push(await measure(size, length, kind, count));
}
bun?.stop();
const allocations = [];
for (const kind of ['DoubleLE', 'UInt32LE', 'UInt8']) {
  allocations.push(await measureAllocation(kind));
}

const goals = [];
for (const kind of ['UInt8', 'UInt32LE', 'DoubleLE']) {
  const table = `1 GiB, ${kind}`;
  goals.push(
    { table, contender: 'fmmap', most: 1.3, than: 'bare DataView' },
    { table, contender: 'fmmap', least: 4, than: 'peers' },
  );
}
part.finish({
  title: 'Typed reads at random offsets',
  about:
    'Nanoseconds a read of what is in memory and mapped. Peers give a Buffer to read from; the bare DataView lies over a plain map.',
  tables,
  goals,
  plain: {
    head: ['10 million reads by', 'leave on the heap, bytes', 'collections'],
    rows: allocations,
  },
});
