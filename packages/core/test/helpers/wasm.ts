import type { WasmMemory } from '../../src/index.js';

const text = (name: string) => [name.length, ...Buffer.from(name)];
const section = (id: number, ...content: number[]) => [id, content.length, ...content];
const body = (...code: number[]) => [code.length + 2, 0, ...code, 0x0b];

/** A module of one page of memory and a function for each trap. */
const MODULE = [
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  // Types: (i32) -> i32, (i32, i32) -> i32 and (i32) -> ()
  ...section(1, 3, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 0x60, 1, 0x7f, 0),
  ...section(3, 5, 0, 2, 0, 1, 0),
  ...section(5, 1, 0, 1),
  ...section(
    7,
    5,
    ...[...text('load'), 0, 0],
    ...[...text('store'), 0, 1],
    ...[...text('unreachable'), 0, 2],
    ...[...text('divide'), 0, 3],
    ...[...text('recurse'), 0, 4],
  ),
  ...section(
    10,
    5,
    ...body(0x20, 0, 0x28, 2, 0), // i32.load
    ...body(0x20, 0, 0x20, 0, 0x36, 2, 0), // i32.store
    ...body(0x00),
    ...body(0x20, 0, 0x20, 1, 0x6d), // i32.div_s
    // 1 + itself: no call in the place of a return
    ...body(0x20, 0, 0x10, 4, 0x41, 1, 0x6a),
  ),
];

/** For the source of a child: `traps()` runs into each of them, and returns what came of it. */
export const WASM = `
  const { exports: wasm } = new WebAssembly.Instance(
    new WebAssembly.Module(Uint8Array.from(${JSON.stringify(MODULE)})),
  );
  const trapOf = (call) => {
    try { return 'no trap: ' + call(); } catch (error) { return error.name + ': ' + error.message; }
  };
  const traps = () => [
    trapOf(() => wasm.load(65536)),
    trapOf(() => wasm.load(-1)),
    trapOf(() => wasm.store(1 << 30)),
    trapOf(() => wasm.unreachable(0)),
    trapOf(() => wasm.divide(1, 0)),
    trapOf(() => wasm.recurse(0)),
    wasm.load(0) + wasm.divide(6, 3),
  ];
`;

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

/** A module over a memory that it imports, with functions for bytes of it. */
const IMPORTING = [
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  // Types: (i32) -> i32 and (i32, i32) -> ()
  ...section(1, 2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 0),
  ...section(2, 1, 0, ...text('memory'), 2, 3, 0, 0x80, 0x80, 4), // shared, of 0 to 65,536 pages
  ...section(3, 4, 0, 1, 0, 0),
  ...section(
    7,
    4,
    ...[...text('load'), 0, 0],
    ...[...text('store'), 0, 1],
    ...[...text('grow'), 0, 2],
    ...[...text('fail'), 0, 3],
  ),
  ...section(
    10,
    4,
    ...body(0x20, 0, 0x2d, 0, 0), // i32.load8_u
    ...body(0x20, 0, 0x20, 1, 0x3a, 0, 0), // i32.store8
    ...body(0x20, 0, 0x40, 0), // memory.grow
    ...body(0x00),
  ),
];

/** For the source of a child: shared memories, code over one, and how a call of it ends. */
export const SHARED = `
  const sharedMemory = (initial = 0, maximum = 1000) => new WebAssembly.Memory({ initial, maximum, shared: true });
  const over = (memory) => new WebAssembly.Instance(
    new WebAssembly.Module(Uint8Array.from(${JSON.stringify(IMPORTING)})), { '': { memory } },
  ).exports;
  const endOf = (call) => {
    try { return call(); } catch (error) { return error.name + ': ' + error.message; }
  };
`;

/** What it exports. */
export interface WasmCode {
  load(address: number): number;
  store(address: number, value: number): void;
  /** @returns The pages before, or -1. */
  grow(pages: number): number;
  fail(_: number): number;
}

const made = new Function(`${SHARED} return { sharedMemory, over };`)() as {
  sharedMemory(initial?: number, maximum?: number): WasmMemory;
  over(memory: WasmMemory): WasmCode;
};
export const { sharedMemory, over } = made;
