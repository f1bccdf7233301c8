// Checks and error messages that the file classes share, for their constructors and static methods.
import { Mapping } from '../mapping/mapping.js';

/** A file class. */
export interface FileClass {
  readonly name: string;
  readonly prototype: object;
}

function refusal(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_THIS' });
}

/**
 * The name of a static method of a file class in messages. The method creates files of that class only, so a subclass
 * may not call it: it would seem to create one of its own.
 * @param caller - The `this` of the call; undefined if the method was detached from its class.
 * @throws TypeError
 */
export function madeBy(caller: unknown, type: FileClass, method: string): string {
  const name = `${type.name}.${method}`;
  if (typeof caller !== 'function' || caller === type) return name;
  if (!Object.prototype.isPrototypeOf.call(type, caller)) return name;
  throw refusal(
    `${caller.name}.${method} would not create a ${caller.name}; call ${name}, and keep the file in a field`,
  );
}

/** Makes a class refuse a static method that it inherits but that would not create files of its own. */
export function refuseStatic(
  type: FileClass,
  parent: FileClass,
  method: string,
  why: string,
): void {
  // A getter, because a method would look like one that the class has.
  Object.defineProperty(type, method, {
    get: () => {
      throw refusal(`${type.name} has no ${method}, because ${why}: call ${parent.name}.${method}`);
    },
    configurable: true,
  });
}

/**
 * The mapping that a file object is constructed with.
 * @param made - The class that `new` was called on.
 * @throws TypeError for anything else that a user passes to `new`
 */
export function checkMapping(mapping: unknown, made: FileClass): Mapping {
  if (mapping instanceof Mapping) return mapping;
  throw refusal(
    `${made.name} is not made with "new": call open, memory or attach, such as ${made.name}.open(path)`,
  );
}
