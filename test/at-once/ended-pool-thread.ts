// A thread maps a window for another thread, which owns the memory, and one of the two ends before the
// other is told. Whoever runs this makes `mmap` return some time after the mapping is done.
import { once } from 'node:events';
import * as fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { MmapFileMut } from '@fmmap/core';
import type * as node from '@fmmap/node';
import { BYTE, expect, finish, flavour, makeFile, PAGE, refusal, step } from './program.js';

const ROUNDS = 4;

async function collect(): Promise<void> {
  for (let turns = 0; turns < 5; ++turns) {
    globalThis.gc?.();
    await setImmediate();
  }
}

const mappingsOf = (path: string): number =>
  fs.readFileSync('/proc/self/maps', 'utf8').split(path).length - 1;

/** Reuses memory that V8 believes to be free. */
const others: Uint8Array[] = [];
const useMemory = (): void => {
  for (let index = 0; index < 20; ++index) others.push(new Uint8Array(2 ** 18).fill(1));
};

/** Waits until a file is mapped once more, which the system shows before the call returns. */
async function mapped(path: string, before: number): Promise<void> {
  while (mappingsOf(path) === before) await setImmediate();
}

async function lookAfter(file: MmapFileMut): Promise<void> {
  await collect();
  useMemory();
  const first = file.readUInt8(0);
  expect(first === BYTE, `the first byte is ${first}`);
  file.truncate(2 ** 20);
  file.fill(BYTE);
  file.close();
  await collect();
  const isKept = others.every((bytes) => bytes.every((byte) => byte === 1));
  expect(isKept, "memory that is somebody else's has changed");
}

/** The thread that owns the memory and has requested the mapping. */
async function endAskingThread(): Promise<void> {
  const file = MmapFileMut.open(makeFile('file', PAGE));
  const argv = process.argv.slice(2);
  const thread = new Worker(fileURLToPath(import.meta.url), { workerData: file.share(), argv });
  await once(thread, 'message');
  const before = mappingsOf(file.path);
  thread.postMessage('go');
  await mapped(file.path, before);
  await thread.terminate();
  await lookAfter(file);
}

/** All threads that this process has started. */
const threads: Worker[] = [];
process.on('worker', (thread) => threads.push(thread));

/** A thread in the pool of `@fmmap/worker`. */
async function endPoolThread(round: number): Promise<void> {
  const { AsyncMmapFileMut } = await import('@fmmap/worker');
  const file = await AsyncMmapFileMut.open(makeFile('file', PAGE));
  const before = mappingsOf(file.path);
  const refused = refusal(() => file.truncate(2 ** 18));
  await mapped(file.path, before);
  await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
  const why = await refused;
  expect(why === 'ERR_MMAP_POOL_THREAD', `truncate is refused with "${why}"`);
  await collect();
  if (round % 2 === 0) await lookAfter(MmapFileMut.attach(file.share()));
  await file.close();
}

if (isMainThread) {
  for (let number = 0; number < ROUNDS; ++number) {
    step(`round ${number}`);
    await (flavour === 'worker' ? endPoolThread(number) : endAskingThread());
  }
  finish();
} else {
  const { AsyncMmapFileMut }: typeof node = await import(`@fmmap/${flavour}`);
  const file = AsyncMmapFileMut.attach(workerData);
  await file.stat(); // so that its pool has started
  parentPort?.postMessage('ready');
  parentPort?.once('message', () => file.truncate(2 ** 18));
}
