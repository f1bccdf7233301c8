// Traps of WebAssembly code, which meet the handler of the fault guard first.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { MmapFile } from '@fmmap/core';

import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const COUNT = part.pick(1000, 5000);
const MANY = part.pick(1000, 15_000);

/** `load(address)` of a memory of one page: (i32.load (local.get 0)). */
const LOAD = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1],
  ...[7, 8, 1, 4, 108, 111, 97, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 40, 2, 0, 11],
);
const { load } = new WebAssembly.Instance(new WebAssembly.Module(LOAD)).exports;

function trap() {
  let traps = 0;
  const started = performance.now();
  for (let n = 0; n < COUNT; n += 1) {
    try {
      load(0x7fffffff);
    } catch {
      traps += 1;
    }
  }
  return { value: ((performance.now() - started) * 1e3) / COUNT, check: traps };
}

const path = join(part.directory, 'file');
writeFileSync(path, Buffer.alloc(4096, 1));

/** With so many maps open meanwhile; opening them is not measured. */
const beside = (maps) => () => {
  const files = Array.from({ length: maps }, () => MmapFile.open(path, { lock: 'none' }));
  const result = trap();
  for (const file of files) file.close();
  return result;
};

const name = `${COUNT} traps`;
const many = `beside ${MANY} maps`;
const { rounds } = part;
const contenders = { 'without maps': beside(0), 'beside a map': beside(1), [many]: beside(MANY) };
const reference = 'without maps';
const table = await race({ name, unit: 'µs', reference, rounds, contenders });

part.finish({
  title: 'Traps of WebAssembly code',
  about:
    'Microseconds for a load out of bounds, with the RangeError that it becomes. The guard sees the fault first, and finds out that it is not about a mapped file.',
  tables: [table],
  goals: [{ table: name, contender: many, most: 2, than: reference }],
});
