import type { Random } from '../matrix/random.js';
import { wasmMemory } from './wasm.js';

// Values of all kinds, most of them invalid.

const getter = (name: string): object =>
  Object.defineProperty({}, name, {
    enumerable: true,
    get() {
      throw new Error('a getter throws');
    },
  });

const throwing: ProxyHandler<object> = {
  get() {
    throw new Error('a proxy throws');
  },
};

/** An array whose memory has been transferred. */
function detached(): Uint8Array {
  const bytes = new Uint8Array(4096);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

const NUMBERS = [
  0,
  1,
  2,
  3,
  -1,
  -0,
  0.5,
  255,
  4095,
  4096,
  4097,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 33,
  2 ** 40,
  2 ** 47,
  2 ** 52,
  2 ** 53 - 1,
  -(2 ** 53),
  2 ** 63,
  -(2 ** 63),
  2 ** 64,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MIN_VALUE,
];

const memories: readonly ((length: number) => unknown)[] = [
  (length) => Buffer.alloc(length, 7),
  (length) => new Uint8Array(length),
  (length) => new ArrayBuffer(length),
  (length) => new SharedArrayBuffer(length),
  (length) => new SharedArrayBuffer(length, { maxByteLength: length * 2 }),
  (length) => new Uint8Array(new SharedArrayBuffer(length)),
  (length) => new Uint8Array(new SharedArrayBuffer(length, { maxByteLength: length })),
  (length) => new ArrayBuffer(length, { maxByteLength: length * 2 }),
  (length) => new DataView(new ArrayBuffer(length)),
  (length) => new Float64Array(length >> 3),
  (length) => new BigUint64Array(length >> 3),
  (length) => new Float64Array(new SharedArrayBuffer((length >> 3) * 8)),
  () => new Uint8Array(wasmMemory(false)),
  () => wasmMemory(true),
  () => new Uint8Array(wasmMemory(true)),
  detached,
  () => detached().buffer,
];

const LENGTHS = [0, 1, 7, 8, 100, 4096, 8192, 12_288];

const others: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => true,
  () => false,
  () => '',
  () => 'nowhere/at/all',
  () => 'x\0y',
  () => '\ud800',
  () => Symbol('symbol'),
  () => 0n,
  () => 2n ** 64n,
  () => -1n,
  () => ({}),
  () => [],
  () => [1, 2, 3],
  () => () => {},
  () => () => {
    throw new Error('a function throws');
  },
  () => class {},
  () => new Date(),
  () => Object.create(null) as object,
  () => getter('length'),
  () => getter('byteLength'),
  () => getter('then'),
  () => new Proxy({}, throwing),
  () => new Proxy(new Uint8Array(8), {}),
  () => new Proxy(() => {}, throwing),
  () => ({
    valueOf() {
      throw new Error('valueOf throws');
    },
  }),
  () => Promise.resolve(1),
];

/** Every number, and each kind of memory of no bytes, one byte and a page. New ones each time, since a call may transfer them. */
export const edges = (): unknown[] => [
  ...NUMBERS,
  ...memories.flatMap((make) => [make(0), make(1), make(4096)]),
  ...others.map((make) => make()),
];

export const anyNumber = (random: Random): number =>
  random.once(3) ? random.below(2 ** 14) : random.pick(NUMBERS);

export const anyMemory = (random: Random): unknown => random.pick(memories)(random.pick(LENGTHS));

export function anyValue(random: Random): unknown {
  const kind = random.below(4);
  if (kind < 2) return anyNumber(random);
  return kind === 2 ? anyMemory(random) : random.pick(others)();
}

/** A value as shown in a report. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  try {
    if (ArrayBuffer.isView(value)) {
      const { byteLength, buffer } = value;
      return `${value.constructor.name}(${byteLength} of ${buffer.constructor.name})`;
    }
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
      return `${value.constructor.name}(${value.byteLength})`;
    }
    return typeof value === 'object' ? Object.prototype.toString.call(value) : String(value);
  } catch {
    return 'what cannot be shown';
  }
}
