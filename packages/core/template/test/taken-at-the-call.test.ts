// Whatever becomes of an argument after the call, the call means what it meant.
import * as fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { noOptions, optionsFrom } from '../../test/helpers/option-objects.js';
import { methodsOf } from '../../test/helpers/surface.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { expectArgumentRejection, failure } from './rejections.js';

const CONTENT = pattern(10_000);

/** Makes of an argument what would be refused, or mean something else. */
function spoil(argument: unknown): void {
  if (argument instanceof URL) argument.pathname = '/nowhere/at/all';
  else if (argument instanceof Uint8Array) argument.fill(0x7a);
  else if (Array.isArray(argument)) argument.splice(0, argument.length, 'spoiled');
  else if (typeof argument === 'object' && argument !== null) {
    for (const key of Object.keys(argument)) {
      Object.assign(argument, { [key]: key === 'signal' ? AbortSignal.abort() : -1 });
    }
    Object.assign(argument, { unknown: true });
  }
}

const paths: Readonly<Record<string, (path: string) => string | Uint8Array | URL>> = {
  'a Buffer': (path) => Buffer.from(path),
  'a Uint8Array': (path) => new TextEncoder().encode(path),
  'a URL': (path) => pathToFileURL(path),
};

const constructors: Readonly<
  Record<string, (path: never, options: object) => Promise<AsyncMmapFile>>
> = {
  'AsyncMmapFile.open': AsyncMmapFile.open,
  'AsyncMmapFile.openExec': AsyncMmapFile.openExec,
  'AsyncMmapFileMut.create': AsyncMmapFileMut.create,
  'AsyncMmapFileMut.open': AsyncMmapFileMut.open,
  'AsyncMmapFileMut.openExisting': AsyncMmapFileMut.openExisting,
  'AsyncMmapFileMut.openCow': AsyncMmapFileMut.openCow,
};

describe.each(Object.entries(constructors))('%s', (name, open) => {
  const isNew = name.endsWith('create');
  const fitting = isNew ? { maxSize: 5000, mode: 0o600 } : { offset: 5000 };

  test.each(Object.entries(paths))('has read %s, and its options', async (_name, from) => {
    const path = tempFile(isNew ? undefined : CONTENT);
    const given = from(path);
    const options = { ...fitting, signal: new AbortController().signal };
    const promise = open(given as never, options);
    spoil(given);
    spoil(options);
    await using file = await promise;
    expect([file.path, file.length]).toEqual([path, 5000]);
    expect(fs.existsSync(path)).toBe(true);
  });

  test('names the path of the call in its error', async () => {
    const path = `${tempFile()}/none/at/all`;
    const given = Buffer.from(path);
    const promise = open(given as never, {});
    spoil(given);
    expect(await failure(() => promise)).toMatchObject({ path });
  });

  test.each(Object.entries(optionsFrom))('reads options of %s', async (_name, from) => {
    const path = tempFile(isNew ? undefined : CONTENT);
    const [[option = '', value]] = Object.entries(fitting) as [[string, number]];
    await using file = await open(path as never, from(option, value));
    expect(file.length).toBe(5000);
    const aborted = failure(() => open(path as never, from('signal', AbortSignal.abort())));
    expect(await aborted).toMatchObject({ name: 'AbortError' });
  });

  test('refuses what holds no options', async () => {
    const path = tempFile(isNew ? undefined : CONTENT);
    for (const [what, bad] of Object.entries(noOptions)) {
      const argument = what.includes('signal') ? 'aborted' : 'options';
      await expectArgumentRejection(() => open(path as never, bad as never), argument);
    }
  });
});

/** What each method gets that could be changed: at the end its options. */
const calls: Readonly<Record<string, (path: Buffer, options: object) => unknown[]>> = {
  read: (_path, options) => [Buffer.alloc(10), 5, options],
  readExact: (_path, options) => [Buffer.alloc(10), 5, options],
  prefetch: (_path, options) => [0, 10, options],
  writeToNewFile: (path, options) => [path, 0, 10, Object.assign(options, { replace: true })],
  stat: (_path, options) => [Object.assign(options, { bigint: true })],
  close: (_path, options) => [Object.assign(options, { flush: true })],
  lock: (_path, options) => [Object.assign(options, { timeout: 10_000 })],
  lockShared: (_path, options) => [Object.assign(options, { timeout: 10_000 })],
  flush: (_path, options) => [0, 10, options],
  truncate: (_path, options) => [12_000, options],
};

/** Those that take nothing but numbers and words, or what is looked at before they return. */
const PLAIN = new Set([
  ...['advise', 'lockMemory', 'unlockMemory', 'tryLock', 'tryLockShared', 'unlock', 'checkFault'],
  ...['reopen', 'startFlush', 'freeze', 'freezeExec', 'remove', 'closeWithTruncate'],
  String(Symbol.asyncDispose),
]);

/** Those whose options have no signal. */
const WITHOUT_SIGNAL = ['stat', 'close'];

/** Those of a flavour, whose own tests are about them. */
const OF_FLAVOURS = new Set(['run', 'runWith', 'map']);

test('every method that returns a promise is here', () => {
  const isAsync = (name: string) =>
    (AsyncMmapFileMut.prototype as never as Record<string, object>)[name]?.constructor.name ===
    'AsyncFunction';
  const found = methodsOf(AsyncMmapFileMut).map(({ name }) => name);
  const unknown = found.filter(
    (name) => isAsync(name) && !(name in calls) && !PLAIN.has(name) && !OF_FLAVOURS.has(name),
  );
  expect(unknown).toEqual([]);
});

describe.each(Object.entries(calls))('%s', (name, argumentsFor) => {
  async function outcome(change: (argument: unknown) => void) {
    const path = tempFile(CONTENT);
    const file = await AsyncMmapFileMut.open(path);
    onTestFinished(() => file.close());
    if (name === 'lockShared') await file.unlock();
    const copy = `${path}.copy`;
    const signal = new AbortController().signal;
    const args = argumentsFor(Buffer.from(copy), WITHOUT_SIGNAL.includes(name) ? {} : { signal });
    const before = name === 'read' || name === 'readExact' ? undefined : file.truncate(11_000);
    const call = (file as never as Record<string, (...args: unknown[]) => Promise<unknown>>)[name];
    const promise = call?.apply(file, args);
    const [target] = args;
    for (const arg of args) if (!(arg === target && /^read/.test(name))) change(arg);
    await before;
    const value = await promise;
    return {
      value: typeof value === 'object' ? typeof (value as fs.Stats).size : value,
      target: /^read/.test(name) ? (target as Buffer).toString('hex') : undefined,
      hasCopy: fs.existsSync(copy),
      length: file.length,
      lock: file.lockState,
    };
  }

  test('does what its arguments said at the call', async () => {
    expect(await outcome(spoil)).toEqual(await outcome(() => {}));
  });

  test('reads options as fs does, and refuses what holds none', async () => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    const use = (options: unknown) => {
      const args = argumentsFor(Buffer.from(`${file.path}.copy`), {});
      const call = (file as never as Record<string, (...args: unknown[]) => Promise<unknown>>)[
        name
      ];
      return call?.apply(file, [...args.slice(0, -1), options]) as Promise<unknown>;
    };
    for (const from of WITHOUT_SIGNAL.includes(name) ? [] : Object.values(optionsFrom)) {
      const error = await failure(() => use(from('signal', AbortSignal.abort())));
      expect(error).toMatchObject({ name: 'AbortError' });
    }
    for (const [what, bad] of Object.entries(noOptions)) {
      const argument = what.includes('signal') ? 'aborted' : 'options';
      await expectArgumentRejection(() => use(bad), argument);
    }
    await expectArgumentRejection(() => use({ sginal: undefined }), 'sginal');
    expect(file.length).toBe(CONTENT.length);
  });
});
