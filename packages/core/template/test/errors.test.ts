import { describe, expect, test } from 'vitest';
import {
  MmapClosedError,
  MmapError,
  MmapFile,
  MmapFileMut,
  MmapLockError,
  MmapRangeError,
  MmapUnsupportedError,
} from '../../src/index.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { failure, rejected, type Thrown } from './rejections.js';

const CONTENT = pattern(10_000);

/** What a program may look at. */
const facts = (error: Thrown | undefined) => ({
  type: Object.getPrototypeOf(error),
  message: error?.message.replaceAll('Async', ''),
  ...error,
});

/** The same failure of the sync and of the async class, which share their methods' names. */
const failures: Readonly<
  Record<string, (File: typeof AsyncMmapFile, FileMut: typeof AsyncMmapFileMut) => unknown>
> = {
  'no such file': (File) => File.open('/no/such/file'),
  'not a directory': (File) => File.open('/dev/null/file'),
  'a directory': (_, FileMut) => FileMut.open('/tmp'),
  'not a regular file': (File) => File.open('/dev/zero'),
  'an existing file': (_, FileMut) => FileMut.create('/dev/null'),
  'a directory that is not there': (_, FileMut) => FileMut.create('/no/such/file'),
  'an unknown option': (File) => File.open('/dev/null', { maxSize: 5 } as never),
  'a wrong option': (_, FileMut) => FileMut.open('/no/such/file', { mode: 'rw' }),
  'a wrong advice': (File) => File.memory('memory').advise('none' as never),
  'a range past the end': (_, FileMut) => FileMut.memory('memory').flush(1, 1),
  'a target that is too long': (File) => File.memory('memory').readExact(Buffer.alloc(1)),
  'a size that is none': (_, FileMut) => FileMut.memory('memory').truncate(Number.NaN),
  'no target': (File) => File.memory('memory').writeToNewFile('/no/such/file'),
};

test.each(Object.entries(failures))(
  '%s is the same error as of the sync classes',
  async (_name, fail) => {
    const found = await failure(() => fail(AsyncMmapFile, AsyncMmapFileMut));
    const expected = await failure(() => fail(MmapFile as never, MmapFileMut as never));
    expect(expected).toBeInstanceOf(Error);
    expect(facts(found)).toEqual(facts(expected));
  },
);

describe('the stack of an error', () => {
  const path = '/no/such/file';
  const taken: [string, abstract new (...args: never[]) => Error, () => Promise<unknown>][] = [
    ['of opening', MmapError, async () => await AsyncMmapFile.open(path)],
    ['of creating', MmapError, async () => await AsyncMmapFileMut.create(path)],
    [
      'of writeToNewFile',
      MmapError,
      async () => await AsyncMmapFile.memory('memory', CONTENT).writeToNewFile(path),
    ],
    [
      'of a lock',
      MmapLockError,
      async () => {
        await using file = await AsyncMmapFile.open(tempFile(CONTENT));
        await file.lock();
      },
    ],
    [
      'of a lock that is tried',
      MmapLockError,
      async () => {
        await using file = await AsyncMmapFile.open(tempFile(CONTENT));
        await file.tryLock();
      },
    ],
    [
      'of a freeze',
      MmapUnsupportedError,
      async () => {
        await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
        await using _other = AsyncMmapFileMut.attach(file.share());
        await file.freeze();
      },
    ],
    [
      'of what waited for its turn',
      MmapRangeError,
      async () => {
        await using file = AsyncMmapFileMut.memory('memory', CONTENT);
        void file.truncate(5);
        await file.flush(5, 1);
      },
    ],
    [
      'of a truncate that the system refuses',
      MmapError,
      async () => {
        await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
        await file.truncate(2 ** 53 - 1);
      },
    ],
    [
      'of a remove',
      MmapError,
      async () => {
        await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
        await using other = AsyncMmapFileMut.attach(file.share());
        await file.remove();
        await other.remove();
      },
    ],
    [
      'of a closed file',
      MmapClosedError,
      async () => {
        const file = AsyncMmapFileMut.memory('memory', CONTENT);
        await file.close();
        await file.stat();
      },
    ],
  ];

  // Vitest takes the word `async` out; stacks.package.test.ts looks at stacks as they are.
  test.each(taken)('%s leads to where it was awaited', async (_name, type, fail) => {
    const error = await rejected(fail());
    expect(error).toBeInstanceOf(type);
    expect(error.stack).toMatch(/^\s+at .*\berrors\.test\.ts/m);
    expect(error.stack?.startsWith(`${error.name}: ${error.message}`)).toBe(true);
  });
});
