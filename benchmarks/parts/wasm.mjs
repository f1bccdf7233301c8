// WebAssembly code over a file that is mapped into its memory, next to C and JavaScript over the same pages.
import * as fs from 'node:fs';
import { join } from 'node:path';

import { MmapFile } from '@fmmap/core';
import { AsyncMmapFile, WorkerPool } from '@fmmap/worker';
import wabt from 'wabt';

import { nearest } from '../../examples/dist/nearest.js';
import { sumFast, wordsOf } from '../lib/loops.mjs';
import { compile, runBaseline } from '../lib/machine.mjs';
import * as part from '../lib/part.mjs';
import { race, timed } from '../lib/race.mjs';

const length = part.pick(2 ** 27, 2 ** 30);
const size = `${length / 2 ** 20} MiB`;
const DIMENSIONS = 256;
const { rounds } = part;
const native = part.baseline && compile('vectors', part.directory, ['-O3', '-march=native']);

const { parseWat } = await wabt();

/** Code over its own memory, which contains the file, and the address of the file. */
function load(path, file) {
  const text = fs.readFileSync(new URL(path, import.meta.url), 'utf8');
  const { buffer } = parseWat(path, text, { simd: true, threads: true }).toBinary({});
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 ** 16, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(buffer), { '': { memory } });
  const { address } = file.mapInto(memory);
  return { exports, from: address, end: address + file.length };
}

/** Numbers around 0; all vectors are different. */
function writeVectors(path) {
  const file = fs.openSync(path, 'w');
  const floats = new Float32Array(2 ** 22);
  let state = 2463534242;
  for (let at = 0; at < length; at += floats.byteLength) {
    for (let n = 0; n < floats.length; n += 1) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      floats[n] = state / 2 ** 31;
    }
    fs.writeSync(file, floats);
  }
  fs.closeSync(file);
}

/** As in the others: sixteen sums would be slower in JavaScript, and four are faster than one. */
function nearestInJs(floats) {
  let least = Number.POSITIVE_INFINITY;
  let found = 0;
  for (let at = DIMENSIONS; at < floats.length; at += DIMENSIONS) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let n = 0; n < DIMENSIONS; n += 4) {
      const e = floats[at + n] - floats[n];
      const f = floats[at + n + 1] - floats[n + 1];
      const g = floats[at + n + 2] - floats[n + 2];
      const h = floats[at + n + 3] - floats[n + 3];
      a += e * e;
      b += f * f;
      c += g * g;
      d += h * h;
    }
    const distance = a + b + c + d;
    if (distance < least) {
      least = distance;
      found = at / DIMENSIONS;
    }
  }
  return found;
}

const big = MmapFile.open(part.big, { length });
big.prefetch();
const adder = load('../lib/sum.wat', big);
const sums = {
  WebAssembly: timed(() => adder.exports.sum(adder.from, adder.end) >>> 0),
  'JavaScript, four words a turn': timed(() => sumFast(wordsOf(big.asBuffer()))),
};
if (native) sums.C = () => runBaseline(native, 'sum', part.big, length);
const reference = native ? 'C' : 'WebAssembly';
const added = await race({
  name: `sum of ${size}`,
  unit: 'ms',
  reference,
  rounds,
  contenders: sums,
});
big.close();

const path = join(part.directory, 'floats');
writeVectors(path);
const file = await AsyncMmapFile.open(path);
await file.prefetch();
const kernel = load('../../examples/nearest.wat', file);
const bytes = 4 * DIMENSIONS;

function nearestInWasm() {
  const { exports, from, end } = kernel;
  let [least, found] = [Number.POSITIVE_INFINITY, 0];
  for (let at = from + bytes; ; at += bytes) {
    at = exports.next(at, end, bytes, from, least) >>> 0;
    if (at === end) return found;
    least = exports.distance.value;
    found = (at - from) / bytes;
  }
}

const view = file.asBuffer();
const floats = new Float32Array(view.buffer, view.byteOffset, length / 4);
const query = floats.slice(0, DIMENSIONS);
const pools = [1, 2].map((size) => new WorkerPool({ size }));
const inPool = (pool) => timed(async () => (await nearest(file, query, 2, pool))[1].row);
const searches = {
  WebAssembly: timed(nearestInWasm),
  'examples/nearest.ts, 1 worker': inPool(pools[0]),
  'examples/nearest.ts, 2 workers': inPool(pools[1]),
  JavaScript: timed(() => nearestInJs(floats)),
};
if (native) searches.C = () => runBaseline(native, 'nearest', path, length, DIMENSIONS);
const found = await race({
  name: `nearest in ${size}`,
  unit: 'ms',
  reference,
  rounds,
  contenders: searches,
});
await file.close();
for (const pool of pools) await pool.destroy();

const goal = (table, contender, most) => ({ table: table.name, contender, most, than: 'C' });
part.finish({
  title: 'WebAssembly over a mapped file',
  about: `Milliseconds for what is in memory and mapped: all 32-bit words added up, and which of ${DIMENSIONS}-dimensional vectors is nearest to the first one. C is compiled with \`-O3 -march=native\`; WebAssembly has 128-bit SIMD.`,
  tables: [added, found],
  goals: native
    ? [
        goal(added, 'WebAssembly', 1.3),
        goal(found, 'WebAssembly', 1.5),
        goal(found, 'examples/nearest.ts, 1 worker', 1.5),
      ]
    : [],
});
