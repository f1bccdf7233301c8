import { Mapping } from '../mapping/mapping.js';

/** A class of files. */
export interface FileClass {
  readonly name: string;
  readonly prototype: object;
}

function refusal(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_THIS' });
}

/**
 * How messages call a static method of a class of files. It makes files of that class, so it is refused to what extends the
 * class, and would seem to get one of its own.
 * @param caller - What it was called on; nothing, if it was taken out of its class.
 * @throws TypeError
 */
export function madeBy(caller: unknown, type: FileClass, method: string): string {
  const name = `${type.name}.${method}`;
  if (typeof caller !== 'function' || caller === type) return name;
  if (!Object.prototype.isPrototypeOf.call(type, caller)) return name;
  throw refusal(
    `${caller.name}.${method} would not make a ${caller.name}: call ${name}, and keep the file in a field`,
  );
}

/** Has a class refuse a static method that it inherits, and would make no file of its own. */
export function refuseStatic(
  type: FileClass,
  parent: FileClass,
  method: string,
  why: string,
): void {
  // Not a method: those are what a class has.
  Object.defineProperty(type, method, {
    get: () => {
      throw refusal(`${type.name} has no ${method}, because ${why}: call ${parent.name}.${method}`);
    },
    configurable: true,
  });
}

/**
 * What a file object is made of.
 * @param made - The class that `new` was used on.
 * @throws TypeError for whatever else users give to `new`
 */
export function checkMapping(mapping: unknown, made: FileClass): Mapping {
  if (mapping instanceof Mapping) return mapping;
  throw refusal(
    `${made.name} is not made with "new": call open, memory or attach, such as ${made.name}.open(path)`,
  );
}
