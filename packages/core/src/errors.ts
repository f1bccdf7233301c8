import { constants } from 'node:os';
import { getSystemErrorMap, types as slots } from 'node:util';

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
 * The base of every error that fmmap throws, except for arguments of the wrong type, which are a
 * `TypeError` as everywhere in Node.
 */
export class MmapError extends Error {
  declare code: string;
  declare path?: string;
  declare dest?: string;
  declare syscall?: string;
  declare errno?: number;
  declare argument?: string;

  constructor(message: string, details: MmapErrorDetails = {}) {
    super(message);
    for (const [key, value] of Object.entries(details)) {
      if (value !== undefined) Object.assign(this, { [key]: value });
    }
  }
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

/** What `native/src/fault.h` calls `Cause`, in its order. */
const CAUSES = ['truncated', 'no-space', 'io', 'read-only'] as const;

/**
 * Why a page could not be used:
 *
 * - `'truncated'`: somebody else made the file shorter than what is mapped of it.
 * - `'no-space'`: what was stored in a page without a block on the disk found the disk full.
 * - `'io'`: the system could not read or write the page.
 * - `'read-only'`: a view of a mapping that may only be read was written to. The file is unchanged.
 */
export type FaultCause = (typeof CAUSES)[number];

const WHY: Readonly<Record<FaultCause, string>> = {
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
  declare cause: FaultCause;
  /** Where it happened first, in bytes from the start of the mapping. */
  declare offset: number;

  /** @param cause - In the binding's numbers. */
  constructor(path: string | undefined, cause: number, offset: number, details?: MmapErrorDetails) {
    const name = CAUSES[cause - 1] ?? 'io';
    super(`offset ${offset} of '${path ?? ''}' cannot be used: the file ${WHY[name]}`, {
      code: 'ERR_MMAP_FAULT',
      path,
      ...details,
    });
    // As V8 has the cause of an error: not among what is listed.
    Object.defineProperty(this, 'cause', { value: name, configurable: true, writable: true });
    this.offset = offset;
  }
}

/** Somebody else holds the lock, or the own lock would have to change its kind. */
export class MmapLockError extends MmapError {}

/** A number outside what is possible. `code` is `'ERR_OUT_OF_RANGE'`, `argument` names it. */
export class MmapRangeError extends MmapError {
  constructor(message: string, details: MmapErrorDetails = {}) {
    super(message, { code: 'ERR_OUT_OF_RANGE', ...details });
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

/** Of this realm or of another one; Node's DOMExceptions, too. */
export function isError(value: unknown): value is Error {
  return slots.isNativeError(value) || value instanceof Error;
}

/** A `TypeError` as Node throws it for an argument of the wrong type. */
export function typeError(argument: string, expected: string, value: unknown): TypeError {
  const found =
    value === null || value === undefined
      ? String(value)
      : typeof value === 'bigint'
        ? `a bigint (${value}n)`
        : typeof value === 'object'
          ? `an instance of ${value.constructor?.name ?? 'Object'}`
          : `a ${typeof value} (${String(value)})`;
  const error = new TypeError(`"${argument}" must be ${expected}; received ${found}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE', argument });
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

/** An error of ours in a form that may be sent to another thread, which keeps no classes. */
export interface PackedError {
  readonly type: number;
  readonly message: string;
  readonly stack: string | undefined;
  readonly details: object;
  readonly cause: unknown;
}

/** @returns `undefined` for an error of somebody else. */
export function packError(error: unknown): PackedError | undefined {
  if (!(error instanceof MmapError)) return undefined;
  const { message, stack, cause } = error;
  const type = types.findIndex(({ prototype }) => prototype === Object.getPrototypeOf(error));
  return { type, message, stack, cause, details: { ...error } };
}

export function unpackError({ type, message, stack, cause, details }: PackedError): Error {
  const error = new Error(message);
  Object.setPrototypeOf(error, types[type]?.prototype ?? MmapError.prototype);
  Object.assign(error, details);
  for (const [key, value] of Object.entries({ stack, cause })) {
    if (value !== undefined)
      Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
  return error;
}

/** What `native/src/status.h` calls `Kind`. */
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
