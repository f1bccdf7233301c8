import { describe, expect, test } from 'vitest';
import { MmapRangeError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { expectArgumentRejection, rejected } from './rejections.js';

const CONTENT = pattern(10_000);

const constructors = {
  'AsyncMmapFile.open': AsyncMmapFile.open,
  'AsyncMmapFile.openExec': AsyncMmapFile.openExec,
  'AsyncMmapFileMut.create': AsyncMmapFileMut.create,
  'AsyncMmapFileMut.open': AsyncMmapFileMut.open,
  'AsyncMmapFileMut.openExisting': AsyncMmapFileMut.openExisting,
  'AsyncMmapFileMut.openCow': AsyncMmapFileMut.openCow,
};

describe.each(Object.entries(constructors))('%s', (_name, open) => {
  test('rejects what is no path', async () => {
    for (const bad of [undefined, null, 5n, {}, [], Symbol('path'), true, -1, 0.5, 2 ** 31])
      await expectArgumentRejection(() => open(bad as never), 'path');
    for (const bad of ['', 'a\0b', new URL('http://example.org/')])
      expect(['TypeError', 'MmapRangeError', 'MmapError']).toContain(
        (await rejected(open(bad))).name,
      );
  });

  test('rejects options of wrong types', async () => {
    const path = tempFile(CONTENT);
    for (const options of [null, 5, 'offset', true, Symbol('options')])
      await expectArgumentRejection(() => open(path, options as never), 'options');
    for (const value of ['5', 5n, null, {}]) {
      await expectArgumentRejection(() => open(path, { offset: value as never }), 'offset');
      await expectArgumentRejection(() => open(path, { length: value as never }), 'length');
      await expectArgumentRejection(() => open(path, { populate: value as never }), 'populate');
    }
    for (const value of [null, 5, {}, new AbortController()])
      await expectArgumentRejection(() => open(path, { signal: value as never }), 'options.signal');
  });
});

describe('what takes options', () => {
  const calls: Readonly<
    Record<string, (file: AsyncMmapFileMut, options: never) => Promise<unknown>>
  > = {
    read: (file, options) => file.read(Buffer.alloc(1), 0, options),
    readExact: (file, options) => file.readExact(Buffer.alloc(1), 0, options),
    prefetch: (file, options) => file.prefetch(0, 1, options),
    writeToNewFile: (file, options) => file.writeToNewFile(`${file.path}.new`, 0, 1, options),
    flush: (file, options) => file.flush(0, 1, options),
    truncate: (file, options) => file.truncate(1, options),
    lock: (file, options) => file.lock(options),
    lockShared: (file, options) => file.lockShared(options),
  };
  test.each(Object.entries(calls))('%s rejects what are none', async (_name, call) => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    for (const bad of [null, 5, 'signal'])
      await expectArgumentRejection(() => call(file, bad as never), 'options');
    for (const signal of [null, 5, {}, 'abort'])
      await expectArgumentRejection(() => call(file, { signal } as never), 'options.signal');
    expectBytes(file.asBuffer(), CONTENT);
  });
});

test('an argument is looked at before the state of the file', async () => {
  await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
  const reader = file.reader();
  await file.close();
  await expectArgumentRejection(() => file.read(5 as never), 'target');
  await expectArgumentRejection(() => file.readExact(Buffer.alloc(1), -1), 'offset');
  await expectArgumentRejection(() => file.prefetch(-1), 'offset');
  await expectArgumentRejection(() => file.flush(-1), 'offset');
  await expectArgumentRejection(() => file.truncate(-1), 'size');
  await expectArgumentRejection(() => file.closeWithTruncate(-1), 'size');
  await expectArgumentRejection(() => file.advise('none' as never), 'advice');
  await expectArgumentRejection(() => file.lock({ timeout: -1 }), 'timeout');
  await expectArgumentRejection(() => file.writeToNewFile(5 as never), 'path');
  await expectArgumentRejection(() => reader.read(5 as never), 'target');
});

test('what is there at once throws at once', async () => {
  expect(() => AsyncMmapFile.memory(5 as never)).toThrow(TypeError);
  expect(() => AsyncMmapFileMut.memory('memory', 5 as never)).toThrow(TypeError);
  expect(() => AsyncMmapFile.memory('memory', '', { offset: 5 } as never)).toThrow(TypeError);
  expect(() => AsyncMmapFileMut.anonymous(-1)).toThrow(MmapRangeError);
  expect(() => AsyncMmapFileMut.anonymous('5' as never)).toThrow(TypeError);
  for (const bad of [undefined, null, {}, 5, { fmmap: 1 }])
    expect(() => AsyncMmapFile.attach(bad as never)).toThrow(TypeError);
  await using file = AsyncMmapFileMut.memory('memory', CONTENT);
  expect(() => file.reader(-1)).toThrow(MmapRangeError);
  expect(() => file.writer('1' as never)).toThrow(TypeError);
  expect(() => file.onFault(5 as never)).toThrow(TypeError);
});
