// Waiting for a lock, while a file is opened or later, on the calling thread.
import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut, MmapLockError } from '../../src/index.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import { whereOpenFilesAreReplaced } from '../helpers/platform.js';
import { countDescriptors, countMappings } from '../helpers/process.js';
import { hearProgram, startProgram } from '../helpers/program.js';
import { pattern, snapshot, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

const openers = {
  'MmapFile.open': MmapFile.open,
  'MmapFile.openExec': MmapFile.openExec,
  'MmapFileMut.openCow': MmapFileMut.openCow,
  'MmapFileMut.open': MmapFileMut.open,
  'MmapFileMut.openExisting': MmapFileMut.openExisting,
} as const;

const timedOut = (path: string, timeout: number) => ({
  name: 'MmapLockError',
  code: 'ETIMEDOUT',
  syscall: 'flock',
  path,
  message: expect.stringMatching(new RegExp(`'${path.replaceAll('\\', '\\\\')}'.* ${timeout} ms`)),
});

/** A process that keeps the file open and locked until it is told to end. */
async function holderOf(path: string) {
  const holder = startProgram('locks/wait#hold', { args: [path] });
  expect(await holder.said()).toBe('locked');
  return { ...holder, end: () => holder.process.stdin.write('\n') };
}

describe.each(Object.entries(openers))('%s with lockTimeout', (name, open) => {
  test('gives up when the timeout expires, and leaves nothing behind', () => {
    const path = tempFile(CONTENT);
    using holder = MmapFileMut.open(path);
    const before = [snapshot(path), countDescriptors(), countMappings(path)];
    for (const lockTimeout of [0, 1, 30]) {
      const error = thrown(() => open(path, { lockTimeout }));
      expect(error).toBeInstanceOf(MmapLockError);
      expect(error).toMatchObject(timedOut(path, lockTimeout));
    }
    expect([snapshot(path), countDescriptors(), countMappings(path)]).toEqual(before);
    expect(holder.lockState).toBe('exclusive');
    holder.close();
    open(path, { lockTimeout: 0 }).close();
  });

  test('opens the file once another process closes it', async () => {
    const path = tempFile(CONTENT);
    const holder = await holderOf(path);
    const waiter = startProgram('locks/wait#open', { args: [path, name] });
    expect(await waiter.said()).toBe('waits');
    holder.end();
    const lock = name.startsWith('MmapFileMut.open') && name !== 'MmapFileMut.openCow';
    expect(await waiter.said()).toEqual([CONTENT.length, lock ? 'exclusive' : 'shared']);
    expect(await waiter.done).toMatchObject({ code: 0 });
  });

  test('fails at once for other errors', () => {
    const path = `${tempFile()}/none`;
    expect(thrown(() => open(path, { lockTimeout: 20_000 })).code).toMatch(/^ENO/);
    expectArgumentError(() => open(path, { lockTimeout: 20_000, offset: -1 }), 'offset');
  });
});

whereOpenFilesAreReplaced.test(
  'a file that is replaced while an open waits for it is opened in its new form',
  async () => {
    const path = tempFile(CONTENT);
    const holder = startProgram('locks/wait#holdAndReplace', { args: [path] });
    expect(await holder.said()).toBe('locked');
    const waiter = startProgram('locks/wait#openReplaced', { args: [path] });
    expect(await waiter.said()).toBe('waits');
    holder.process.stdin.write('\n');
    expect(await waiter.said()).toBe('new');
  },
);

test('create does not wait: an existing file is an error', () => {
  const path = tempFile(CONTENT);
  using _holder = MmapFileMut.open(path);
  for (const create of [
    () => MmapFileMut.create(path, { lockTimeout: 20_000 }),
    () => MmapFileMut.open(path, { lockTimeout: 20_000, createNew: true }),
  ]) {
    expect(thrown(create)).toMatchObject({ code: 'EEXIST' });
  }
});

test('a thread that waits for a lock while opening can be terminated, and its process can exit', async () => {
  const path = tempFile(CONTENT);
  const holder = await holderOf(path);
  const opener = startProgram('locks/wait#openInThread', {
    args: [path],
  });
  expect(await opener.said()).toBe(1);
  expect((await opener.done).code).toBe(7);
  holder.end();
  await holder.done;
  MmapFileMut.open(path).close();
});

test('processes that open, count and close never lose a count', async () => {
  const path = tempFile();
  await Promise.all(
    Array.from({ length: 4 }, () => hearProgram('locks/wait#count', { args: [path] })),
  );
  expect(fs.readFileSync(path).readBigUInt64LE()).toBe(200n);
});

test('a process that opens a file again after keeping others out of it lets them try first', async () => {
  const said = await hearProgram('locks/wait#letsOthersTry', { args: [tempFile(CONTENT)] });
  expect(said).toEqual([true, []]);
});

describe.each([
  ['lock', 'exclusive'],
  ['lockShared', 'shared'],
] as const)('%s with a timeout', (method, state) => {
  test('gives up when the timeout expires, and gets the lock when it is free', () => {
    const path = tempFile(CONTENT);
    using file = MmapFile.open(path);
    file.unlock();
    using holder = MmapFileMut.open(path);
    for (const timeout of [0, 1, 30]) {
      const error = thrown(() => file[method]({ timeout }));
      expect(error).toBeInstanceOf(MmapLockError);
      expect(error).toMatchObject(timedOut(path, timeout));
    }
    expect([file.lockState, holder.lockState]).toEqual(['none', 'exclusive']);
    holder.unlock();
    file[method]({ timeout: 0 });
    file[method]({ timeout: 0 }); // it already has it
    expect(file.lockState).toBe(state);
  });

  test('waits until another process releases it', async () => {
    const path = tempFile(CONTENT);
    const holder = await holderOf(path);
    const waiter = startProgram('locks/wait#lock', { args: [path, method] });
    expect(await waiter.said()).toBe('waits');
    holder.end();
    expect(await waiter.said()).toBe(state);
  });

  test('waits for another handle on the mapping, too', () => {
    using file = MmapFileMut.open(tempFile(CONTENT), { lock: state });
    using other = MmapFileMut.attach(file.share());
    file[method]();
    if (state === 'shared') return other[method]({ timeout: 0 });
    expect(thrown(() => other[method]({ timeout: 5 }))).toMatchObject({ code: 'ETIMEDOUT' });
    file.unlock();
    other[method]({ timeout: 5 });
  });

  test('refuses an invalid timeout and unknown options', () => {
    using file = MmapFile.memory('memory', CONTENT);
    for (const timeout of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, 2 ** 31])
      expectArgumentError(() => file[method]({ timeout: timeout as never }), 'timeout');
    for (const bad of [5, null, 'timeout', []])
      expectArgumentError(() => file[method](bad as never), 'options');
    expectArgumentError(() => file[method]({ signal: undefined } as never), 'signal');
    expectArgumentError(() => file[method]({ lockTimeout: 5 } as never), 'lockTimeout');
    file[method]({ timeout: 0 });
    file[method]({});
  });
});
