import * as fs from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { MmapFaultError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { whereFilesAreCut } from '../../test/helpers/platform.js';
import { turn } from '../../test/helpers/process.js';
import { methodsOf } from '../../test/helpers/surface.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { coldFile } from './cold.js';
import { failure, rejected, type Thrown } from './rejections.js';

const PAGE = 4096;
const CONTENT = pattern(10 * PAGE);

const faultOf = (path: string) => ({
  name: 'MmapFaultError',
  code: 'ERR_MMAP_FAULT',
  reason: 'truncated',
  path,
});

/** What goes on working, or is about the handle and not about its content. */
const UNAFFECTED = new Set([
  'close',
  String(Symbol.asyncDispose),
  'reopen',
  'stat',
  'onFault',
  'remove',
  'lock',
  'lockShared',
  'tryLock',
  'tryLockShared',
  'unlock',
]);

whereFilesAreCut.describe('after somebody else has truncated the file', () => {
  const ways: Readonly<Record<string, (file: AsyncMmapFile) => Promise<unknown>>> = {
    read: (file) => file.read(Buffer.alloc(PAGE), 5 * PAGE),
    readExact: (file) => file.readExact(Buffer.alloc(CONTENT.length)),
    prefetch: (file) => file.prefetch(5 * PAGE),
    'prefetch of all': (file) => file.prefetch(),
    writeToNewFile: (file) => file.writeToNewFile(`${file.path}.new`),
    checkFault: (file) => file.checkFault(),
    'a typed read': async (file) => file.readUInt8(9 * PAGE),
    'a copy': async (file) => file.copyBytes(),
    'read of a reader': (file) => file.reader(5 * PAGE).read(Buffer.alloc(PAGE)),
    'readLine of a reader': (file) => file.reader(5 * PAGE).readLine(),
    'chunks of a reader': async (file) => {
      for await (const chunk of file.reader(5 * PAGE).chunks(PAGE)) chunk.readUInt8(0);
      await file.checkFault();
    },
  };
  test.each(Object.entries(ways))('%s rejects with MmapFaultError', async (_name, use) => {
    for (const open of [AsyncMmapFile.open, AsyncMmapFileMut.open]) {
      const path = coldFile(CONTENT);
      await using file = await open(path);
      fs.truncateSync(path, PAGE);
      const error = await rejected(use(file));
      expect(error).toBeInstanceOf(MmapFaultError);
      expect(error).toMatchObject(faultOf(path));
      expect(file.isFaulted).toBe(true);
      expect(fs.existsSync(`${path}.new`)).toBe(false);
    }
  });

  test('every method rejects, and reopen maps what is left', async () => {
    const path = tempFile(CONTENT);
    await using file = await AsyncMmapFileMut.open(path);
    const reader = file.reader();
    const writer = file.writer();
    fs.truncateSync(path, PAGE + 5);
    expect(await rejected(file.checkFault())).toMatchObject(faultOf(path));
    for (const object of [file, reader, writer]) {
      for (const { name, use } of methodsOf(object.constructor as never)) {
        if (object === file && UNAFFECTED.has(name)) continue;
        expect(await failure(() => use(object)), name).toBeInstanceOf(MmapFaultError);
      }
    }
    expect((await file.stat()).size).toBe(PAGE + 5);
    await file.reopen();
    expect(file.isFaulted).toBe(false);
    expect(file.length).toBe(PAGE + 5);
    expectBytes(file.copyBytes(), fs.readFileSync(path));
    await file.checkFault();
  });
});

test('checkFault and flush find nothing wrong with an intact file, or with memory', async () => {
  await using disk = await AsyncMmapFileMut.open(tempFile(CONTENT));
  await using memory = AsyncMmapFile.memory('memory', CONTENT);
  await disk.checkFault();
  await memory.checkFault();
  expect(disk.isFaulted).toBe(false);
});

whereFilesAreCut.describe('onFault', () => {
  /** Files of tests that wait only for a listener: otherwise such a test and its file could be collected together. */
  const kept = new Set<object>();
  afterEach(() => kept.clear());

  test('tells of a fault of a view, once, until it is taken away', async () => {
    const path = tempFile(CONTENT);
    await using file = await AsyncMmapFile.open(path);
    kept.add(file);
    const view = file.asBuffer();
    const told = new Promise<Thrown>((resolve) => file.onFault(resolve as never));
    let count = 0;
    const end = file.onFault(() => {
      count += 1;
    });
    fs.truncateSync(path, 0);
    expect(view[5 * PAGE]).toBe(0);
    expect(await told).toMatchObject({ ...faultOf(path), offset: 5 * PAGE });
    expect(view[6 * PAGE]).toBe(0);
    await rejected(file.checkFault());
    await turn();
    expect(count).toBe(1);
    end();
  });

  test('tells of a fault that a method met', async () => {
    const path = coldFile(CONTENT);
    await using file = await AsyncMmapFile.open(path);
    kept.add(file);
    const told = new Promise((resolve) => file.onFault(resolve));
    fs.truncateSync(path, PAGE);
    const error = await rejected(file.read(Buffer.alloc(2 * PAGE), 5 * PAGE));
    expect(error).toMatchObject(faultOf(path));
    expect(await told).toMatchObject(faultOf(path));
  });
});
