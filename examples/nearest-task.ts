// What each thread does for nearest.ts, with its part of the file.
import { readFileSync } from 'node:fs';
import type { MmapFile, WasmMemory } from '@fmmap/core';

import { type Neighbour, Neighbours } from './neighbours.js';

/** What nearest.wat exports. */
interface Kernel {
  readonly distance: { readonly value: number };
  next(at: number, end: number, size: number, query: number, limit: number): number;
}

/** In the types of browsers only. */
declare const WebAssembly: {
  Memory: new (of: { initial: number; maximum: number; shared: true }) => WasmMemory;
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: object };
};

const MOST = 2 ** 16; // pages: 4 GiB of addresses, which cost nothing before they are used

// One for each thread; the query is in its first page, and the file after that.
const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST, shared: true });
const code = readFileSync(new URL('nearest.wasm', import.meta.url));
const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { '': { memory } });
const kernel = instance.exports as Kernel;

/** The vectors of a part of the file that are nearest to the query, by their numbers in the file. */
export default function nearestIn(
  file: MmapFile,
  offset: number,
  length: number,
  query: Float32Array,
  count: number,
): Neighbour[] {
  const size = query.byteLength;
  using range = file.mapInto(memory, offset, length);
  new Float32Array(memory.buffer, 0, query.length).set(query);
  const found = new Neighbours(count);
  const end = range.address + length;
  for (let at = range.address; at < end; ) {
    at = kernel.next(at, end, size, 0, found.limit) >>> 0;
    if (at === end) break;
    const row = (offset + at - range.address) / size;
    found.add({ row, distance: Math.sqrt(kernel.distance.value) });
    at += size;
  }
  file.checkFault(); // zeroes are near, too
  return found.list;
}
