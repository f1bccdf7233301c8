// The members that can be called, as listed by the classes themselves.

import { inspect } from 'node:util';

/** Not public: internal, or protected in TypeScript. */
const HIDDEN = new Set(['constructor', 'advance', 'claim', 'takeUnflushed', 'giveBack']);

/** Exported classes that are neither errors nor files: thread pools have their own tests. */
const NO_FILES = new Set(['WorkerPool']);

export type Class = abstract new (...args: never[]) => object;

export interface Member {
  /** The name of the class. */
  readonly type: string;
  /** `indexOf`, `get length`, `set removeOnDispose`, `static open`, `[Symbol.dispose]`. */
  readonly name: string;
}

export const isStatic = (name: string): boolean => name.startsWith('static ');

/** The classes of a package, without its errors. */
export function classesOf(exports: object): Map<string, Class> {
  const isClass = (value: unknown): value is Class =>
    typeof value === 'function' &&
    Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
  const found = Object.entries(exports).filter(
    ([name, value]) => isClass(value) && !(value.prototype instanceof Error) && !NO_FILES.has(name),
  );
  return new Map(found as [string, Class][]);
}

/** The name as written in a class: `[Symbol.dispose]`, whose description is different in Node 20. */
function nameOf(key: string | symbol): string {
  if (typeof key === 'string') return key;
  if (key === inspect.custom) return '[inspect.custom]';
  const name = Object.getOwnPropertyNames(Symbol).find((each) => Reflect.get(Symbol, each) === key);
  return `[Symbol.${name ?? key.description}]`;
}

function keysOf(from: object | null, end: object): Map<string, PropertyDescriptor> {
  const found = new Map<string, PropertyDescriptor>();
  for (let each = from; each && each !== end; each = Object.getPrototypeOf(each)) {
    for (const key of Reflect.ownKeys(each)) {
      const name = nameOf(key);
      const descriptor = Object.getOwnPropertyDescriptor(each, key);
      if (descriptor && !found.has(name)) found.set(name, descriptor);
    }
  }
  return found;
}

/** Every public member of a class, including inherited and static ones. */
export function membersOf(type: string, of: Class): Member[] {
  const names: string[] = [];
  for (const [name, { value, get, set }] of keysOf(of.prototype, Object.prototype)) {
    if (HIDDEN.has(name) || name.startsWith('_')) continue;
    if (typeof value === 'function') names.push(name);
    if (get) names.push(`get ${name}`);
    if (set) names.push(`set ${name}`);
  }
  for (const [name, { value }] of keysOf(of, Function.prototype)) {
    if (typeof value === 'function' && name !== 'prototype') names.push(`static ${name}`);
  }
  return names.map((name) => ({ type, name }));
}
