import { constants } from 'node:os';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MmapClosedError, MmapFile, MmapFileMut, MmapLockError } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { isWindows, whereFlock } from '../helpers/platform.js';
import { countDescriptors } from '../helpers/process.js';
import { hearProgram, startProgram } from '../helpers/program.js';
import { pattern, snapshot, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

/** Every constructor for an existing file, and the lock that it takes. */
const openers = {
  'MmapFile.open': { open: MmapFile.open, state: 'shared' },
  'MmapFile.openExec': { open: MmapFile.openExec, state: 'shared' },
  'MmapFileMut.openCow': { open: MmapFileMut.openCow, state: 'shared' },
  'MmapFileMut.open': { open: MmapFileMut.open, state: 'exclusive' },
  'MmapFileMut.openExisting': { open: MmapFileMut.openExisting, state: 'exclusive' },
} as const;
const names = Object.keys(openers) as (keyof typeof openers)[];
const pairs = names.flatMap((first) => names.map((second) => [first, second] as const));

// libuv has its own numbers on Windows.
const EWOULDBLOCK = isWindows ? -4088 : -constants.errno.EWOULDBLOCK;

function expectLocked(error: unknown, path: string): void {
  expect(error).toMatchObject({
    name: 'MmapLockError',
    code: 'EWOULDBLOCK',
    errno: EWOULDBLOCK,
    syscall: 'flock',
    path,
    message: expect.stringContaining(`'${path}'`),
  });
}

describe('a second open of a locked file', () => {
  test.each(pairs)('%s, then %s in the same process', (first, second) => {
    const path = tempFile(CONTENT);
    using holder = openers[first].open(path);
    expect(holder.lockState).toBe(openers[first].state);
    if (openers[first].state === 'shared' && openers[second].state === 'shared') {
      using other = openers[second].open(path);
      expect(other.copyBytes()).toEqual(CONTENT);
      return;
    }
    const descriptors = countDescriptors();
    const error = thrown(() => openers[second].open(path));
    expectLocked(error, path);
    expect(error).toBeInstanceOf(MmapLockError);
    expect(countDescriptors()).toBe(descriptors);
    expect(holder.copyBytes()).toEqual(CONTENT);
    holder.close();
    openers[second].open(path).close();
  });

  test('fails in a worker thread, and succeeds there once the file is closed', async () => {
    const path = tempFile(CONTENT);
    const holder = MmapFileMut.open(path);
    const worker = new Worker(new URL('../programs/locks/asking-thread.cjs', import.meta.url));
    onTestFinished(async () => {
      await worker.terminate();
    });
    const ask = () =>
      new Promise((resolve, reject) => {
        worker.once('message', resolve).once('error', reject).postMessage(path);
      });
    expectLocked(await ask(), path);
    holder.close();
    expect(await ask()).toBe('shared');
  });

  test('fails in another process, and succeeds there once the file is closed', async () => {
    const path = tempFile(CONTENT);
    const attempt = () => hearProgram('locks/conflicts#attempt', { args: [path] });
    const writable = MmapFileMut.open(path);
    for (const error of await attempt()) expectLocked(error, path);
    writable.close();
    using readOnly = MmapFile.open(path);
    const [shared, exclusive] = await attempt();
    expect(shared).toBe('no error');
    expectLocked(exclusive, path);
    expect(readOnly.copyBytes()).toEqual(CONTENT);
  });

  test.each([
    ['open', { truncate: true }],
    ['open', { maxSize: 5 }],
    ['open', { minSize: 50_000, allocate: true }],
    ['open', { truncate: true, maxSize: 8192, populate: true }],
    ['openExisting', { truncate: true }],
    ['openExisting', { maxSize: 5 }],
    ['openExisting', { minSize: 50_000 }],
    ['openExisting', { truncate: true, maxSize: 50_000 }],
  ] as const)('MmapFileMut.%s with %o leaves the file unchanged', (method, options) => {
    const path = tempFile(CONTENT);
    using _holder = MmapFile.open(path);
    const before = snapshot(path);
    expectLocked(
      thrown(() => MmapFileMut[method](path, options)),
      path,
    );
    expect(snapshot(path)).toEqual(before);
  });

  whereFlock.test('respects the flock(2) of a program that does not use fmmap', async () => {
    const path = tempFile(CONTENT);
    const holder = startProgram('locks/conflicts#live', {
      args: ['locked'],
      through: ['flock', '--exclusive', '--no-fork', path],
    });
    await holder.said();
    expectLocked(
      thrown(() => MmapFile.open(path)),
      path,
    );
    holder.process.stdin.end();
    await holder.done;
    MmapFile.open(path).close();
  });
});

describe('a lock is released', () => {
  test.each(names)('by close of %s', (name) => {
    const path = tempFile(CONTENT);
    const file = openers[name].open(path);
    file.close();
    expect(file.lockState).toBe('none');
    MmapFileMut.open(path).close();
  });

  test('when its process is killed', async () => {
    const path = tempFile(CONTENT);
    const holder = startProgram('locks/conflicts#holdForEver', { args: [path] });
    await holder.said();
    expectLocked(
      thrown(() => MmapFile.open(path)),
      path,
    );
    holder.process.kill('SIGKILL');
    expect(await holder.done).toMatchObject({ signal: 'SIGKILL' });
    MmapFileMut.open(path).close();
  });

  test('when its process ends without closing', async () => {
    const path = tempFile(CONTENT);
    await hearProgram('locks/conflicts#leave', { args: [path] });
    MmapFileMut.open(path).close();
  });

  test('even while a child process that was started meanwhile is still running', async () => {
    const path = tempFile(CONTENT);
    const file = MmapFileMut.open(path);
    const bystander = startProgram('locks/conflicts#live', { args: [1] });
    await bystander.said();
    file.close();
    MmapFileMut.open(path).close();
    bystander.process.stdin.end();
    await bystander.done;
  });
});

describe('the lock of an open file', () => {
  test('can be released and taken again, of either kind', () => {
    const path = tempFile(CONTENT);
    using file = MmapFileMut.open(path);
    file.unlock();
    file.unlock();
    expect(file.lockState).toBe('none');
    MmapFileMut.open(path).close();
    file.lockShared();
    expect(file.lockState).toBe('shared');
    MmapFile.open(path).close();
    expect(thrown(() => MmapFileMut.open(path))).toBeInstanceOf(MmapLockError);
    file.unlock();
    file.lock();
    expect(file.lockState).toBe('exclusive');
    expect(thrown(() => MmapFile.open(path))).toBeInstanceOf(MmapLockError);
  });

  test('is not taken twice: asking for the current state returns at once', () => {
    const path = tempFile(CONTENT);
    using file = MmapFileMut.open(path);
    file.lock();
    expect(file.tryLock()).toBe(true);
    expect(file.lockState).toBe('exclusive');
    file.unlock();
    file.lockShared();
    file.lockShared();
    expect(file.tryLockShared()).toBe(true);
    expect(file.lockState).toBe('shared');
    file.unlock(); // one unlock is enough, however often it was taken
    MmapFileMut.open(path).close();
  });

  test.each([
    ['upgraded', MmapFile.open, 'shared', ['lock', 'tryLock']],
    ['downgraded', MmapFileMut.open, 'exclusive', ['lockShared', 'tryLockShared']],
  ] as const)('is not %s in place, and stays unchanged', (word, open, state, methods) => {
    const path = tempFile(CONTENT);
    using file = open(path);
    for (const method of methods) {
      const error = thrown(() => file[method]());
      expect(error).toBeInstanceOf(MmapLockError);
      expect(error).toMatchObject({
        code: 'ERR_MMAP_LOCK_STATE',
        path,
        message: expect.stringMatching(new RegExp(`${state}.*${word}.*unlock\\(\\)`)),
      });
      expect(file.lockState).toBe(state);
    }
    expect(thrown(() => MmapFileMut.open(path))).toBeInstanceOf(MmapLockError);
  });

  test('is refused by tryLock and tryLockShared while another handle holds it', () => {
    const path = tempFile(CONTENT);
    using file = MmapFile.open(path);
    file.unlock();
    using holder = MmapFileMut.open(path);
    expect(file.tryLock()).toBe(false);
    expect(file.tryLockShared()).toBe(false);
    expect(file.lockState).toBe('none');
    holder.unlock();
    holder.lockShared();
    expect(file.tryLock()).toBe(false);
    expect(file.tryLockShared()).toBe(true);
    expect(file.lockState).toBe('shared');
  });

  test.each([
    ['lock', 'exclusive'],
    ['lockShared', 'shared'],
  ])('is awaited by %s until another process releases it', async (method, state) => {
    const path = tempFile(CONTENT);
    const waiter = startProgram('locks/conflicts#wait', { args: [path, method] });
    expect(await waiter.said()).toBe('open');
    const holder = startProgram('locks/conflicts#hold', { args: [path] });
    expect(await holder.said()).toBe('locked');
    waiter.process.stdin.write('go on');
    expect(await waiter.said()).toBe('waits');
    holder.process.stdin.write('go on');
    expect(await waiter.said()).toBe(state);
    expect(await holder.done).toMatchObject({ code: 0 });
    expect(await waiter.done).toMatchObject({ code: 0 });
  });

  test('is visible to another handle on the same mapping', () => {
    const path = tempFile(CONTENT);
    using file = MmapFileMut.open(path);
    using second = MmapFileMut.attach(file.share());
    expect(second.lockState).toBe('exclusive');
    second.unlock();
    expect(file.lockState).toBe('none');
    MmapFileMut.open(path).close();
  });
});

test.each([
  ['MmapFile.memory', () => MmapFile.memory('name', 'abc')],
  ['MmapFileMut.memory', () => MmapFileMut.memory('name', 'abc')],
  ['MmapFileMut.anonymous', () => MmapFileMut.anonymous(3)],
])('%s accepts every lock call and does nothing', (_name, open) => {
  using file = open();
  file.lock();
  file.lockShared();
  expect(file.tryLock()).toBe(true);
  expect(file.tryLockShared()).toBe(true);
  file.unlock();
  expect(file.lockState).toBe('none');
  expect(file.length).toBe(3);
});

test.each(['lock', 'lockShared', 'tryLock', 'tryLockShared', 'unlock'] as const)(
  '%s of a closed file throws MmapClosedError',
  (method) => {
    const file = MmapFile.open(tempFile(CONTENT));
    file.close();
    expect(thrown(() => file[method]())).toBeInstanceOf(MmapClosedError);
  },
);
