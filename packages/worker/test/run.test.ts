import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { threadId } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { countDescriptors } from '../../core/test/helpers/process.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { AsyncMmapFile, AsyncMmapFileMut, MmapClosedError, MmapFile } from '../src/index.js';
import { rejected } from './helpers/rejected.js';

const CONTENT = pattern(10_000);
const sha256 = createHash('sha256').update(CONTENT).digest('hex');
const task = (name: string) => new URL(`tasks/${name}`, import.meta.url);

describe('a task', () => {
  test.each([
    ['a URL', task('count.mjs')],
    ['a URL as a string', task('count.mjs').href],
    ['an absolute path', fileURLToPath(task('count.mjs'))],
  ])('is a module by %s', async (_, module) => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    const seen = await file.run<{ threadId: number }>(module, 1, { two: [2n] });
    expect(seen).toMatchObject({ length: 10_000, sha256, args: [1, { two: [2n] }] });
    expect(seen).toMatchObject({ name: 'MmapFile' });
    expect(seen.threadId).not.toBe(threadId);
  });

  test('is a CommonJS module', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    expect(await file.run(task('common.cjs'))).toBe(10_000);
  });

  test('is a function, an async one or one with a name, and gets the arguments', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    expect(await file.run((file, at) => file.readUInt8(at), 7)).toBe(CONTENT[7]);
    expect(await file.run(async (file, a: number, b: number) => file.length + a * b, 3, 4)).toBe(
      10_012,
    );
    const named = await file.run(function named(file) {
      return typeof named + file.path.length;
    });
    expect(named).toBe(`function${file.path.length}`);
    expect(await file.run(() => undefined)).toBeUndefined();
  });

  test('imports what Node has', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    // Made of text, for vitest has an import() of its own.
    const task = new Function(
      'file',
      `return import('node:crypto').then(({ createHash }) =>
        createHash('sha256').update(file.asBuffer()).digest('hex'))`,
    ) as (file: MmapFile) => Promise<string>;
    const hash = await file.run(task);
    expect(hash).toBe(sha256);
  });

  test.each([
    [true, 'open'],
    [false, 'open'],
    [true, 'memory'],
  ] as const)('has views that are shared (%s) as those of the file are', async (shared, how) => {
    const name = how === 'open' ? tempFile(CONTENT) : 'm';
    await using file =
      how === 'open'
        ? await AsyncMmapFile.open(name, { shared })
        : AsyncMmapFileMut.memory(name, CONTENT, { shared });
    expect(await file.run((file) => file._mapping.shared)).toBe(shared);
    const all = await file.map((file) => file._mapping.shared, { chunkSize: 5000 });
    expect(all).toEqual([shared, shared]);
  });

  test('gets arguments as they are at the call', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    const list = [1];
    const seen = file.run((_, list: number[]) => list, list);
    list.push(2);
    expect(await seen).toEqual([1]);
  });

  test.each([
    ['a relative path', './task.js'],
    ['the name of a package', 'fmmap'],
    ['a number', 1],
    ['nothing', undefined],
  ])('is not %s', async (_, wrong) => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    expect(await rejected(file.run(wrong as never))).toMatchObject({
      name: 'TypeError',
      argument: 'task',
    });
  });

  test.each([
    ['a method', { method() {} }.method],
    ['a built-in function', Math.max],
    ['a module without a default export', task('nothing.mjs')],
  ])('is not %s', async (_, wrong) => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    expect(await rejected(file.run(wrong as never))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });

  test('does not get what cannot be cloned', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    expect(
      await rejected(
        file.run(
          (_, f: () => void) => f,
          () => {},
        ),
      ),
    ).toMatchObject({
      name: 'TypeError',
      argument: 'args',
    });
  });
});

describe('the file of a task', () => {
  test('is the same memory, and writable if the file is', async () => {
    const path = tempFile(CONTENT);
    await using file = await AsyncMmapFileMut.open(path);
    const view = file.asBuffer();
    await file.run((file) => {
      file.writeUInt32LE(0xdeadbeef, 100);
      file.flush(100, 4);
    });
    expect(view.readUInt32LE(100)).toBe(0xdeadbeef);
    expect(fs.readFileSync(path).readUInt32LE(100)).toBe(0xdeadbeef);
    expect(await file.run((file) => file.constructor.name)).toBe('MmapFileMut');
  });

  test.each([
    ['memory', () => AsyncMmapFileMut.memory('x', CONTENT)],
    ['a private copy', () => AsyncMmapFileMut.openCow(tempFile(CONTENT))],
    ['an anonymous mapping', () => AsyncMmapFileMut.anonymous(10_000)],
  ])('is that of %s', async (_, open) => {
    await using file = await open();
    file.writeUInt8(77, 5000);
    await file.run((file) => file.writeUInt8(file.readUInt8(5000) + 1, 5001));
    expect(file.readUInt8(5001)).toBe(78);
  });

  test('is neither opened nor locked again, and is closed after the task', async () => {
    const path = tempFile(CONTENT);
    await using file = await AsyncMmapFileMut.open(path);
    const descriptors = countDescriptors(path);
    const kept = await file.run((file) => {
      (globalThis as Record<string, unknown>).kept = file;
      return file.lockState;
    });
    expect(kept).toBe('exclusive');
    expect(countDescriptors(path)).toBe(descriptors);
    await using frozen = await file.freeze(); // which it cannot while somebody is attached
    expect(frozen.readUInt8(1)).toBe(CONTENT[1]);
  });

  test('sees what was truncated, and does so itself', async () => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    await file.truncate(20_000);
    expect(await file.run((file) => file.length)).toBe(20_000);
    await file.run((file) => file.truncate(5000));
    expect(file.length).toBe(5000);
    expect(file.readUInt8(4999)).toBe(CONTENT[4999]);
  });

  test('is closed for what comes after close, and close waits for what came before', async () => {
    const file = await AsyncMmapFile.open(tempFile(CONTENT));
    const order: string[] = [];
    const running = file
      .run(async (file) => {
        await new Promise((resolve) => setImmediate(resolve));
        return file.readUInt8(1);
      })
      .then((value) => order.push(`run ${value}`));
    const closing = file.close().then(() => order.push('close'));
    const late = rejected(file.run((file) => file.length));
    await Promise.all([running, closing]);
    expect(order).toEqual([`run ${CONTENT[1]}`, 'close']);
    expect(await late).toBeInstanceOf(MmapClosedError);
    expect(await rejected(file.run(() => {}))).toBeInstanceOf(MmapClosedError);
  });

  test('may be attached to by other threads meanwhile', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    using attached = MmapFile.attach(file.share());
    expect(await file.run((file) => file.readUInt8(3))).toBe(attached.readUInt8(3));
  });
});

test('a thousand tasks at once, with one signal, all get their turn', async () => {
  await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  const { signal } = new AbortController();
  const all = Array.from({ length: 1000 }, (_, index) =>
    file.runWith({ signal }, (file, at: number) => file.readUInt8(at), index),
  );
  expect(await Promise.all(all)).toEqual([...CONTENT.subarray(0, 1000)]);
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
