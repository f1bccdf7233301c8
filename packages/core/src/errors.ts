// The errors that fmmap throws, and how they are made from failures of the system and the binding.
import { constants } from 'node:os';
import { getSystemErrorMap, inspect, types as slots } from 'node:util';
import { isWindows } from './host.js';

/** The properties of an error besides its message; the names are those of Node's system errors. */
export interface MmapErrorDetails {
  /** A stable identifier to test for, such as `'ENOENT'` or `'ERR_MMAP_CLOSED'`. */
  code?: string | undefined;
  /** The path of the file, as given when it was opened. */
  path?: string | undefined;
  /** The second file, for operations on two files. */
  dest?: string | undefined;
  /** The system call that failed. */
  syscall?: string | undefined;
  /** The system's error number, negative as in Node. */
  errno?: number | undefined;
  /** The option or parameter that was invalid. */
  argument?: string | undefined;
  /** What is at the path, for an {@link MmapIdentityError}. */
  reason?: IdentityReason | undefined;
  /** The underlying error of the system, Node or JavaScript, if there is one. */
  cause?: Error | undefined;
}

/**
 * What `remove`, or `writeToNewFile` with `replace: file`, found instead of the file:
 *
 * - `'missing'`: nothing. The file was renamed or removed, before or during the check.
 * - `'replaced'`: another file, or a directory.
 * - `'symlink'`: a symbolic link, wherever it leads, even to the file.
 */
export type IdentityReason = 'missing' | 'replaced' | 'symlink';

/**
 * The base class of fmmap's errors; for most errors of the system, the class itself. Two kinds of errors are not
 * instances of it: an argument of the wrong type throws a `TypeError`, as everywhere in Node, and an aborted call throws
 * its signal's reason.
 */
export class MmapError extends Error {
  /** A stable identifier to test for, such as `'ENOENT'` or `'ERR_MMAP_CLOSED'`. */
  declare code: string;
  /** The path of the file, as given when it was opened. */
  declare path?: string;
  /** The second file, for operations on two files. */
  declare dest?: string;
  /** The system call that failed. */
  declare syscall?: string;
  /** The system's error number, negative as in Node. */
  declare errno?: number;
  /** The option or parameter that was invalid. */
  declare argument?: string;
  /** The underlying error of the system, Node or JavaScript, if there is one. */
  declare cause?: Error;

  constructor(message: string, details: MmapErrorDetails = {}) {
    super(message);
    tell(this, details);
  }
}

/** Sets the properties of an error. As in V8's own errors, `cause` is not enumerable. */
function tell(error: Error, { cause, ...details }: MmapErrorDetails): void {
  if (cause !== undefined) hide(error, 'cause', cause);
  for (const [key, value] of Object.entries(details)) {
    if (value !== undefined) Object.assign(error, { [key]: value });
  }
}

/** Sets a non-enumerable property, as V8 does for its errors. */
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
 * An earlier `truncate`, `freeze` or `flush` failed partway, so the contents of the file are no longer known. `path`,
 * `remove` and `close` still work. `code` is `'ERR_MMAP_POISONED'`.
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

/** `Reason` of `native/src/platform/fault.h`, in the same order. */
const REASONS = ['truncated', 'no-space', 'io', 'read-only'] as const;

/**
 * Why a page could not be used:
 *
 * - `'truncated'`: the file was made shorter than what is mapped of it, by someone else.
 * - `'no-space'`: a store to a page without a block on disk found the disk full.
 * - `'io'`: the system could not read or write the page.
 * - `'read-only'`: a view of a read-only mapping was written to. The file is unchanged.
 */
export type FaultReason = (typeof REASONS)[number];

const WHY: Readonly<Record<FaultReason, string>> = {
  truncated: 'was truncated by other code while it was mapped; reopen() maps what is left of it',
  'no-space':
    'is on a full disk, and what was stored there is lost; free some space, then reopen(). The option "allocate" reserves space beforehand',
  io: 'could not be read or written there by the system; check the device, then reopen()',
  'read-only':
    'is mapped read-only, but a view of it was written to. The file is unchanged, the memory is not; correct the program. reopen() shows the file again',
};

/**
 * A page of the mapping was missing or unavailable when it was accessed. It has read as zeroes since, so nothing that
 * the mapping shows can be relied on: every method throws this error until `reopen` or `close`. `code` is
 * `'ERR_MMAP_FAULT'`.
 */
export class MmapFaultError extends MmapError {
  /** Why the page could not be used. */
  declare reason: FaultReason;
  /** The system's error, if it reported more than a signal: `MmapError` `EIO` or `ENOSPC`, for example. */
  declare cause?: MmapError;
  /** Where the first fault occurred, in bytes from the start of the mapping. */
  declare offset: number;

  /** @param code - A reason and an errno, as the binding combines them. */
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

/** Another handle holds the lock, or this handle's own lock would have to change its kind. */
export class MmapLockError extends MmapError {}

/** Like {@link MmapError}, which it is an `instanceof` as well. */
export interface MmapRangeError extends MmapError {
  /** The error that led to this one. */
  cause?: Error;
}

/**
 * A number out of range: a `RangeError`, as Node and JavaScript throw it, and an `MmapError`. `code` is
 * `'ERR_OUT_OF_RANGE'`, and `argument` names the argument.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a class extends one other, and `instanceof MmapError` is told below
export class MmapRangeError extends RangeError {
  constructor(message: string, details: MmapErrorDetails = {}) {
    super(message);
    tell(this, { code: 'ERR_OUT_OF_RANGE', ...details });
  }
}

/**
 * `remove` looked in the directory of the path and found that the name does not refer to the file; whatever is there
 * was left alone. `reason` says what it is; `code` is `'ERR_MMAP_IDENTITY'`.
 *
 * If the directory itself cannot be opened, the error is an `MmapError` from the system (`open(2)`): `ENOENT` or
 * `ENOTDIR` if it is gone, `EACCES` if it is not readable.
 */
export class MmapIdentityError extends MmapError {
  /** What was found. */
  declare reason: IdentityReason;
}

/** Not supported by this system, or by this kind of mapping. `code` is `'ERR_MMAP_UNSUPPORTED'`. */
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

// As for V8's own errors: on the prototype, not on each error.
for (const type of types) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true });
}

const isInstance = Function.prototype[Symbol.hasInstance];

// `MmapRangeError` is the one error that extends another class. Subclasses of MmapError inherit this method, which is
// not about them.
Object.defineProperty(MmapError, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    return (
      isInstance.call(this as typeof MmapError, value) ||
      (this === MmapError && value instanceof MmapRangeError)
    );
  },
});

/** Recognizes errors of this and other realms, including Node's DOMExceptions. */
export function isError(value: unknown): value is Error {
  return slots.isNativeError(value) || value instanceof Error;
}

/** A thrown value for use as a `cause`: a value that is not an error is wrapped in one. */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  return new MmapError(`${inspect(thrown)} was thrown, which is not an Error`, {
    code: 'ERR_MMAP_THROWN',
  });
}

/** A `TypeError` as Node throws it for an argument of the wrong type. */
export function typeError(argument: string, expected: string, value: unknown): TypeError {
  return argumentError(argument, `must be ${expected}; received ${describe(value)}`);
}

/** The same with a custom message. @param what - The rest of the message, about the argument. */
export function argumentError(
  argument: string,
  what: string,
  code = 'ERR_INVALID_ARG_TYPE',
  options?: ErrorOptions,
): TypeError {
  return Object.assign(new TypeError(`"${argument}" ${what}`, options), { code, argument });
}

/** Maximum number of characters to show of a value. */
const LONG = 60;

/** A value for messages. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'bigint') return `a bigint (${value}n)`;
  if (typeof value === 'object') return `an instance of ${value.constructor?.name ?? 'Object'}`;
  if (typeof value === 'function') return `a function (${value.name || 'without a name'})`;
  const text = String(value);
  return `a ${typeof value} (${text.length > LONG ? `${text.slice(0, LONG)}…` : text})`;
}

/** Names of errors by number, for those missing from Node's error map, which takes precedence. */
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, code]) => [code, name]),
);

/** Node's numbers of errors by name, where they differ from those of the C library. */
const NODES: ReadonlyMap<string, number> | undefined = isWindows
  ? new Map([...getSystemErrorMap()].map(([number, [name]]) => [name, number]))
  : undefined;

/** Node's number of an error, which is negative, for one of the C library. */
function nodeErrno(code: number): number {
  const name = NAMES.get(code) ?? '';
  return NODES?.get(name === 'EWOULDBLOCK' ? 'EAGAIN' : name) ?? -code;
}

/**
 * Creates an error in the shape of a system error, as Node might have thrown it.
 * @param known - The system's name and text for an error that Node does not know.
 */
export function systemError(
  code: number,
  syscall: string,
  path?: string,
  dest?: string,
  detail?: string,
  known: { readonly name?: string | undefined; readonly text?: string | undefined } = {},
): MmapError {
  const errno = nodeErrno(code);
  const [name, text] = getSystemErrorMap().get(errno) ?? [
    NAMES.get(code) ?? (known.name || `E${code}`),
    known.text || 'unknown error',
  ];
  const where =
    (path === undefined ? '' : ` '${path}'`) + (dest === undefined ? '' : ` -> '${dest}'`);
  const why = detail ? `; ${detail}` : '';
  return new MmapError(`${name}: ${text}, ${syscall}${where}${why}`, {
    code: name,
    errno,
    syscall,
    path,
    dest,
  });
}

/**
 * The number of an error's class, for sending to another thread, which no class can be sent to.
 * @returns -1 for any other class.
 */
export function packType(error: Error): number {
  return types.findIndex(({ prototype }) => prototype === Object.getPrototypeOf(error));
}

/** Creates an error of the class with that number, without properties yet. */
export function unpackType(type: number, message: string): Error {
  return Object.setPrototypeOf(new Error(message), (types[type] ?? MmapError).prototype) as Error;
}

/** `Kind` of `native/src/platform/status.h`. */
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

/** The system reports such a path as nonexistent, or as not a directory. */
function withHint(detail: string, path: string | undefined): string {
  if (!path?.endsWith('/')) return detail;
  const hint =
    'a path that ends with a slash is that of a directory; leave the slash out for a file';
  return detail ? `${detail}; ${hint}` : hint;
}

/** Creates the error for a failure in the binding, which calls this. */
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
            { ...details, code: 'EWOULDBLOCK', errno: nodeErrno(constants.errno.EWOULDBLOCK) },
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
      error = systemError(errno, syscall, path, dest, withHint(detail, dest ?? path), {
        name,
        text,
      });
  }
  Error.captureStackTrace(error, createError);
  return error;
}
