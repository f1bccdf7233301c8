// A change of a file is on its way to the thread pool when another thread attaches; then it is made.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { MmapFileMut } from '@fmmap/core';
import { AsyncMmapFileMut } from '@fmmap/node';
import { BYTE, directory, expect, finish, makeFile, PAGE, refusal, step } from './program.js';

const LENGTH = 10 * PAGE;
const LONG = 50 * PAGE;
/** At least as many as libuv has threads. */
const POOL = 8;

interface Change {
  readonly length: number;
  make(file: AsyncMmapFileMut): Promise<unknown>;
}

const changes: Readonly<Record<string, Change>> = {
  shorter: { length: PAGE, make: (file) => file.truncate(PAGE) },
  longer: { length: LONG, make: (file) => file.truncate(LONG) },
  'mapped again': {
    length: LONG,
    make(file) {
      fs.appendFileSync(file.path, Buffer.alloc(LONG - LENGTH, BYTE));
      return file.reopen();
    },
  },
  'closed and shorter': { length: 0, make: (file) => file.closeWithTruncate(PAGE) },
};

/** Keeps all threads of the pool busy with pipes that are never written to. @returns A function that frees them. */
function occupyPool(): () => Promise<void> {
  const pipes = Array.from({ length: POOL }, (_, index) => `${directory}/pipe-${index}`);
  execFileSync('mkfifo', pipes);
  const opening = pipes.map((pipe) => open(pipe, 'r'));
  return async () => {
    const writers = pipes.map((pipe) => fs.openSync(pipe, 'r+'));
    for (const handle of await Promise.all(opening)) await handle.close();
    for (const writer of writers) fs.closeSync(writer);
    for (const pipe of pipes) fs.rmSync(pipe);
  };
}

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const worker = new Worker(fileURLToPath(import.meta.url), { argv });
  await once(worker, 'message');
  for (const [name, { length, make }] of Object.entries(changes)) {
    step(name);
    const file = await AsyncMmapFileMut.open(makeFile(name, LENGTH));
    const free = occupyPool();
    const changed = make(file);
    // Its first steps are microtasks.
    await new Promise(setImmediate);
    const message = once(worker, 'message');
    worker.postMessage({ token: file.share() });
    await message;
    await free();
    await changed;
    const answer = once(worker, 'message');
    worker.postMessage({ length });
    const [{ found, behind, first }] = await answer;
    expect(found === length, `${name}: the other thread sees ${found} of ${length} bytes`);
    const wanted = length === 0 ? 'ERR_MMAP_CLOSED' : 'ERR_OUT_OF_RANGE';
    expect(behind === wanted, `${name}: behind the end it gets "${behind}"`);
    expect(length === 0 || first === BYTE, `${name}: the first byte is ${first}`);
    await file.close();
  }
  await worker.terminate();
  finish();
}

function inWorker(): void {
  let file: MmapFileMut;
  parentPort?.on('message', async ({ token, length }) => {
    if (token) {
      file = MmapFileMut.attach(token);
      parentPort?.postMessage('attached');
      return;
    }
    const behind = await refusal(() => file.readUInt8(length));
    const first = length === 0 ? 0 : file.readUInt8(0);
    parentPort?.postMessage({ found: file.length, behind, first });
    file.close();
  });
  parentPort?.postMessage('ready');
}

if (isMainThread) await main();
else inWorker();
