import { constants } from 'node:os';
import { getSystemErrorMap, inspect, types as slots } from 'node:util';

/** What an error knows besides its message; the names are those of Node's system errors. */
export interface MmapErrorDetails {
  /** A stable word to test for, such as `'ENOENT'` or `'ERR_MMAP_CLOSED'`. */
  code?: string | undefined;
  /** The file, as it was given when it was opened. */
  path?: string | undefined;
  /** The second file, for operations that have two. */
  dest?: string | undefined;
  /** The system call that failed. */
  syscall?: string | undefined;
  /** The system's error number, negative as in Node. */
  errno?: number | undefined;
  /** The option or parameter that was wrong. */
  argument?: string | undefined;
  /** What is at the path, of an {@link MmapIdentityError}. */
  reason?: IdentityReason | undefined;
  /** What the system, Node or JavaScript said, where that is an error of its own. */
  cause?: Error | undefined;
}

/**
 * What `remove` found instead of the file:
 *
 * - `'missing'`: nothing. The file was renamed or removed, before or while it was looked at.
 * - `'replaced'`: another file, or a directory.
 * - `'symlink'`: a symbolic link, wherever it leads: also to the file.
 */
export type IdentityReason = 'missing' | 'replaced' | 'symlink';

/**
 * What every error that fmmap throws is an `instanceof`, except for arguments of the wrong type, which are a `TypeError` as
 * everywhere in Node. `cause`, where there is one, is the error of the system, of Node or of JavaScript behind it.
 */
export class MmapError extends Error {
  /** A stable word to test for, such as `'ENOENT'` or `'ERR_MMAP_CLOSED'`. */
  declare code: string;
  /** The file, as its path was given when it was opened. */
  declare path?: string;
  /** The second file, for operations that have two. */
  declare dest?: string;
  /** The system call that failed. */
  declare syscall?: string;
  /** The system's error number, negative as in Node. */
  declare errno?: number;
  /** The option or parameter that was wrong. */
  declare argument?: string;
  /** The error of the system, of Node or of JavaScript that led to this one. */
  declare cause?: Error;

  constructor(message: string, details: MmapErrorDetails = {}) {
    super(message);
    tell(this, details);
  }
}

/** Gives an error what it knows. As of V8's own errors, `cause` is not among what is listed. */
function tell(error: Error, { cause, ...details }: MmapErrorDetails): void {
  if (cause !== undefined) hide(error, 'cause', cause);
  for (const [key, value] of Object.entries(details)) {
    if (value !== undefined) Object.assign(error, { [key]: value });
  }
}

/** Sets a property as V8 sets those of its errors: not among what is listed. */
export function hide<Type extends Error>(error: Type, key: string, value: unknown): Type {
  return Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

/** The handle was closed, removed or consumed by `freeze`. `code` is `'ERR_MMAP_CLOSED'`. */
export class MmapClosedError extends MmapError {
  constructor(path?: string, details: MmapErrorDetails = {}) {
    super(`'${path ?? ''}' is closed; open it again to use it`, {
      code: 'ERR_MMAP_CLOSED',
      path,
      ...details,
    });
  }
}

/**
 * An earlier `truncate`, `freeze` or `flush` failed half-way, so what the file holds is no longer
 * known. `path`, `remove` and `close` still work. `code` is `'ERR_MMAP_POISONED'`.
 */
export class MmapPoisonedError extends MmapError {
  constructor(path?: string, details: MmapErrorDetails = {}) {
    super(
      `'${path ?? ''}' is poisoned: an earlier truncate, freeze or flush failed half-way; ` +
        'close it, check the file and open it again',
      { code: 'ERR_MMAP_POISONED', path, ...details },
    );
  }
}

/** What `native/src/platform/fault.h` calls `Reason`, in its order. */
const REASONS = ['truncated', 'no-space', 'io', 'read-only'] as const;

/**
 * Why a page could not be used:
 *
 * - `'truncated'`: somebody else made the file shorter than what is mapped of it.
 * - `'no-space'`: what was stored in a page without a block on the disk found the disk full.
 * - `'io'`: the system could not read or write the page.
 * - `'read-only'`: a view of a mapping that may only be read was written to. The file is unchanged.
 */
export type FaultReason = (typeof REASONS)[number];

const WHY: Readonly<Record<FaultReason, string>> = {
  truncated:
    'was made shorter by somebody else while it was mapped; reopen() maps what is left of it',
  'no-space':
    'is on a full disk, and what was stored there is lost; make room, then reopen(). The option "allocate" reserves room beforehand',
  io: 'could not be read or written there by the system; check the device, then reopen()',
  'read-only':
    'is mapped read-only, but a view of it was written to. The file is unchanged, the memory is not; correct the program. reopen() shows the file again',
};

/**
 * A page of the mapping was gone, or not to be had, when somebody touched it. It reads as zeroes
 * since, so nothing that the mapping shows can be relied on: every method throws this error until
 * `reopen` or `close`. `code` is `'ERR_MMAP_FAULT'`.
 */
export class MmapFaultError extends MmapError {
  /** Why the page could not be used. */
  declare reason: FaultReason;
  /** What the system said, where it said more than a signal: `MmapError` `EIO` or `ENOSPC`, for example. */
  declare cause?: MmapError;
  /** Where it happened first, in bytes from the start of the mapping. */
  declare offset: number;

  /** @param code - A reason and an errno, as the binding puts them together. */
  constructor(path: string | undefined, code: number, offset: number, details?: MmapErrorDetails) {
    const reason = REASONS[(code & 7) - 1] ?? 'io';
    const errno = code >> 3;
    const call = reason === 'no-space' ? 'fallocate' : 'read';
    const cause = errno === 0 ? undefined : systemError(errno, call, path);
    const said = cause ? ` (${cause.code})` : '';
    super(`offset ${offset} of '${path ?? ''}' cannot be used: the file ${WHY[reason]}${said}`, {
      code: 'ERR_MMAP_FAULT',
      path,
      cause,
      ...details,
    });
    this.reason = reason;
    this.offset = offset;
  }
}

/** Somebody else holds the lock, or the own lock would have to change its kind. */
export class MmapLockError extends MmapError {}

/** As {@link MmapError}, which it is an `instanceof` as well. */
export interface MmapRangeError extends MmapError {
  /** The error that led to this one. */
  cause?: Error;
}

/**
 * A number outside what is possible: a `RangeError`, as Node and JavaScript throw it, and an `MmapError`. `code` is
 * `'ERR_OUT_OF_RANGE'`, `argument` names it.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a class extends one other, and `instanceof MmapError` is told below
export class MmapRangeError extends RangeError {
  constructor(message: string, details: MmapErrorDetails = {}) {
    super(message);
    tell(this, { code: 'ERR_OUT_OF_RANGE', ...details });
  }
}

/**
 * `remove` looked into the directory of the path, and the file is not what has that name there; whatever is, was left
 * alone. `reason` says what; `code` is `'ERR_MMAP_IDENTITY'`.
 *
 * Where that directory itself cannot be opened, it is an `MmapError` of the system (`open(2)`): `ENOENT` or `ENOTDIR` if it
 * is gone, `EACCES` if it may not be read.
 */
export class MmapIdentityError extends MmapError {
  /** What was found. */
  declare reason: IdentityReason;
}

/** This system, or this kind of mapping, cannot do it. `code` is `'ERR_MMAP_UNSUPPORTED'`. */
export class MmapUnsupportedError extends MmapError {
  constructor(message: string, details: MmapErrorDetails = {}) {
    super(message, { code: 'ERR_MMAP_UNSUPPORTED', ...details });
  }
}

const types = [
  MmapError,
  MmapClosedError,
  MmapPoisonedError,
  MmapFaultError,
  MmapLockError,
  MmapRangeError,
  MmapIdentityError,
  MmapUnsupportedError,
];

// As V8's own errors have it: on the prototype, not on each error.
for (const type of types) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true });
}

const isInstance = Function.prototype[Symbol.hasInstance];

// The one error that extends another class. Classes that extend MmapError inherit this, and it is not about them.
Object.defineProperty(MmapError, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    return (
      isInstance.call(this as typeof MmapError, value) ||
      (this === MmapError && value instanceof MmapRangeError)
    );
  },
});

/** Of this realm or of another one; Node's DOMExceptions, too. */
export function isError(value: unknown): value is Error {
  return slots.isNativeError(value) || value instanceof Error;
}

/** What was thrown, for a `cause`: whatever is no error is told by one. */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  return new MmapError(`${inspect(thrown)} was thrown, which is no error`, {
    code: 'ERR_MMAP_THROWN',
  });
}

/** A `TypeError` as Node throws it for an argument of the wrong type. */
export function typeError(argument: string, expected: string, value: unknown): TypeError {
  return argumentError(argument, `must be ${expected}; received ${describe(value)}`);
}

/** Likewise, where there is more to say. @param what - Of the argument. */
export function argumentError(
  argument: string,
  what: string,
  code = 'ERR_INVALID_ARG_TYPE',
  options?: ErrorOptions,
): TypeError {
  return Object.assign(new TypeError(`"${argument}" ${what}`, options), { code, argument });
}

/** More than this of a value helps nobody. */
const LONG = 60;

/** A value for people. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'bigint') return `a bigint (${value}n)`;
  if (typeof value === 'object') return `an instance of ${value.constructor?.name ?? 'Object'}`;
  if (typeof value === 'function') return `a function (${value.name || 'without a name'})`;
  const text = String(value);
  return `a ${typeof value} (${text.length > LONG ? `${text.slice(0, LONG)}…` : text})`;
}

/** Names of errors by their numbers; Node's map of errors, which comes first, lacks some of them. */
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, code]) => [code, name]),
);

/**
 * An error that Node or V8 might have thrown, in the shape of a system error.
 * @param known - Its name and text in the system's words, for what Node does not know.
 */
export function systemError(
  code: number,
  syscall: string,
  path?: string,
  dest?: string,
  detail?: string,
  known: { readonly name?: string | undefined; readonly text?: string | undefined } = {},
): MmapError {
  const [name, text] = getSystemErrorMap().get(-code) ?? [
    NAMES.get(code) ?? (known.name || `E${code}`),
    known.text || 'unknown error',
  ];
  const where =
    (path === undefined ? '' : ` '${path}'`) + (dest === undefined ? '' : ` -> '${dest}'`);
  const why = detail ? `; ${detail}` : '';
  return new MmapError(`${name}: ${text}, ${syscall}${where}${why}`, {
    code: name,
    errno: -code,
    syscall,
    path,
    dest,
  });
}

/** The number of an error's class, for another thread, to which no class can be sent. @returns -1 for a class of somebody else. */
export function packType(error: Error): number {
  return types.findIndex(({ prototype }) => prototype === Object.getPrototypeOf(error));
}

/** An error of the class of that number, which knows nothing yet. */
export function unpackType(type: number, message: string): Error {
  return Object.setPrototypeOf(new Error(message), (types[type] ?? MmapError).prototype) as Error;
}

/** What `native/src/platform/status.h` calls `Kind`. */
enum Kind {
  system = 1,
  locked,
  closed,
  poisoned,
  range,
  identity,
  unsupported,
  faulted,
}

/** The system says of such a path that there is nothing, or no directory, at it. */
function hintFor(path: string | undefined): string {
  return path?.endsWith('/')
    ? 'a path that ends with a slash is that of a directory; leave the slash out for a file'
    : '';
}

/** Makes the error for a failure in the binding, which calls this. */
export function createError(
  kind: number,
  syscall: string,
  errno: number,
  detail: string,
  argument: string,
  offset: number,
  path?: string,
  dest?: string,
  name?: string,
  text?: string,
): MmapError {
  const details = { path, dest, syscall: syscall || undefined };
  const about = `${detail}: '${path ?? ''}'`;
  let error: MmapError;
  switch (kind) {
    case Kind.locked:
      error = detail
        ? new MmapLockError(about, { ...details, code: 'ERR_MMAP_LOCK_STATE' })
        : new MmapLockError(
            `EWOULDBLOCK: '${path ?? ''}' is locked by another handle, of this or another process; ` +
              'close or unlock that one, or try again later',
            { ...details, code: 'EWOULDBLOCK', errno: -constants.errno.EWOULDBLOCK },
          );
      break;
    case Kind.closed:
      error = new MmapClosedError(path, details);
      break;
    case Kind.poisoned:
      error = new MmapPoisonedError(path, details);
      break;
    case Kind.faulted:
      error = new MmapFaultError(path, errno, offset, details);
      break;
    case Kind.range:
      error = new MmapRangeError(about, { ...details, argument });
      break;
    case Kind.identity:
      error = new MmapIdentityError(`${detail}: '${dest ?? path ?? ''}'`, {
        ...details,
        code: 'ERR_MMAP_IDENTITY',
        reason: argument as IdentityReason,
      });
      break;
    case Kind.unsupported:
      error = new MmapUnsupportedError(about, details);
      break;
    default:
      error = systemError(errno, syscall, path, dest, detail || hintFor(dest ?? path), {
        name,
        text,
      });
  }
  Error.captureStackTrace(error, createError);
  return error;
}
