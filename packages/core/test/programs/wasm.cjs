// WebAssembly for programs: a module with a function for each trap, and code over a shared memory.

// TypeScript only knows it together with the DOM.
const { WebAssembly } = /** @type {any} */ (globalThis);

const text = (name) => [name.length, ...Buffer.from(name)];
const section = (id, ...content) => [id, content.length, ...content];
const body = (...code) => [code.length + 2, 0, ...code, 0x0b];

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
    // 1 + itself: not a tail call
    ...body(0x20, 0, 0x10, 4, 0x41, 1, 0x6a),
  ),
];

const wasm = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(MODULE))).exports;
const endOf = (call) => {
  try {
    return call();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};
const trapOf = (call) => endOf(() => `no trap: ${call()}`);

/** Triggers each trap, and returns the errors. */
const traps = () => [
  trapOf(() => wasm.load(65536)),
  trapOf(() => wasm.load(-1)),
  trapOf(() => wasm.store(1 << 30)),
  trapOf(() => wasm.unreachable(0)),
  trapOf(() => wasm.divide(1, 0)),
  trapOf(() => wasm.recurse(0)),
  wasm.load(0) + wasm.divide(6, 3),
];

/** A module over a memory that it imports, with functions to access bytes in it. */
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

/** A shared memory of a number of pages. */
const sharedMemory = (initial = 0, maximum = 1000) =>
  new WebAssembly.Memory({ initial, maximum, shared: true });

/** Code over a memory. */
const over = (memory) =>
  new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(IMPORTING)), {
    '': { memory },
  }).exports;

module.exports = { wasm, trapOf, traps, endOf, sharedMemory, over };
