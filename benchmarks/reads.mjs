// Typed reads at random offsets. A child process of run.mjs: `reads.mjs FILE BASELINE ROUNDS SCALE`,
// FILE being 1 GiB of one byte. Prints its results as JSON.
import { MmapFile, MmapFileMut } from '@fmmap/core';

import { runBaseline, watchGarbage } from './lib/machine.mjs';
import { alternate } from './lib/stats.mjs';

const [path, baseline, rounds, scale] = [
  process.argv[2],
  process.argv[3],
  Number(process.argv[4]),
  Number(process.argv[5]),
];

const KINDS = {
  DoubleLE: { dataView: 'getFloat64', chain: false },
  UInt32LE: { dataView: 'getUint32', chain: false },
  UInt8: { dataView: 'getUint8', chain: false },
  'UInt32LE, each offset from the last value': { dataView: 'getUint32', chain: true },
};

/** The accessors as they would be if no page could vanish: what the check of the flag costs. */
class Unchecked {
  constructor(view, length) {
    this._mapping = { view, last1: length - 1, last4: length - 4, last8: length - 8 };
  }
}
for (const [kind, method, size] of [
  ['DoubleLE', 'getFloat64', 8],
  ['UInt32LE', 'getUint32', 4],
  ['UInt8', 'getUint8', 1],
]) {
  Unchecked.prototype[`read${kind}`] = new Function(
    'offset',
    `const m = this._mapping;
    if (
      typeof offset === 'number' && offset >= 0 && offset <= m.last${size} &&
      Math.floor(offset) === offset && !Object.is(offset, -0)
    ) {
      const view = m.view;
      return view.${method}(offset, true);
    }
    throw new RangeError();`,
  );
}

/**
 * A loop of its own for each contender and case: the compiler learns nothing from the others (a
 * different text, or it would share what it learned). Its variables come from a typed array and
 * `>>> 0` stays where it is, so that no number of its own is boxed or divided as a float.
 */
function makeLoop(source, read, chain, id) {
  const call = `${source}.${read.replace('OFFSET', `((${chain ? 'x ^ last' : 'x'}) >>> 0) % n >>> 0`)}`;
  return new Function(
    source,
    'count',
    'range',
    'state',
    `const n = range >>> 0; // ${id}
    let x = state[0] | 0, sum = state[1], last = 0;
    for (let i = 0; i < count; i += 1) {
      x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
      ${chain ? `last = ${call} | 0;` : `sum += ${call};`}
    }
    state[0] = x;
    state[1] = sum + last;`,
  );
}

/** Many short runs, so that the whole function is compiled and not just its loop in mid-run. */
function warm(loop, source, range) {
  const state = Float64Array.of(2463534242, 0);
  for (let n = 0; n < 20_000; n += 1) loop(source, 50, range, state);
  return state;
}

/** Nanoseconds a read. */
function timed(loop, source, count, range) {
  const state = warm(loop, source, range);
  return () => {
    const started = performance.now();
    loop(source, count, range, state);
    return ((performance.now() - started) * 1e6) / count;
  };
}

async function measure(kind, length, count) {
  const file = MmapFile.open(path, { length });
  file.prefetch();
  const buffer = file.asBuffer();
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  const { dataView, chain } = KINDS[kind];
  const [name] = kind.split(',');
  const contender = (source, read, object) =>
    timed(makeLoop(source, `${read}(OFFSET, true)`, chain, length), object, count, length - 7);
  const contenders = {
    DataView: contender('view', dataView, view),
    fmmap: contender('file', `read${name}`, file),
    'fmmap without the check': contender(
      'unchecked',
      `read${name}`,
      new Unchecked(view, view.byteLength),
    ),
    Buffer: contender('buffer', `read${name}`, buffer),
  };
  if (baseline) {
    const args = ['reads', path, length, chain ? 'chain' : name, count];
    contenders.C = async () => runBaseline(baseline, args);
  }
  const results = await alternate(contenders, rounds);
  file.close();
  return results;
}

/** What ten million reads leave on the heap, and how often it was collected meanwhile. */
async function measureAllocation(kind) {
  const file = MmapFile.open(path, { length: 65_536 });
  const loop = makeLoop('file', `read${kind}(OFFSET)`, false, 'allocation');
  const range = file.length - 7;
  const state = warm(loop, file, range);
  const collections = watchGarbage();
  globalThis.gc();
  const before = { gc: await collections(), heap: process.memoryUsage().heapUsed };
  loop(file, 1e7, range, state);
  const heap = process.memoryUsage().heapUsed - before.heap;
  const { minor, major } = await collections();
  file.close();
  return { kind, heap, collections: minor + major - before.gc.minor - before.gc.major };
}

// A program has both classes in use: the accessors must not be fast for one of them only.
const other = MmapFileMut.anonymous(4096);
for (let n = 0; n < 1e5; n += 1) {
  const at = (n * 8) % 4096;
  other.writeUInt8(other.readUInt8(at), at);
  other.readUInt32LE(at);
  other.readDoubleLE(at);
}
other.close();

const cases = [];
for (const [size, length, count] of [
  ['64 KiB', 2 ** 16, 10e6],
  ['1 GiB', 2 ** 30, 4e6],
]) {
  for (const kind of Object.keys(KINDS)) {
    const slower = KINDS[kind].chain ? 4 : 1;
    const results = await measure(kind, length, Math.ceil((count * scale) / slower));
    cases.push({ size, kind, results });
  }
}
const allocations = [];
for (const kind of ['DoubleLE', 'UInt32LE', 'UInt8']) {
  allocations.push(await measureAllocation(kind));
}
console.log(JSON.stringify({ cases, allocations }));
