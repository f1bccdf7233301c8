// A thread waits for a lock that another process holds, while other threads of this process continue.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { MmapFile, MmapFileMut } from '@fmmap/core';
import type * as node from '@fmmap/node';
import { expect, finish, flavour, makeFile, options, refusal, step } from './program.js';

const { AsyncMmapFileMut }: typeof node = await import(`@fmmap/${flavour}`);

/** What the waiting thread calls, and how this program continues. */
const [method = 'lock', ending = 'release'] = options as ['lock' | 'lockShared', string];

/** Long enough for the thread to be waiting. Nothing fails if it is not yet. */
const A_WHILE = 50;

async function startHolder(path: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./holder.js', import.meta.url));
  const holder = spawn(process.execPath, [program, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (holder.stdout) await once(holder.stdout, 'data');
  return holder;
}

if (isMainThread) {
  const path = makeFile('file', 8192);
  const file = await AsyncMmapFileMut.open(path);
  await file.unlock();
  const sync = MmapFile.attach(file.share());
  const other = MmapFileMut.open(path);
  other.unlock();
  const holder = await startHolder(path);
  const worker = new Worker(fileURLToPath(import.meta.url), {
    argv: process.argv.slice(2),
    workerData: file.share(),
  });
  await once(worker, 'message');
  await sleep(A_WHILE);

  if (ending === 'exit') {
    step('process.exit()');
    process.exitCode = 0;
    holder.unref();
    finish();
  }
  step('tryLock');
  expect(sync.tryLock() === false, 'tryLock of an attached handle got the lock');
  expect(other.tryLock() === false, 'tryLock of another handle got the lock');
  expect((await file.tryLock()) === false, 'tryLock of an async handle got the lock');
  step('lock with a timeout');
  const late = await refusal(() => file.lock({ timeout: 200 }));
  expect(late === 'ETIMEDOUT', `lock with a timeout: ${late}`);
  step('lock with a signal');
  const aborted = await refusal(() => file.lock({ signal: AbortSignal.timeout(50) }));
  expect(aborted === '23', `lock with a signal: ${aborted}`);
  expect(file.lockState === 'none', `the lock is ${file.lockState}`);

  if (ending === 'terminate') {
    step('terminate()');
    await worker.terminate();
    holder.stdin?.end();
    await once(holder, 'exit');
    expect(await file.tryLock(), 'the lock of a thread that has ended is held by somebody');
  } else {
    step('release');
    const message = once(worker, 'message');
    holder.stdin?.end();
    const [state] = await message;
    expect(state === (method === 'lock' ? 'exclusive' : 'shared'), `the thread's lock is ${state}`);
    await worker.terminate();
  }
  await file.close();
  other.close();
  finish();
} else {
  const file = MmapFileMut.attach(workerData);
  parentPort?.postMessage('waiting');
  file[method]();
  parentPort?.postMessage(file.lockState);
}
