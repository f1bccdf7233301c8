import * as fs from 'node:fs';
import { devNull } from 'node:os';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { expectBytes } from '../../test/helpers/bytes.js';
import { isWindows, whereBlocksAreReserved } from '../../test/helpers/platform.js';
import { countDescriptors } from '../../test/helpers/process.js';
import { pattern, snapshot, tempDir, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { rejected } from './rejections.js';

const CONTENT = pattern(10_000);

describe('every constructor of an existing file', () => {
  test.each([
    ['AsyncMmapFile.open', AsyncMmapFile.open, AsyncMmapFile, 'shared'],
    ['AsyncMmapFile.openExec', AsyncMmapFile.openExec, AsyncMmapFile, 'shared'],
    ['AsyncMmapFileMut.open', AsyncMmapFileMut.open, AsyncMmapFileMut, 'exclusive'],
    ['AsyncMmapFileMut.openExisting', AsyncMmapFileMut.openExisting, AsyncMmapFileMut, 'exclusive'],
    ['AsyncMmapFileMut.openCow', AsyncMmapFileMut.openCow, AsyncMmapFileMut, 'shared'],
  ] as const)(
    '%s maps all of it, locked, and leaves it as it was',
    async (name, open, type, lock) => {
      const path = tempFile(CONTENT);
      const before = snapshot(path);
      const descriptors = countDescriptors(path);
      const file: AsyncMmapFile = await open(path);
      expect(Object.getPrototypeOf(file)).toBe(type.prototype);
      expect(file).toMatchObject({
        path,
        length: CONTENT.length,
        isEmpty: false,
        isExec: name.endsWith('Exec'),
        isCow: name.endsWith('Cow'),
        isPoisoned: false,
        isFaulted: false,
        isClosed: false,
        lockState: lock,
      });
      expectBytes(file.asBuffer(), CONTENT);
      await file.close();
      expect(file).toMatchObject({ path, length: 0, isClosed: true, lockState: 'none' });
      expect(countDescriptors(path)).toBe(descriptors);
      expect(snapshot(path)).toEqual(before);
    },
  );

  test.each([
    ['AsyncMmapFile.open', AsyncMmapFile.open],
    ['AsyncMmapFile.openExec', AsyncMmapFile.openExec],
    ['AsyncMmapFileMut.openExisting', AsyncMmapFileMut.openExisting],
    ['AsyncMmapFileMut.openCow', AsyncMmapFileMut.openCow],
  ] as const)('%s rejects if there is none, and makes none', async (_name, open) => {
    const path = tempFile();
    const error = await rejected(open(path));
    expect(error).toMatchObject({ name: 'MmapError', code: 'ENOENT', syscall: 'open', path });
    expect(fs.existsSync(path)).toBe(false);
  });
});

test('a path may be a file URL or bytes', async () => {
  const path = tempFile(CONTENT);
  for (const spelt of [pathToFileURL(path), Buffer.from(path)]) {
    await using file = await AsyncMmapFile.open(spelt);
    expect(file.path).toBe(path);
    expectBytes(file.asBuffer(), CONTENT);
  }
});

test('what is no regular file cannot be mapped', async () => {
  const directory = tempDir();
  expect(await rejected(AsyncMmapFile.open(directory))).toMatchObject({ code: 'EISDIR' });
  expect(await rejected(AsyncMmapFile.open(devNull))).toMatchObject({ code: 'ENODEV' });
});

describe('create', () => {
  test('makes a file of the size and mode that it is asked for', async () => {
    const path = tempFile();
    await using file = await AsyncMmapFileMut.create(path, { maxSize: 5000, mode: 0o600 });
    expect(file).toMatchObject({ length: 5000, lockState: 'exclusive' });
    file.writeAll('hello', 4995);
    await file.flush();
    expect(fs.statSync(path).mode & 0o777).toBe(isWindows ? 0o666 : 0o600); // Windows has no others
    expectBytes(fs.readFileSync(path), Buffer.concat([Buffer.alloc(4995), Buffer.from('hello')]));
  });

  test('rejects if there is a file, and leaves it as it was', async () => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const error = await rejected(AsyncMmapFileMut.create(path, { maxSize: 5, truncate: true }));
    expect(error).toMatchObject({ code: 'EEXIST', path });
    expect(snapshot(path)).toEqual(before);
  });
});

describe('AsyncMmapFileMut.open', () => {
  test('makes a file if there is none', async () => {
    const path = tempFile();
    await using file = await AsyncMmapFileMut.open(path, { maxSize: 10 });
    expect(file.length).toBe(10);
    expectBytes(fs.readFileSync(path), Buffer.alloc(10));
  });

  test('does as its options say', async () => {
    const path = tempFile();
    expect(await rejected(AsyncMmapFileMut.open(path, { create: false }))).toMatchObject({
      code: 'ENOENT',
    });
    await (await AsyncMmapFileMut.open(path, { createNew: true })).close();
    expect(await rejected(AsyncMmapFileMut.open(path, { createNew: true }))).toMatchObject({
      code: 'EEXIST',
    });
    fs.writeFileSync(path, CONTENT);
    await using longer = await AsyncMmapFileMut.open(path, { minSize: 20_000 });
    expectBytes(longer.asBuffer(), Buffer.concat([CONTENT, Buffer.alloc(10_000)]));
    await longer.close();
    for (const options of [{ maxSize: 100 }, { maxSize: 30_000 }, { minSize: 100 }]) {
      await using same = await AsyncMmapFileMut.open(path, { ...options, append: true });
      expectBytes(same.asBuffer(), Buffer.concat([CONTENT, Buffer.alloc(10_000)]));
    }
    await using emptied = await AsyncMmapFileMut.open(path, { truncate: true, maxSize: 50 });
    expectBytes(emptied.asBuffer(), Buffer.alloc(50));
  });

  whereBlocksAreReserved.test('reserves the blocks of what it adds', async () => {
    const options = { minSize: 20_000, allocate: true };
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT), options);
    expectBytes(file.asBuffer(), Buffer.concat([CONTENT, Buffer.alloc(10_000)]));
    expect((await file.stat()).blocks * 512).toBeGreaterThanOrEqual(20_000);
  });
});

describe('options of the mapping', () => {
  test.each([
    [{ offset: 4097 }, 4097, 10_000],
    [{ length: 5 }, 0, 5],
    [{ offset: 1, length: 9999 }, 1, 10_000],
    [{ offset: 10_000 }, 10_000, 10_000],
    [{ populate: true, noReserve: true, stack: true }, 0, 10_000],
    [{ read: true, customFlags: fs.constants.O_NOFOLLOW }, 0, 10_000],
    [{ guard: true, detachOnClose: false }, 0, 10_000],
  ])('%o', async (options, from, to) => {
    const path = tempFile(CONTENT);
    for (const open of [AsyncMmapFile.open, AsyncMmapFileMut.openCow]) {
      await using file = await open(path, options);
      expectBytes(file.asBuffer(), CONTENT.subarray(from, to));
    }
    await using file = await AsyncMmapFileMut.openExisting(path, { ...options, write: true });
    file.fill(7);
    await file.close();
    const expected = Buffer.from(CONTENT);
    expectBytes(fs.readFileSync(path), expected.fill(7, from, to));
  });

  test('detachOnClose leaves views that are empty', async () => {
    const file = await AsyncMmapFile.open(tempFile(CONTENT), { detachOnClose: true });
    const view = file.asBuffer();
    expectBytes(view, CONTENT);
    await file.close();
    expect(view).toHaveLength(0);
  });
});

test('openCow shows what was written to it alone', async () => {
  const path = tempFile(CONTENT);
  const before = snapshot(path);
  await using file = await AsyncMmapFileMut.openCow(path);
  file.writeAll('private');
  await file.flush();
  expect(file.copyBytes(0, 7).toString()).toBe('private');
  await file.close();
  expect(snapshot(path)).toEqual(before);
});

test('memory and anonymous are there at once, with no file behind them', async () => {
  await using text = AsyncMmapFile.memory('text', 'grün');
  expect(text).toMatchObject({ path: 'text', length: 5, lockState: 'none' });
  expect(text.asBuffer().toString()).toBe('grün');
  await using bytes = AsyncMmapFileMut.memory('bytes', CONTENT, { populate: true });
  expect(bytes).toBeInstanceOf(AsyncMmapFileMut);
  bytes.writeUInt8(255, 0);
  expect(CONTENT[0]).not.toBe(255);
  await bytes.truncate(10_001);
  expect(bytes.readUInt8(10_000)).toBe(0);
  await using nothing = AsyncMmapFileMut.memory('nothing');
  expect(nothing.isEmpty).toBe(true);
  await using zeroes = AsyncMmapFileMut.anonymous(5000);
  expect(zeroes.path).toBe('');
  expectBytes(zeroes.asBuffer(), Buffer.alloc(5000));
});

describe('attach', () => {
  test('makes a second handle on the same memory', async () => {
    await using file = await AsyncMmapFileMut.openExisting(tempFile(CONTENT));
    await using writable = AsyncMmapFileMut.attach(structuredClone(file.share()));
    await using readable = AsyncMmapFile.attach(file.share());
    writable.writeUInt32LE(0xdeadbeef, 5);
    expect(file.readUInt32LE(5)).toBe(0xdeadbeef);
    expect(readable.readUInt32LE(5)).toBe(0xdeadbeef);
    await writable.truncate(20_000);
    expect(file.length).toBe(20_000);
    await writable.close();
    expect(file.isClosed).toBe(false);
    await file.close();
    expect(readable.isClosed).toBe(true);
    expect(() => AsyncMmapFile.attach(readable.share())).toThrow('is closed');
  });

  test('for writing is refused of a mapping that is read-only, which stays open', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    expect(() => AsyncMmapFileMut.attach(file.share())).toThrow('AsyncMmapFile.attach');
    expectBytes(file.copyBytes(), CONTENT);
  });
});
