// WebAssembly for tests: the code is in `programs/wasm.cjs`.
import { createRequire } from 'node:module';
import type { WasmMemory } from '../../src/index.js';

export const OUTSIDE = 'RuntimeError: memory access out of bounds';
/** What `traps()` returns. */
export const TRAPS = [
  OUTSIDE,
  OUTSIDE,
  OUTSIDE,
  'RuntimeError: unreachable',
  'RuntimeError: divide by zero',
  'RangeError: Maximum call stack size exceeded',
  2,
];

/** The exports of code over a memory. */
interface WasmCode {
  load(address: number): number;
  store(address: number, value: number): void;
  /** @returns The previous number of pages, or -1. */
  grow(pages: number): number;
  fail(_: number): number;
}

interface Wasm {
  sharedMemory(initial?: number, maximum?: number): WasmMemory;
  over(memory: WasmMemory): WasmCode;
}

export const { sharedMemory, over }: Wasm = createRequire(import.meta.url)('../programs/wasm.cjs');
