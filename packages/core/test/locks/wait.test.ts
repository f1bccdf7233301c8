// Waiting for a lock, while it is opened or later, on the thread that calls.
import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut, MmapLockError } from '../../src/index.js';
import { hear, startChild } from '../helpers/child.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import { countDescriptors, countMappings } from '../helpers/process.js';
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
  message: expect.stringMatching(new RegExp(`'${path}'.* ${timeout} ms`)),
});

/** For the source of a child: says so when it first waits. */
const TELLS = `
  const { wait } = Atomics;
  Atomics.wait = (...args) => { say('waits'); Atomics.wait = wait; return wait(...args); };`;

/** A process that has the file open, and locked, until it is told to end it. */
async function holderOf(path: string, open = 'MmapFileMut.open(args[0])') {
  const holder = startChild(
    `const file = ${open};
     say('locked');
     await new Promise((resolve) => process.stdin.once('data', resolve));
     file.close();
     process.exit();`,
    { args: [path] },
  );
  expect(await holder.said()).toBe('locked');
  return { ...holder, end: () => holder.process.stdin.write('\n') };
}

describe.each(Object.entries(openers))('%s with lockTimeout', (name, open) => {
  test('gives up when its time is over, and has left nothing', () => {
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

  test('opens the file once another process gives it up', async () => {
    const path = tempFile(CONTENT);
    const holder = await holderOf(path);
    const waiter = startChild(
      `${TELLS}
       const file = ${name}(args[0], { lockTimeout: 20_000 });
       say([file.length, file.lockState]);
       process.exit();`,
      { args: [path] },
    );
    expect(await waiter.said()).toBe('waits');
    holder.end();
    const lock = name.startsWith('MmapFileMut.open') && name !== 'MmapFileMut.openCow';
    expect(await waiter.said()).toEqual([CONTENT.length, lock ? 'exclusive' : 'shared']);
    expect(await waiter.done).toMatchObject({ code: 0 });
  });

  test('fails at once of what is no lock', () => {
    const path = `${tempFile()}/none`;
    expect(thrown(() => open(path, { lockTimeout: 20_000 })).code).toMatch(/^ENO/);
    expectArgumentError(() => open(path, { lockTimeout: 20_000, offset: -1 }), 'offset');
  });
});

test('a file that is made anew while it is waited for is found as it is then', async () => {
  const path = tempFile(CONTENT);
  const holder = startChild(
    `const file = MmapFileMut.open(args[0]);
     say('locked');
     await new Promise((resolve) => process.stdin.once('data', resolve));
     fs.writeFileSync(args[0] + '.new', 'new');
     fs.renameSync(args[0] + '.new', args[0]);
     file.close();
     process.exit();`,
    { args: [path] },
  );
  expect(await holder.said()).toBe('locked');
  const waiter = startChild(
    `${TELLS} say(MmapFileMut.openExisting(args[0], { lockTimeout: 20_000 }).asBuffer().toString()); process.exit();`,
    { args: [path] },
  );
  expect(await waiter.said()).toBe('waits');
  holder.process.stdin.write('\n');
  expect(await waiter.said()).toBe('new');
});

test('create waits for nobody: a file that is there is an error', () => {
  const path = tempFile(CONTENT);
  using _holder = MmapFileMut.open(path);
  for (const create of [
    () => MmapFileMut.create(path, { lockTimeout: 20_000 }),
    () => MmapFileMut.open(path, { lockTimeout: 20_000, createNew: true }),
  ]) {
    expect(thrown(create)).toMatchObject({ code: 'EEXIST' });
  }
});

test('a thread that waits while it opens can be terminated, and a process ended', async () => {
  const path = tempFile(CONTENT);
  const holder = await holderOf(path);
  const opener = startChild(
    `const { Worker } = require('node:worker_threads');
     const source = \`
       const { parentPort, workerData } = require('node:worker_threads');
       const { wait } = Atomics;
       Atomics.wait = (...args) => { parentPort.postMessage('waits'); Atomics.wait = wait; return wait(...args); };
       require(workerData.main).MmapFile.open(workerData.path, { lockTimeout: 2 ** 31 - 1 });\`;
     const thread = new Worker(source, { eval: true, workerData: { main: args[1], path: args[0] } });
     thread.once('message', async () => { say(await thread.terminate()); process.exit(7); });`,
    { args: [path, new URL('../../dist/index.cjs', import.meta.url).pathname] },
  );
  expect(await opener.said()).toBe(1);
  expect((await opener.done).code).toBe(7);
  holder.end();
  await holder.done;
  MmapFileMut.open(path).close();
});

test('processes that open, count and close never lose a count', async () => {
  const path = tempFile();
  const source = `
    for (let round = 0; round < 50; ++round) {
      const file = MmapFileMut.open(args[0], { maxSize: 8, lockTimeout: 60_000 });
      file.writeBigUInt64LE(file.readBigUInt64LE(0) + 1n, 0);
      file.close();
    }`;
  await Promise.all(Array.from({ length: 4 }, () => hear(source, { args: [path] })));
  expect(fs.readFileSync(path).readBigUInt64LE()).toBe(200n);
});

test('who opens a file again, having kept others out of it, lets them try first', async () => {
  const said = await hear(
    `const { wait } = Atomics;
     const pauses = [];
     Atomics.wait = (array, index, value, time) => { pauses.push(time); return wait(array, index, value, time); };
     const keep = (path, options) => {
       const file = MmapFileMut.open(path, options);
       for (const until = performance.now() + 3; performance.now() < until; );
       file.close();
     };
     // Where the machine is slow they have had the time.
     while (pauses.length === 0) keep(args[0], { lockTimeout: 1000 });
     say(pauses[0] > 0 && pauses[0] <= 3);
     pauses.length = 0;
     for (let round = 0; round < 20; ++round) keep(args[0], {}); // they want nobody to wait
     say(pauses);`,
    { args: [tempFile(CONTENT)] },
  );
  expect(said).toEqual([true, []]);
});

describe.each([
  ['lock', 'exclusive'],
  ['lockShared', 'shared'],
] as const)('%s with a timeout', (method, state) => {
  test('gives up when that is over, and has the lock when it is free', () => {
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
    file[method]({ timeout: 0 }); // which it has
    expect(file.lockState).toBe(state);
  });

  test('waits until another process gives it back', async () => {
    const path = tempFile(CONTENT);
    const holder = await holderOf(path);
    const waiter = startChild(
      `const file = MmapFile.open(args[0], { lock: 'none' });
       ${TELLS}
       file.${method}({ timeout: 20_000 });
       say(file.lockState);
       process.exit();`,
      { args: [path] },
    );
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

  test('refuses what is no time, and other options', () => {
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
