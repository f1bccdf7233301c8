// Opening of files, creation of memory mappings and attaching, shared by the sync and the async classes.
import { Buffer } from 'node:buffer';
import { types } from 'node:util';
import { isBytes, plain } from '../arguments/bytes.js';
import {
  type AttachOptions,
  constructors,
  type MapOptions,
  type OpenRequest,
  parseAttach,
  parseOptions,
} from '../arguments/options.js';
import {
  type FileLike,
  fileOf,
  holdDescriptor,
  letGo,
  type Place,
  placeOf,
  showPath,
} from '../arguments/path.js';
import { checkSize } from '../arguments/range.js';
import { Access, binding, Flag, type HandleId } from '../binding/binding.js';
import { relieved } from '../binding/shortage.js';
import {
  type Call,
  invoke,
  makeCall,
  runSync,
  type Sequence,
  type Steps,
  stepsOf,
} from '../binding/steps.js';
import { opens, reported, reportedNow } from '../diagnostics/channels.js';
import { typeError } from '../errors.js';
import { now } from '../host.js';
import { makeWay } from '../mapping/finalizer.js';
import { type LockUse, pauses, timedOut, useOfOpened } from '../mapping/lock-queue.js';
import { Mapping } from '../mapping/mapping.js';
import type { SharedMapping } from '../mapping/traits.js';
import { ownerOf } from '../mapping/window-set.js';
import { type FileClass, madeBy } from './file-class.js';

const DEFAULTS = new Map(
  Object.values(constructors).map((maker) => [maker, parseOptions('', maker, undefined)]),
);

/**
 * Opens, locks and maps a file. Arguments are checked before anything is touched.
 * @param caller - See {@link madeBy}; the same for all functions here.
 */
export function* openFile(
  caller: unknown,
  type: FileClass,
  maker: Maker,
  place: Place,
  options: object | undefined,
): Steps<Mapping> {
  const request = requestFor(caller, type, maker, place, options);
  return yield* stepsOf(reported(opens, openLocked(place, request), about(place.path)));
}

type Maker = (typeof constructors)[keyof typeof constructors];

function requestFor(
  caller: unknown,
  type: FileClass,
  maker: Maker,
  place: Place,
  options: object | undefined,
): OpenRequest {
  if (caller !== type) madeBy(caller, type, maker.name);
  const request =
    (options === undefined ? DEFAULTS.get(maker) : undefined) ??
    parseOptions(madeBy(caller, type, maker.name), maker, options);
  if (place.file >= 0 && (request.flags & Flag.createNew) !== 0) {
    throw typeError('path', 'a path, because "createNew" creates a file', place.file);
  }
  return request;
}

/** For reports. */
const about = (path: Place['path']) => (mapping: Mapping | undefined) => ({
  path: showPath(path),
  length: mapping?.length ?? 0,
});

function openCall({ path, directory, file }: Place, request: OpenRequest): Call {
  const { access, flags, mode, customFlags, offset, length, maxSize, minSize } = request;
  const { accessMode, shareMode, attributes, securityQosFlags } = request;
  return makeCall(
    'open',
    path,
    access,
    flags,
    mode,
    customFlags,
    offset,
    length,
    maxSize,
    minSize,
    directory,
    file,
    accessMode,
    shareMode,
    attributes,
    securityQosFlags,
  );
}

/** Maps what {@link openCall} has opened. */
function finish(
  id: HandleId,
  { path, file }: Place,
  { access, offset, detachOnClose, shared }: OpenRequest,
  lockUse?: LockUse,
): Sequence<Mapping> {
  return Mapping.finish({
    id,
    path: showPath(path),
    access,
    offset,
    lockUse,
    isMemory: false,
    isCow: access === Access.copy,
    isNameless: file >= 0,
    detachOnClose,
    shared,
  });
}

function* openLocked(place: Place, request: OpenRequest): Steps<Mapping> {
  const { path } = place;
  const { lockTimeout } = request;
  const until = lockTimeout === undefined ? 0 : now() + lockTimeout;
  const lockUse = lockTimeout === undefined ? undefined : useOfOpened(showPath(path));
  const rest = Math.min(lockUse?.rest() ?? 0, lockTimeout ?? 0);
  if (rest > 0) yield { milliseconds: rest };
  let id = (yield openCall(place, request)) as number;
  let waits: ReturnType<typeof pauses> | undefined;
  while (id <= 0) {
    waits ??= pauses();
    // Waits for the holder of a lease, as open(2) itself would; but that wait could not be interrupted, and would not
    // refuse a FIFO.
    const longest = waits.next().value as number;
    const left = id === 0 && lockTimeout === undefined ? longest : until - now();
    if (left <= 0) throw timedOut(showPath(path), lockTimeout, id === 0 ? 'lease' : 'lock');
    yield { milliseconds: Math.min(longest, left) };
    id = (yield openCall(place, request)) as number;
  }
  lockUse?.took();
  return yield* stepsOf(finish(id, place, request, lockUse));
}

/** {@link openLocked} now, on this thread. */
function openAtOnce(place: Place, request: OpenRequest): Mapping {
  // Mostly, there is nothing to wait for.
  const id = request.lockTimeout === undefined ? invoke(openCall(place, request)) : 0;
  return runSync(id > 0 ? finish(id, place, request) : openLocked(place, request));
}

/** Opens a file on this thread; see {@link openFile}. */
export function openNow(
  caller: unknown,
  type: FileClass,
  maker: Maker,
  path: FileLike,
  options: object | undefined,
): Mapping {
  const place = maker === constructors.create ? placeOf(path) : fileOf(path);
  const request = requestFor(caller, type, maker, place, options);
  const held = holdDescriptor(place);
  try {
    return reportedNow(opens, () => openAtOnce(held, request), about(place.path));
  } finally {
    letGo(held);
  }
}

/** Creates a mapping of a copy of `data`, not backed by a file. */
export function openMemory(
  caller: unknown,
  type: FileClass,
  path: string,
  access: Access,
  data: Uint8Array | string,
  options?: MapOptions,
): Mapping {
  const name = madeBy(caller, type, 'memory');
  if (typeof path !== 'string') {
    throw typeError('name', "a string, which comes before the data and may be ''", path);
  }
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  if (!isBytes(bytes)) throw typeError('data', 'a Uint8Array or a string', data);
  const content = plain(bytes, 'data');
  const owner = ownerOf(content);
  if (!owner) return mapMemory(name, path, access, content, options);
  // The binding would pass the memory to the system, which does not notice lost pages.
  const copy = content.slice();
  owner.requireIntact();
  return mapMemory(name, path, access, copy, options);
}

/** Creates a mapping of `length` zero bytes, not backed by a file. */
export function openAnonymous(
  caller: unknown,
  type: FileClass,
  length: number,
  options?: MapOptions,
): Mapping {
  const name = madeBy(caller, type, 'anonymous');
  checkSize(length, 'length');
  return mapMemory(name, '', Access.write, length, options);
}

function mapMemory(
  name: string,
  path: string,
  access: Access,
  content: Uint8Array | number,
  options: MapOptions | undefined,
): Mapping {
  const { flags, detachOnClose, shared } = parseOptions(name, constructors.anonymous, options);
  makeWay(typeof content === 'number' ? content : content.length);
  const create = () =>
    runSync(
      Mapping.finish({
        id: relieved(() => binding.memory(path, access, flags, content)),
        path,
        access,
        offset: 0,
        isMemory: true,
        isCow: false,
        isNameless: false,
        detachOnClose,
        shared,
      }),
    );
  return reportedNow(opens, create, about(path));
}

/** More windows than any mapping has. */
const MOST_WINDOWS = 2 ** 14;

const TOKEN = 'fmmap,path,secret,windows';

/**
 * Attaches to the mapping of a token from `share()`. Each part is read only once: the token may be an arbitrary object.
 */
export function attachMapping(
  caller: unknown,
  type: FileClass,
  token: SharedMapping,
  options?: AttachOptions,
): Mapping {
  const shared = parseAttach(madeBy(caller, type, 'attach'), options);
  const parts = { ...token };
  const { fmmap, path, secret, windows } = parts;
  const memories = Array.isArray(windows) && windows.length <= MOST_WINDOWS ? [...windows] : [];
  const isToken =
    Object.keys(parts).sort().join() === TOKEN &&
    fmmap === 1 &&
    typeof path === 'string' &&
    typeof secret === 'string' &&
    /^[0-9a-f]{32}$/.test(secret) &&
    Array.isArray(windows) &&
    memories.every(isWindow);
  if (!isToken) throw typeError('token', 'what share() returned', token);
  return reportedNow(opens, () => Mapping.attach(secret, memories, path, shared), about(path));
}

function isWindow(memory: unknown): memory is SharedArrayBuffer {
  if (!types.isSharedArrayBuffer(memory)) return false;
  const size = memory.byteLength;
  return size > binding.pageSize && size % binding.pageSize === 0;
}
