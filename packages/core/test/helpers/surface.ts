import { inspect } from 'node:util';
import { sharedMemory } from './wasm.js';

/** Arguments with which a method passes its checks; none for a method without an entry. */
const ARGUMENTS: Record<string, readonly unknown[]> = {
  bytes: [0, 0],
  array: [Uint8Array],
  read: [Buffer.alloc(1)],
  readExact: [Buffer.alloc(1)],
  readLine: [],
  indexOf: ['x'],
  lastIndexOf: ['x'],
  includes: ['x'],
  indexesOf: ['x', new Float64Array(1)],
  gather: [new Uint8Array(1), new Float64Array(1)],
  writeToNewFile: ['/nowhere/at/all'],
  advise: ['normal'],
  write: ['x'],
  writeAll: ['x'],
  writeSome: ['x'],
  readUntil: ['x'],
  readText: [1],
  fill: [0],
  zeroRange: [0, 0],
  copyWithin: [0, 0],
  truncate: [1],
  closeWithTruncate: [1],
  seek: [0],
  skip: [0],
  peek: [1],
  chunks: [1],
  claim: [1],
  mapInto: [sharedMemory(0, 2 ** 16)],
  onFault: [() => {}],
  run: [() => {}],
  runWith: [{}, () => {}],
  map: [() => {}],
};

/** Methods that describe an object throw nothing, in any state: api/inspect.test.ts. */
const DESCRIBING = ['toJSON', String(inspect.custom)];

/** Not public: `@internal` or `protected` in TypeScript. */
const isHidden = (name: string): boolean =>
  name.startsWith('_') || ['advance', 'takeUnflushed', 'giveBack', ...DESCRIBING].includes(name);

function argumentsOf(name: string): readonly unknown[] {
  const found = ARGUMENTS[name];
  if (found) return found;
  if (/^readU?Int[BL]E$/.test(name)) return [1, 1];
  if (/^writeU?Int[BL]E$/.test(name)) return [1, 1, 1];
  if (/^read[A-Z]/.test(name)) return [0];
  if (/^writeBig/.test(name)) return [1n, 0];
  if (/^write[A-Z]/.test(name)) return [1, 0];
  return [];
}

export interface Member {
  readonly name: string;
  /** Calls the method, and takes a first step if it returns an iterator; or reads the getter. */
  use(object: object): unknown;
}

function members(prototype: object): Map<string, PropertyDescriptor> {
  const found = new Map<string, PropertyDescriptor>();
  for (let from = prototype; from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const key of Reflect.ownKeys(from)) {
      const descriptor = Object.getOwnPropertyDescriptor(from, key);
      if (descriptor && !found.has(String(key))) found.set(String(key), descriptor);
    }
  }
  found.delete('constructor');
  return found;
}

/** Every public method of a class, including inherited and generated ones. */
export function methodsOf(type: { prototype: object }): Member[] {
  return [...members(type.prototype)]
    .filter(([name, { value }]) => typeof value === 'function' && !isHidden(name))
    .map(([name, { value }]) => ({
      name,
      use: (object) => {
        const result = value.apply(object, argumentsOf(name));
        return typeof result?.next === 'function' ? result.next() : result;
      },
    }));
}

/** Every getter of a class, including inherited and generated ones. */
export function gettersOf(type: { prototype: object }): Member[] {
  return [...members(type.prototype)]
    .filter(([, { get }]) => get !== undefined)
    .map(([name, { get }]) => ({ name, use: (object) => get?.call(object) }));
}
