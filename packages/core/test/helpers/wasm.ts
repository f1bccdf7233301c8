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
