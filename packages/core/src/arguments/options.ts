// The options of constructors: their types, their validation, and the form in which the binding takes them.
import { types } from 'node:util';
import { Access, Flag, pageSize } from '../binding/binding.js';
import { MmapRangeError, MmapUnsupportedError, typeError } from '../errors.js';
import { fsConstants, isWindows, process } from '../host.js';
import { checkInteger, checkSize, checkTimeout } from './range.js';

/** The memory behind views, depending on the option `shared`. */
export type MemoryOf<Shared extends boolean> = Shared extends true
  ? SharedArrayBuffer
  : ArrayBuffer;

/** Options of every handle on a mapping, and of {@link MmapFile.attach}. */
export interface AttachOptions<Shared extends boolean = boolean> {
  /**
   * Whether views are backed by a `SharedArrayBuffer`, for `Atomics` between threads. Many APIs refuse shared memory,
   * and it cannot be detached, so this cannot be combined with `detachOnClose`. `share()` and `attach` work without it.
   * @defaultValue `false`
   */
  shared?: Shared | undefined;
}

/** Options of every mapping. */
export interface MapOptions<Shared extends boolean = boolean> extends AttachOptions<Shared> {
  /**
   * Fault all pages in while opening, as `MAP_POPULATE` does: what cannot be read fails only when it is touched.
   * @defaultValue `false`
   */
  populate?: boolean | undefined;
  /** A hint that the memory is a stack (`MAP_STACK`). @defaultValue `false` */
  stack?: boolean | undefined;
  /**
   * Request transparent huge pages (`MADV_HUGEPAGE`). Reserved huge pages (hugetlbfs) are not available, because a part
   * of one cannot be replaced: their size in place of `true` throws an {@link MmapUnsupportedError}.
   * @defaultValue `false`
   */
  hugePages?: boolean | undefined;
  /** Reserve no swap for private pages (`MAP_NORESERVE`). @defaultValue `false` */
  noReserve?: boolean | undefined;
  /**
   * Detach all views on `close`, so that their `byteLength` becomes 0, instead of letting them read zeroes. Node's
   * asynchronous work on a detached view (`zlib`, for example) may crash the process, and on Node 20 and 22 the first
   * detach makes all typed arrays of the thread slower: use it only where neither matters.
   * @defaultValue `false`
   */
  detachOnClose?: boolean | undefined;
  /**
   * Whether a page that cannot be used is replaced and reported ({@link MmapFaultError}) instead of ending the process
   * with a signal. `false` is for programs that handle these signals themselves; see {@link disableFaultGuard}.
   * @defaultValue `true`
   */
  guard?: boolean | undefined;
}

/** Options of {@link MmapFile.open} and {@link MmapFile.openExec}. */
export interface OpenOptions<Shared extends boolean = boolean> extends MapOptions<Shared> {
  /** Offset of the first byte of the file to map; need not be page-aligned. @defaultValue `0` */
  offset?: number | undefined;
  /** Number of bytes to map. @defaultValue all from `offset` to the end of the file */
  length?: number | undefined;
  /** Open for reading; only `true` is accepted, because a mapping must be readable. @defaultValue `true` */
  read?: boolean | undefined;
  /**
   * The advisory lock to take on the file (`flock(2)`) and hold until `unlock` or `close`:
   *
   * - `'exclusive'`: no other handle may hold a lock. Also for readers that want no one to write meanwhile.
   * - `'shared'`: other handles may hold a shared lock. For writable mappings it is an agreement among several writers,
   *   or writers and readers, that see each other's stores at once and coordinate by themselves (`Atomics`, or a part
   *   of the file for each).
   * - `'none'`: no lock, whatever locks others hold. For readers of a file that one writer has locked exclusively, such
   *   as a growing log; and for file systems without locks (some NFS, Lustre and FUSE mounts), where `open` otherwise
   *   fails. `lock()` and the other lock methods still try.
   *
   * Any change to the size of an existing file (`truncate`, `maxSize`, `minSize` and `allocate`) is made under the
   * exclusive lock, and is refused if another handle holds any lock; except with `'none'` on a file system without
   * locks.
   * @defaultValue `'exclusive'` for writable mappings, `'shared'` for others
   */
  lock?: 'shared' | 'exclusive' | 'none' | undefined;
  /**
   * Milliseconds to wait for the lock, from 0 to 2^31 - 1. The lock is tried repeatedly; after that time the error is
   * an `MmapLockError` with the code `ETIMEDOUT`. The file is not kept open meanwhile, so if it is removed and
   * recreated, or renamed, the file that is at the path when the lock becomes free is opened. A lease of another process
   * on the file (`fcntl(2)`, `F_SETLEASE`) is waited for no longer, either; without this option, as long as `open(2)` does.
   * @defaultValue does not wait: `EWOULDBLOCK`
   */
  lockTimeout?: number | undefined;
  /** Additional flags for `open(2)`, such as `fs.constants.O_NOFOLLOW`. @defaultValue `0` */
  customFlags?: number | undefined;
  /**
   * Windows only: the rights to ask for (`dwDesiredAccess` of `CreateFile`) in place of reading and, for a writable
   * mapping, writing. A right that the mapping needs and that is missing here is `EACCES` or `EPERM` when it is mapped.
   */
  accessMode?: number | undefined;
  /** Windows only: what others may do with the file meanwhile (`dwShareMode`). @defaultValue anything: read, write, delete */
  shareMode?: number | undefined;
  /** Windows only: attributes of a file that this creates (`FILE_ATTRIBUTE_*`). @defaultValue those of `mode` */
  attributes?: number | undefined;
  /** Windows only: `SECURITY_*` flags, for a path that may lead to a named pipe. */
  securityQosFlags?: number | undefined;
}

/** Options of {@link MmapFileMut.openExisting}. */
export interface OpenMutOptions<Shared extends boolean = boolean> extends OpenOptions<Shared> {
  /**
   * Size in bytes to give to a file that is new, empty, or emptied by `truncate`. Any other file keeps its size, larger
   * or smaller.
   * @defaultValue `0`
   */
  maxSize?: number | undefined;
  /**
   * Minimum size of the file in bytes: a shorter file is extended with zeroes before it is mapped, a longer one keeps
   * its size. If both are given, a file that `maxSize` would make shorter than this gets this size.
   * @defaultValue `0`
   */
  minSize?: number | undefined;
  /**
   * Reserve the file's disk blocks, including those of its holes and of later growth, so that no store finds the disk
   * full (`posix_fallocate(3)`). With `'zeroed'`, zeroes are also written to what becomes part of the file, which takes
   * the time of writing it once more, but later: a flush of what is stored there has then nothing else to write, so that
   * the records of a log become durable faster.
   * @defaultValue `false`
   */
  allocate?: boolean | 'zeroed' | undefined;
  /** Open for writing; only `true` is accepted, because the mapping is writable. @defaultValue `true` */
  write?: boolean | undefined;
  /** Open with `O_APPEND`; stores through the mapping are not affected. @defaultValue `false` */
  append?: boolean | undefined;
  /** Empty the file first. @defaultValue `false` */
  truncate?: boolean | undefined;
}

/** Options for waiting for a lock. */
export interface LockOptions {
  /** Milliseconds after which to give up, from 0 to 2^31 - 1. @defaultValue never */
  timeout?: number | undefined;
}

/** Options of {@link MmapFileMut.create}. */
export interface CreateOptions<Shared extends boolean = boolean> extends OpenMutOptions<Shared> {
  /** Permission bits of a new file, minus the umask, as in `fs.open`. @defaultValue `0o666` */
  mode?: number | string | undefined;
}

/** Options of {@link MmapFileMut.open}. */
export interface OpenOrCreateOptions<Shared extends boolean = boolean>
  extends CreateOptions<Shared> {
  /** Create the file if it does not exist. @defaultValue `true` */
  create?: boolean | undefined;
  /** Fail if the file exists. @defaultValue `false` */
  createNew?: boolean | undefined;
}

/** Properties of a mapping's views. */
export interface Views {
  readonly detachOnClose: boolean;
  /** Whether they are backed by a `SharedArrayBuffer`. */
  readonly shared: boolean;
}

/** Validated options in the form that the binding takes. */
export interface OpenRequest extends Views {
  readonly access: Access;
  readonly flags: number;
  readonly mode: number;
  readonly customFlags: number;
  readonly offset: number;
  /** -1 means to the end. */
  readonly length: number;
  readonly maxSize: number;
  readonly minSize: number;
  /** Milliseconds to wait for the lock; undefined for not waiting. */
  readonly lockTimeout: number | undefined;
  /** For Windows; -1 is what the binding chooses itself. */
  readonly accessMode: number;
  readonly shareMode: number;
  readonly attributes: number;
  readonly securityQosFlags: number;
}

const ATTACH = ['shared'];
const MAP = ['populate', 'stack', 'hugePages', 'noReserve', 'detachOnClose', 'guard', ...ATTACH];
const WINDOWS = ['accessMode', 'shareMode', 'attributes', 'securityQosFlags'] as const;
const isForWindows = (key: string): key is (typeof WINDOWS)[number] =>
  WINDOWS.includes(key as never);
const OPEN = [
  ...MAP,
  ...['offset', 'length', 'read', 'lock', 'lockTimeout', 'customFlags'],
  ...WINDOWS,
];
const OPEN_MUT = [...OPEN, 'maxSize', 'minSize', 'allocate', 'write', 'append', 'truncate'];
const CREATE = [...OPEN_MUT, 'mode'];

/** A constructor: the options that it takes, and the access and flags it opens the file with. */
interface Constructor {
  /** The name of the static method. */
  readonly name: string;
  readonly access: Access;
  readonly flags: number;
  readonly takes: ReadonlySet<string>;
}

function define(name: string, access: Access, flags: number, takes: string[]): Constructor {
  return { name, access, flags, takes: new Set(takes) };
}

export const constructors = {
  open: define('open', Access.read, 0, OPEN),
  openExec: define('openExec', Access.exec, 0, OPEN),
  openCow: define('openCow', Access.copy, 0, OPEN),
  openExisting: define('openExisting', Access.write, Flag.write, OPEN_MUT),
  create: define('create', Access.write, Flag.write | Flag.create | Flag.createNew, CREATE),
  openOrCreate: define('open', Access.write, Flag.write | Flag.create, [
    ...CREATE,
    'create',
    'createNew',
  ]),
  anonymous: define('anonymous', Access.write, 0, MAP),
} as const;

const BITS: Readonly<Record<string, Flag>> = {
  append: Flag.append,
  truncate: Flag.truncate,
  create: Flag.create,
  createNew: Flag.createNew,
  populate: Flag.populate,
  stack: Flag.stack,
  hugePages: Flag.hugePages,
  noReserve: Flag.noReserve,
  allocate: Flag.allocate,
  detachOnClose: Flag.detachOnClose,
};

const LOCKS: ReadonlyMap<unknown, Flag> = new Map([
  ['shared', Flag.sharedLock],
  ['exclusive', Flag.exclusiveLock],
  ['none', Flag.noLock],
]);

/** Kinds of objects that cannot hold options. */
const NO_OPTIONS: readonly ((value: unknown) => boolean)[] = [
  Array.isArray,
  ...[types.isArrayBufferView, types.isAnyArrayBuffer, types.isBoxedPrimitive],
  ...[types.isMap, types.isSet, types.isWeakMap, types.isWeakSet],
  ...[types.isDate, types.isRegExp, types.isPromise, types.isNativeError],
];

/** Every option that some method takes. A getter with such a name is found even if it is not enumerable. */
const KNOWN = new Set([
  'signal',
  'timeout',
  ...Object.values(constructors).flatMap((maker) => [...maker.takes]),
]);

/**
 * Reads options by name, as `fs` does: inherited ones and getters count, and each is read once.
 * @param owner - The method that the options are for, for messages.
 * @param also - Further options, which are not listed as the owner's.
 * @throws TypeError if `options` cannot hold options, or has one that is not among `takes`, even if it is undefined
 */
export function readOptions<Options extends object>(
  options: Options | undefined,
  takes: ReadonlySet<string>,
  owner = 'this method',
  also: readonly string[] = [],
): Options {
  const values = {} as Options;
  if (options === undefined) return values;
  if (typeof options !== 'object' || options === null || NO_OPTIONS.some((is) => is(options))) {
    throw typeError('options', 'an object', options);
  }
  const isTaken = (key: string) => takes.has(key) || also.includes(key);
  for (const key in options) if (!isTaken(key)) throw unknownOption(key, takes, owner, also);
  for (const key of KNOWN) {
    if (!isTaken(key) && key in options) throw unknownOption(key, takes, owner, also);
  }
  for (const key of [...takes, ...also] as (keyof Options & string)[]) {
    const value = options[key];
    if (value !== undefined) values[key] = value;
  }
  return values;
}

/** @param also - Further accepted options, which are not the owner's to list. */
function unknownOption(
  key: string,
  takes: ReadonlySet<string>,
  owner: string,
  also: readonly string[],
): TypeError {
  const here = [...takes].filter((name) => isWindows || !isForWindows(name));
  const meant = nearest(key, [...here, ...also]);
  const guess = meant === undefined ? '' : `did you mean "${meant}"? `;
  const taken = here.length === 0 ? 'none' : here.join(', ');
  const error = new TypeError(
    `${owner} does not take the option "${key}"; ${guess}${guess === '' ? 'it' : 'It'} takes ${taken}`,
  );
  return Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE', argument: key });
}

/** The name that `word` is probably a misspelling of, if there is one near enough. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const most = Math.min(Math.floor(word.length / 3), 3);
  const [found] = names
    .map((name) => ({ name, distance: distance(word.toLowerCase(), name.toLowerCase()) }))
    .filter((near) => near.distance <= most)
    .sort((one, other) => one.distance - other.distance);
  return found?.name;
}

/** The number of letters added, left out or changed (Levenshtein distance). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (let i = 1; i < row.length; ++i) {
      const changed = (row[i - 1] ?? 0) + (letter === other[i - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[i] ?? 0) + 1, (next[i - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

function parseMode(value: unknown): number {
  const mode =
    typeof value === 'string' && /^[0-7]+$/.test(value) ? Number.parseInt(value, 8) : value;
  if (typeof mode === 'string') throw typeError('mode', 'an integer, or octal digits', mode);
  checkInteger(mode, 'mode', 0, 0o7777);
  return mode as number;
}

/** Flags with which `open(2)` changes a file or opens another one than was meant; there are options for these. */
const { O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC } = fsConstants;
const OWN_FLAGS = O_WRONLY | O_RDWR | O_CREAT | O_EXCL | O_TRUNC;

/** Flags with which a system opens no file that can be mapped by its path; Node has no names for them. */
const NO_FILES: Readonly<
  Partial<Record<NodeJS.Platform, readonly [bit: number, name: string, instead: string][]>>
> = {
  linux: [
    [0o20000000, 'O_TMPFILE', 'MmapFileMut.anonymous, or create and remove'],
    [0o10000000, 'O_PATH', 'fs.open'],
  ],
  win32: [
    [0x40000000, 'FILE_FLAG_OVERLAPPED', 'the async classes'],
    [0x02000000, 'FILE_FLAG_BACKUP_SEMANTICS', 'fs.open'],
    [0x00200000, 'FILE_FLAG_OPEN_REPARSE_POINT', 'fs.open'],
    [0x04000000, 'FILE_FLAG_DELETE_ON_CLOSE', 'removeOnDispose'],
    [0x20000000, 'FILE_FLAG_NO_BUFFERING', 'fs.open'],
  ],
};

function parseCustomFlags(value: unknown): number {
  checkInteger(value, 'customFlags', 0, isWindows ? 2 ** 32 - 1 : 2 ** 31 - 1);
  const found = NO_FILES[process.platform]?.find(([bit]) => ((value as number) & bit) !== 0);
  if (found) {
    throw new MmapRangeError(
      `"customFlags" must not hold ${found[1]}, which does not open a file that can be mapped by its path; received ${value}; use ${found[2]}`,
      { argument: 'customFlags' },
    );
  }
  if (((value as number) & OWN_FLAGS) === 0) return value as number;
  throw new MmapRangeError(
    `"customFlags" must not hold O_CREAT, O_EXCL, O_TRUNC or an access mode; received ${value}; use the options for it`,
    { argument: 'customFlags' },
  );
}

function parseForWindows(key: string, value: unknown): number {
  if (!isWindows) {
    throw new MmapUnsupportedError(
      `the option "${key}" is for Windows; this is ${process.platform}`,
      { argument: key },
    );
  }
  checkInteger(value, key, 0, 2 ** 32 - 1);
  return value as number;
}

/** @throws MmapUnsupportedError if `value` is a size of huge pages on some system */
function refusePageSize(value: unknown): void {
  if (typeof value !== 'number' || value <= pageSize || !Number.isInteger(Math.log2(value))) return;
  throw new MmapUnsupportedError(
    `pages of ${value} bytes (hugetlbfs) cannot be used: the memory of a file must be replaced page by page of ${pageSize} bytes ` +
      'when it is closed, cut or lost; ask for transparent huge pages with true, and make them with the advice collapse',
    { argument: 'hugePages' },
  );
}

/**
 * Validates the options of a constructor before anything is opened.
 * @param name - The name of the constructor in messages.
 * @throws TypeError for an option that the constructor does not take, or of the wrong type; MmapRangeError for a number
 * out of range; MmapUnsupportedError for an option of another system.
 */
export function parseOptions(
  name: string,
  maker: Constructor,
  options: object | undefined,
): OpenRequest {
  const { access, takes } = maker;
  let { flags } = maker;
  const numbers = { offset: 0, length: -1, maxSize: 0, minSize: 0, customFlags: 0, mode: 0o666 };
  const windows = { accessMode: -1, shareMode: -1, attributes: -1, securityQosFlags: -1 };
  let lockTimeout: number | undefined;
  const views = { detachOnClose: false, shared: false };
  const values = readOptions(options, takes, name);
  for (const [key, value] of Object.entries(values) as [string, unknown][]) {
    if (isForWindows(key)) {
      windows[key] = parseForWindows(key, value);
      continue;
    }
    if (key === 'offset' || key === 'length' || key === 'maxSize' || key === 'minSize') {
      checkSize(value, key);
      numbers[key] = value as number;
    } else if (key === 'customFlags') {
      numbers.customFlags = parseCustomFlags(value);
    } else if (key === 'lock') {
      const lock = LOCKS.get(value);
      if (lock === undefined) throw typeError(key, "'shared', 'exclusive' or 'none'", value);
      flags |= lock;
    } else if (key === 'lockTimeout') {
      checkTimeout(value, key);
      lockTimeout = value as number;
      flags |= Flag.wait;
    } else if (key === 'mode') {
      numbers.mode = parseMode(value);
    } else if (key === 'allocate' && typeof value !== 'boolean') {
      if (value !== 'zeroed') throw typeError(key, "a boolean or 'zeroed'", value);
      flags |= Flag.zeroed;
    } else {
      if (key === 'hugePages') refusePageSize(value);
      if (typeof value !== 'boolean') throw typeError(key, 'a boolean', value);
      const bit = BITS[key] ?? 0;
      flags = value ? flags | bit : flags & ~bit;
      if (key === 'detachOnClose' || key === 'shared') views[key] = value;
      if (key === 'guard') flags = value ? flags & ~Flag.noGuard : flags | Flag.noGuard;
      if ((key === 'read' || key === 'write') && !value) {
        throw new MmapUnsupportedError(
          `${name} needs "${key}": true, because a mapping of this kind must be ${key === 'read' ? 'readable' : 'writable'}`,
          { argument: key },
        );
      }
    }
  }
  if ((flags & Flag.createNew) !== 0) flags |= Flag.create;
  checkViews(views);
  return { access, flags, lockTimeout, ...views, ...numbers, ...windows };
}

/** @throws MmapUnsupportedError for a combination of options that is not possible */
export function checkViews({ shared, detachOnClose }: Views): void {
  if (!shared || !detachOnClose) return;
  throw new MmapUnsupportedError(
    '"shared" and "detachOnClose" cannot be combined, because a SharedArrayBuffer cannot be detached; leave one of the two out',
    { argument: 'shared' },
  );
}

const ATTACH_TAKES = new Set(ATTACH);

/** Validates the options of `attach`. @throws TypeError */
export function parseAttach(name: string, options: AttachOptions | undefined): boolean {
  const { shared = false } = readOptions(options, ATTACH_TAKES, name);
  if (typeof shared !== 'boolean') throw typeError('shared', 'a boolean', shared);
  return shared;
}
