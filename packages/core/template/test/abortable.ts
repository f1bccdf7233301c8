// Everything that takes a signal.
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';

const PAGE = 4096;

export type Call<T> = (on: T, options: { signal: AbortSignal }) => Promise<unknown>;

/** What opens the file at a path. */
export const opens: Readonly<Record<string, Call<string>>> = {
  'AsyncMmapFile.open': AsyncMmapFile.open,
  'AsyncMmapFile.openExec': AsyncMmapFile.openExec,
  'AsyncMmapFileMut.openCow': AsyncMmapFileMut.openCow,
  'AsyncMmapFileMut.openExisting': AsyncMmapFileMut.openExisting,
  'AsyncMmapFileMut.openExisting with truncate': (path, options) =>
    AsyncMmapFileMut.openExisting(path, { ...options, truncate: true, maxSize: 100 }),
  'AsyncMmapFileMut.open with minSize': (path, options) =>
    AsyncMmapFileMut.open(path, { ...options, minSize: 20 * PAGE }),
};

/** What makes a file. */
export const creates: Readonly<Record<string, Call<string>>> = {
  'AsyncMmapFileMut.create': AsyncMmapFileMut.create,
  'AsyncMmapFileMut.create with maxSize': (path, options) =>
    AsyncMmapFileMut.create(path, { ...options, maxSize: 5 * PAGE }),
  'AsyncMmapFileMut.open': AsyncMmapFileMut.open,
};

/** Each method that takes a signal, and is refused nothing else. */
export const methods: Readonly<Record<string, Call<AsyncMmapFileMut>>> = {
  read: (file, options) => file.read(Buffer.alloc(10), 0, options),
  readExact: (file, options) => file.readExact(Buffer.alloc(10), 0, options),
  prefetch: (file, options) => file.prefetch(0, PAGE, options),
  flush: (file, options) => file.flush(0, PAGE, options),
  'truncate, shorter': (file, options) => file.truncate(PAGE, options),
  'truncate, longer': (file, options) => file.truncate(50 * PAGE, options),
  writeToNewFile: (file, options) =>
    file.writeToNewFile(`${file.path}.new`, undefined, undefined, options),
  lock: (file, options) => file.lock(options),
  'lockShared, of memory': (_, options) => AsyncMmapFile.memory('memory').lockShared(options),
  'read of a reader': (file, options) => file.reader().read(Buffer.alloc(10), options),
  'readExact of a reader': (file, options) => file.reader().readExact(Buffer.alloc(10), options),
  'readLine of a reader': (file, options) => file.reader().readLine(options),
  'chunks of a reader': async (file, options) => file.reader().chunks(PAGE, options).next(),
  'flush of a writer': (file, options) => file.writer().flush(options),
};
