import { describe, expect, onTestFinished, test } from 'vitest';
import { MmapClosedError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { countDescriptors } from '../../test/helpers/process.js';
import { gettersOf, methodsOf } from '../../test/helpers/surface.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { coldFile } from './cold.js';
import { failure, rejected } from './rejections.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE + 7);

/** Documented to do nothing on a closed handle. */
const HARMLESS = ['close', String(Symbol.asyncDispose)];

/** What returns a promise. */
const SYSTEM = [
  ...['read', 'readExact', 'prefetch', 'writeToNewFile', 'advise', 'lockMemory', 'unlockMemory'],
  ...['stat', 'lock', 'lockShared', 'tryLock', 'tryLockShared', 'unlock', 'checkFault', 'reopen'],
];
const SYSTEM_MUT = [
  ...['flush', 'startFlush', 'truncate', 'freeze', 'freezeExec', 'remove', 'closeWithTruncate'],
];

type Open = (path: string) => AsyncMmapFile | Promise<AsyncMmapFile>;

/** Each kind of handle, and the ways in which it comes to its end. */
const ends: Readonly<Record<string, [open: Open, end: (file: never) => Promise<unknown>]>> = {
  'AsyncMmapFile.open and close': [AsyncMmapFile.open, (file: AsyncMmapFile) => file.close()],
  'AsyncMmapFile.open and Symbol.asyncDispose': [
    AsyncMmapFile.open,
    (file: AsyncMmapFile) => file[Symbol.asyncDispose](),
  ],
  'AsyncMmapFile.memory and close': [
    (path) => AsyncMmapFile.memory(path, CONTENT),
    (file: AsyncMmapFile) => file.close(),
  ],
  'AsyncMmapFileMut.open and close': [
    AsyncMmapFileMut.open,
    (file: AsyncMmapFileMut) => file.close(),
  ],
  'AsyncMmapFileMut.open, removeOnDispose and Symbol.asyncDispose': [
    AsyncMmapFileMut.open,
    (file: AsyncMmapFileMut) => {
      file.removeOnDispose = true;
      return file[Symbol.asyncDispose]();
    },
  ],
  'AsyncMmapFileMut.open and remove': [
    AsyncMmapFileMut.open,
    (file: AsyncMmapFileMut) => file.remove(),
  ],
  'AsyncMmapFileMut.open and closeWithTruncate': [
    AsyncMmapFileMut.open,
    (file: AsyncMmapFileMut) => file.closeWithTruncate(10),
  ],
  'AsyncMmapFileMut.open and freeze': [
    AsyncMmapFileMut.open,
    async (file: AsyncMmapFileMut) => {
      const frozen = await file.freeze();
      onTestFinished(() => frozen.close());
    },
  ],
  'AsyncMmapFileMut.openCow and close': [
    AsyncMmapFileMut.openCow,
    (file: AsyncMmapFileMut) => file.close(),
  ],
  'AsyncMmapFileMut.anonymous and remove': [
    () => AsyncMmapFileMut.anonymous(PAGE),
    (file: AsyncMmapFileMut) => file.remove(),
  ],
  'AsyncMmapFileMut.attach and close': [
    async (path) => {
      const owner = await AsyncMmapFileMut.open(path);
      onTestFinished(() => owner.close());
      return AsyncMmapFileMut.attach(owner.share());
    },
    (file: AsyncMmapFileMut) => file.close(),
  ],
};

describe.each(Object.entries(ends))('after %s', (_name, [open, end]) => {
  async function ended() {
    const path = tempFile(CONTENT);
    const file = await open(path);
    const cursors = [file.reader(), ...(file instanceof AsyncMmapFileMut ? [file.writer()] : [])];
    await end(file as never);
    return { file, cursors };
  }

  test('every method of the file, its readers and its writers finds it closed', async () => {
    const { file, cursors } = await ended();
    for (const object of [file, ...cursors]) {
      let count = 0;
      for (const { name, use } of methodsOf(object.constructor as never)) {
        const error = await failure(() => use(object));
        if (HARMLESS.includes(name)) expect(error).toBeUndefined();
        else {
          expect(error, name).toBeInstanceOf(MmapClosedError);
          expect(error).toMatchObject({ code: 'ERR_MMAP_CLOSED', path: file.path });
        }
        count += 1;
      }
      expect(count).toBeGreaterThan(30);
    }
  });

  test('what touches the system is rejected, and does not throw at once', async () => {
    const { file } = await ended();
    const methods = new Map(
      methodsOf(file.constructor as never).map(({ name, use }) => [name, use]),
    );
    const names = [...SYSTEM, ...(file instanceof AsyncMmapFileMut ? SYSTEM_MUT : [])];
    for (const name of names) {
      const result = methods.get(name)?.(file);
      expect(result, name).toBeInstanceOf(Promise);
      expect(await rejected(result as Promise<unknown>)).toBeInstanceOf(MmapClosedError);
    }
  });

  test('getters say so', async () => {
    const { file } = await ended();
    expect(file).toMatchObject({ isClosed: true, length: 0, isEmpty: true, lockState: 'none' });
    for (const { use } of gettersOf(file.constructor as never)) use(file);
  });
});

describe('close with work in flight', () => {
  test('waits for it, and what comes later finds the handle closed', async () => {
    const path = coldFile(CONTENT);
    const descriptors = countDescriptors(path);
    const file = await AsyncMmapFileMut.open(path);
    file.writeUInt8(255, 0);
    const order: string[] = [];
    const note = (name: string) => () => order.push(name);
    const target = Buffer.alloc(PAGE);
    const work = [
      file.flush().then(note('flush')),
      file.read(target, PAGE).then(note('read')),
      file.writeToNewFile(`${path}.new`).then(note('writeToNewFile')),
      file.stat().then(note('stat')),
      file.truncate(2 * PAGE).then(note('truncate')),
    ];
    const closing = file.close().then(note('close'));
    const late = rejected(file.flush());
    await Promise.all([...work, closing]);
    expect(order).toHaveLength(6);
    expect(order.at(-1)).toBe('close');
    expectBytes(target, CONTENT.subarray(PAGE, 2 * PAGE));
    expect(await late).toBeInstanceOf(MmapClosedError);
    expect(countDescriptors(path)).toBe(descriptors);
  });

  test('may be asked for many times at once', async () => {
    const file = await AsyncMmapFile.open(tempFile(CONTENT));
    const view = file.asBuffer();
    await Promise.all([file.close(), file.close(), file[Symbol.asyncDispose](), file.close()]);
    expect(file.isClosed).toBe(true);
    expectBytes(view, Buffer.alloc(view.length));
  });

  test('gives the lock back before it is fulfilled', async () => {
    const path = tempFile(CONTENT);
    for (let i = 0; i < 20; ++i) {
      const file = await AsyncMmapFileMut.open(path);
      void file.flush();
      await file.close();
    }
  });

  test('ends waiting for the lock', async () => {
    const path = tempFile(CONTENT);
    const file = await AsyncMmapFile.open(path);
    await file.unlock();
    await using _holder = await AsyncMmapFileMut.open(path);
    const waiting = rejected(file.lock());
    await file.close();
    expect(await waiting).toBeInstanceOf(MmapClosedError);
  });
});
