import { types } from 'node:util';
import type { Random } from '../matrix/random.js';
import { anyNumber, anyValue, show } from './values.js';
import { wasmMemory } from './wasm.js';

export type Dict = Record<string, unknown>;

const isDict = (value: unknown): value is Dict =>
  typeof value === 'object' &&
  value !== null &&
  (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);

/** Every place in a token: its object, and its name there. */
function placesOf(token: Dict, path: string): { of: Dict; name: string; path: string }[] {
  return Object.entries(Object.getOwnPropertyDescriptors(token)).flatMap(
    ([name, { value, get }]) => {
      if (get || name === 'length') return [];
      const here = { of: token, name, path: `${path}.${name}` };
      return isDict(value) ? [here, ...placesOf(value, here.path)] : [here];
    },
  );
}

/** A copy that shares the memories. */
function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (!isDict(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copy(each)])) as T;
}

const memories: readonly (() => unknown)[] = [
  () => new SharedArrayBuffer(0),
  () => new SharedArrayBuffer(4096),
  () => new SharedArrayBuffer(8 * 4096),
  () => new SharedArrayBuffer(8 * 4096, { maxByteLength: 8 * 4096 }),
  () => new SharedArrayBuffer(8 * 4096, { maxByteLength: 16 * 4096 }),
  () => new SharedArrayBuffer(2 ** 21, { maxByteLength: 2 ** 21 }),
  () => wasmMemory(true),
  () => wasmMemory(false),
  () => new ArrayBuffer(8 * 4096),
];

/** Another value for a place. `others`: the values at this place in other tokens. */
function another(value: unknown, others: readonly unknown[], random: Random): unknown {
  switch (random.below(5)) {
    case 0:
      return anyValue(random);
    case 1:
      return random.pick(memories)();
    case 2:
      return random.pick(others);
    case 3:
      if (typeof value === 'number') return random.pick([value + 1, value - 1, -value, value * 2]);
      if (typeof value === 'bigint') return value ^ (1n << BigInt(random.below(64)));
      if (typeof value === 'boolean') return !value;
      if (typeof value === 'string') return `${value.slice(0, -1)}0`;
      if (types.isUint8Array(value) && value.length > 0)
        return value.map((byte, at) => (at === 3 ? byte ^ 1 : byte));
      return undefined;
    default:
      return anyNumber(random);
  }
}

function change(token: Dict, others: readonly unknown[], random: Random): string {
  const places = placesOf(token, 'token');
  if (places.length === 0) return 'with nothing left';
  const { of, name, path } = random.pick(places);
  const value = of[name];
  const other = another(value, others, random);
  if (random.once(4)) {
    if (Array.isArray(of)) of.splice(Number(name), 1);
    else delete of[name];
    return `without ${path}`;
  }
  if (random.once(3)) {
    // It answers correctly at first and wrongly later, or vice versa.
    const [turn, isGoodFirst] = [random.below(6), random.once(2)];
    let reads = 0;
    Object.defineProperty(of, name, {
      configurable: true,
      enumerable: true,
      set: (next) => Object.defineProperty(of, name, { value: next, writable: true }),
      get: () => (reads++ < turn === isGoodFirst ? value : other),
    });
    return `with a getter ${path}, ${show(other)} ${isGoodFirst ? 'from' : 'until'} read ${turn}`;
  }
  if (Array.isArray(value) && random.once(2)) {
    value.push(random.once(2) ? value[0] : random.pick(memories)());
    return `with one more ${path}`;
  }
  of[name] = other;
  return `with ${path} ${show(other)}`;
}

/** A token made only of things that look right. */
function invent(others: readonly unknown[], random: Random): Dict {
  const memory = random.once(2) ? random.pick(others) : random.pick(memories)();
  const secret = Array.from({ length: 32 }, () => random.below(16).toString(16)).join('');
  return {
    fmmap: 1,
    path: 'invented',
    secret: random.once(4) ? random.below(12) : secret,
    ...(random.once(4) ? { id: random.below(12), access: 2, offset: 0, delta: 0 } : {}),
    windows: Array.from({ length: random.below(3) }, () => memory),
  };
}

/** Something that is no longer the token. */
export function tamper(
  token: Dict,
  others: readonly unknown[],
  random: Random,
): { token: Dict; how: string } {
  if (random.once(6)) return { token: invent(others, random), how: 'invented' };
  const changed = copy(token);
  const how: string[] = [];
  do how.push(change(changed, others, random));
  while (random.once(3));
  return { token: changed, how: how.join(', ') };
}
