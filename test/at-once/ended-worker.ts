// Workers are terminated while operations of all kinds are in progress.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { AsyncMmapFileMut } from '@fmmap/node';
import { BYTE, directory, expect, finish, makeFile, options, PAGE } from './program.js';

const [name = 'all', rounds = '40'] = options;
/** Workers at the same time. */
const LANES = 2;
/** Operations of each kind. */
const CALLS = 8;

type File = AsyncMmapFileMut;
const operations: Readonly<Record<string, (file: File) => Promise<unknown>>> = {
  checkFault: (file) => file.checkFault(),
  stat: (file) => file.stat(),
  read: (file) => file.read(Buffer.alloc(2 ** 17)),
  flush: (file) => file.flush(),
  startFlush: (file) => file.startFlush(),
  prefetch: (file) => file.prefetch(),
  advise: (file) => file.advise('random'),
  lockMemory: (file) => file.lockMemory(0, PAGE),
  unlockMemory: (file) => file.unlockMemory(0, PAGE),
  tryLock: (file) => file.tryLock(),
  unlock: (file) => file.unlock(),
  truncate: (file) => file.truncate(40 * PAGE),
  reopen: (file) => file.reopen(),
  open: async () => (await AsyncMmapFileMut.openCow(`${directory}/other`)).close(),
  create: async (file) => (await AsyncMmapFileMut.create(`${file.path}-new`)).remove(),
  writeToNewFile: (file) => file.writeToNewFile(`${file.path}-copy`),
};

if (isMainThread) {
  makeFile('other', 40 * PAGE);
  const file = await AsyncMmapFileMut.open(makeFile('file', 40 * PAGE));
  await file.unlock();
  const token = file.share();
  const lane = async (): Promise<void> => {
    for (let round = 0; round < Number(rounds); ++round) {
      const argv = process.argv.slice(2);
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: token, argv });
      await once(worker, 'message');
      if (round % 3 > 0) await sleep(round % 3);
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await file.truncate(40 * PAGE);
  expect(
    file.copyBytes().every((byte) => byte === BYTE),
    'the file has changed',
  );
  await file.close();
  finish();
} else {
  const file = AsyncMmapFileMut.attach(workerData);
  const chosen = Object.entries(operations).filter(([each]) => name === 'all' || name === each);
  for (let count = 0; count < CALLS; ++count) {
    for (const [, operation] of chosen) {
      const again = (): Promise<void> => operation(file).then(again, again);
      void again();
    }
  }
  parentPort?.postMessage('at it');
}
