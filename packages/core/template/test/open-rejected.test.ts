import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapLockError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { errnoOf } from '../../test/helpers/errors.js';
import { outsideWindows } from '../../test/helpers/platform.js';
import { countDescriptors, countMappings } from '../../test/helpers/process.js';
import { pattern, snapshot, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { openers } from './openers.js';
import { rejected } from './rejections.js';

const CONTENT = pattern(10_000);

type Name = keyof typeof openers;
const names = Object.keys(openers) as Name[];
const pairs = names.flatMap((first) => names.map((second) => [first, second] as const));

const lockError = (path: string) => ({
  name: 'MmapLockError',
  code: 'EWOULDBLOCK',
  errno: errnoOf('EAGAIN'),
  syscall: 'flock',
  path,
  message: expect.stringContaining(`'${path}'`),
});

describe('a second open of a locked file', () => {
  test.each(pairs)('%s, then %s', async (first, second) => {
    const path = tempFile(CONTENT);
    await using holder = await openers[first].open(path);
    if (openers[first].lock === 'shared' && openers[second].lock === 'shared') {
      await using other = await openers[second].open(path);
      expectBytes(other.copyBytes(), CONTENT);
      return;
    }
    const descriptors = countDescriptors(path);
    const error = await rejected(openers[second].open(path));
    expect(error).toBeInstanceOf(MmapLockError);
    expect(error).toMatchObject(lockError(path));
    expect(countDescriptors(path)).toBe(descriptors);
    expectBytes(holder.copyBytes(), CONTENT);
    await holder.close();
    await (await openers[second].open(path)).close();
  });

  test.each([
    { truncate: true },
    { maxSize: 5 },
    { minSize: 50_000, allocate: true },
    { truncate: true, maxSize: 8192, populate: true },
  ])('with %o leaves the file as it was', async (options) => {
    const path = tempFile(CONTENT);
    await using _holder = await AsyncMmapFile.open(path);
    const before = snapshot(path);
    for (const open of [AsyncMmapFileMut.open, AsyncMmapFileMut.openExisting])
      expect(await rejected(open(path, options))).toMatchObject(lockError(path));
    expect(snapshot(path)).toEqual(before);
  });

  test('of many at once, exactly one gets the exclusive lock', async () => {
    const path = tempFile(CONTENT);
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => AsyncMmapFileMut.open(path)),
    );
    const [winner, ...others] = results.filter(({ status }) => status === 'fulfilled');
    expect(others).toEqual([]);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject(lockError(path));
    await (winner as PromiseFulfilledResult<AsyncMmapFileMut>).value.close();
  });
});

describe('a rejected open', () => {
  const wrong: [string, object, string][] = [
    ['an offset past the end', { offset: 10_001 }, 'offset'],
    ['numbers that overflow', { offset: 2 ** 53 - 1, length: 2 ** 53 - 1 }, 'offset'],
    ['an offset past the new end', { truncate: true, maxSize: 100, offset: 101 }, 'offset'],
    ['an offset past what it is grown to', { minSize: 10_500, offset: 10_501 }, 'offset'],
    ['an offset in what truncate takes away', { truncate: true, offset: 1 }, 'offset'],
    ['a length past the end', { length: 10_001 }, 'length'],
    ['a length past the new end', { truncate: true, maxSize: 100, length: 101 }, 'length'],
    ['a length past what it is grown to', { minSize: 10_500, length: 10_501 }, 'length'],
    ['a fraction', { maxSize: 5.5 }, 'maxSize'],
    ['a fraction of another', { minSize: 5.5 }, 'minSize'],
    ['a negative size, after options that destroy', { truncate: true, maxSize: -1 }, 'maxSize'],
    ['an unknown option', { truncate: true, maxSize: 5, trunkate: 1 }, 'trunkate'],
    ['a wrong type', { truncate: 'yes', maxSize: 5 }, 'truncate'],
    ['a signal that is none', { truncate: true, signal: {} }, 'options.signal'],
    ['options that are none', 'truncate' as never, 'options'],
  ];
  const ofWindows: typeof wrong = [
    ['an option of Windows', { truncate: true, accessMode: 1 }, 'accessMode'],
  ];
  const leaves = async (_name: string, options: object, argument: string) => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const [descriptors, mappings] = [countDescriptors(path), countMappings(path)];
    const opens: [(path: string, options: object) => Promise<AsyncMmapFile>, string][] = [
      [AsyncMmapFileMut.open, path],
      [AsyncMmapFileMut.openExisting, path],
      [AsyncMmapFileMut.open, `${path}.new`],
      [AsyncMmapFileMut.create, `${path}.new`],
    ];
    if (!['maxSize', 'minSize', 'truncate'].some((option) => option in Object(options)))
      opens.push([AsyncMmapFile.open, path], [AsyncMmapFileMut.openCow, path]);
    for (const [open, at] of opens) {
      const error = await rejected(open(at, options));
      expect(error.name).toMatch(/^(Mmap\w*|Type)Error$/);
      expect(error).toMatchObject({ argument });
    }
    expect([countDescriptors(path), countMappings(path)]).toEqual([descriptors, mappings]);
    expect(snapshot(path)).toEqual(before);
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  };
  test.each(wrong)('with %s leaves an existing file, and makes none', leaves);
  outsideWindows.test.each(ofWindows)('with %s leaves an existing file, and makes none', leaves);

  test('with a size that no file has', async () => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const options = { minSize: 2 ** 53 - 1 };
    expect((await rejected(AsyncMmapFileMut.open(path, options))).name).toMatch(/^Mmap/);
    expect((await rejected(AsyncMmapFileMut.create(`${path}.new`, options))).name).toMatch(/^Mmap/);
    expect(snapshot(path)).toEqual(before);
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  });

  test('with an option that the constructor does not take names both', async () => {
    const path = tempFile(CONTENT);
    const error = await rejected(AsyncMmapFile.open(path, { maxSize: 5 } as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('"maxSize"');
  });
});
