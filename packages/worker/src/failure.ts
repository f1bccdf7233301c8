// Passing errors from one thread to another, with their class, properties and causes.
import { inspect } from 'node:util';
import {
  asError,
  clone,
  hide,
  isError,
  MmapError,
  packType,
  unpackType,
} from '@fmmap/core/internal';

/** An error in a form that reaches another thread intact: structured clone keeps few classes, and no properties. */
interface PackedFailure {
  /** A number for one of our own classes, or the name of a JavaScript class. */
  readonly type: number | string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Own properties, such as `code`. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly cause?: Failure;
}

/** A value thrown in another thread. */
export type Failure = PackedFailure | { readonly thrown: unknown };

const TYPES: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Causes may be circular. */
const DEEPEST = 8;

/** @returns The reason if a value cannot be cloned. */
export function whyNotCloned(value: unknown): Error | undefined {
  try {
    clone(value);
    return undefined;
  } catch (error) {
    return asError(error);
  }
}

/** The name of the built-in JavaScript class of an error, whichever realm it was created in. */
function builtInOf(error: Error): string {
  for (let from = error; ; from = Object.getPrototypeOf(from)) {
    const prototype = Object.getPrototypeOf(from) as Error | null;
    if (prototype === null) return 'Error';
    const { value } = Object.getOwnPropertyDescriptor(prototype, 'name') ?? {};
    if (typeof value === 'string' && Object.hasOwn(TYPES, value)) return value;
  }
}

export function packFailure(error: unknown, depth = 0): Failure {
  if (!isError(error)) {
    return whyNotCloned(error) === undefined
      ? { thrown: error }
      : packFailure(new MmapError(`the task threw ${inspect(error)}`, { code: 'ERR_MMAP_TASK' }));
  }
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  const own = Object.entries({ ...(code !== undefined && { code }), ...error });
  const failure: PackedFailure = {
    type: error instanceof MmapError ? packType(error) : builtInOf(error),
    name: String(name),
    message: String(message),
    stack: stack && String(stack),
    details: Object.fromEntries(
      own.filter(([key, value]) => key !== 'cause' && whyNotCloned(value) === undefined),
    ),
  };
  return cause === undefined || depth === DEEPEST
    ? failure
    : { ...failure, cause: packFailure(cause, depth + 1) };
}

export function unpackFailure(failure: Failure): unknown {
  if ('thrown' in failure) return failure.thrown;
  const { type, name, message, stack, details } = failure;
  const error =
    typeof type === 'number' ? unpackType(type, message) : new (TYPES[type] ?? Error)(message);
  Object.assign(error, details);
  if (error.name !== name) hide(error, 'name', name);
  if (stack !== undefined) hide(error, 'stack', stack);
  if (failure.cause !== undefined) hide(error, 'cause', unpackFailure(failure.cause));
  return fromElsewhere(error);
}

/** Errors whose stack does not lead to the caller. */
const strangers = new WeakSet<Error>();

export function fromElsewhere<E extends Error>(error: E): E {
  strangers.add(error);
  return error;
}

/** Appends the caller's frames to the stack of an error from another thread, which is caught here. */
export function addCaller(error: unknown): unknown {
  if (!isError(error) || !strangers.delete(error)) return error;
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, addCaller);
  const frames = (here.stack ?? '').split('\n').slice(1);
  return hide(error, 'stack', [error.stack ?? String(error), ...frames].join('\n'));
}
