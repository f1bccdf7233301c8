// Files are opened and closed while other threads start processes, which must not keep them locked.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { MmapFileMut } from '@fmmap/core';
import { AsyncMmapFileMut } from '@fmmap/node';
import { expect, finish, makeFile, refusal } from './program.js';

const THREADS = 3;
const ROUNDS = 400;

if (isMainThread) {
  const path = makeFile('file', 8192);
  const argv = process.argv.slice(2);
  const workers = Array.from(
    { length: THREADS },
    () => new Worker(fileURLToPath(import.meta.url), { argv }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const refused = new Map<string, number>();
  const count = (why: string, how: string): void => {
    if (why !== '') refused.set(`${how}: ${why}`, (refused.get(`${how}: ${why}`) ?? 0) + 1);
  };
  for (let round = 0; round < ROUNDS; ++round) {
    count(await refusal(() => MmapFileMut.open(path).close()), 'closed');
    count(await refusal(() => MmapFileMut.open(path).freeze().close()), 'frozen and closed');
    count(await refusal(async () => (await AsyncMmapFileMut.open(path)).close()), 'async');
    await refusal(() => MmapFileMut.openExisting(path, { offset: 2 ** 40 })); // takes the lock, and then fails
    count(await refusal(() => MmapFileMut.open(path).closeWithTruncate(8192)), 'truncated');
  }
  for (const [why, times] of refused) expect(false, `${why}, ${times} of ${ROUNDS} times`);
  await Promise.all(workers.map((worker) => worker.terminate()));
  finish();
} else {
  parentPort?.postMessage('ready');
  for (;;) spawnSync('true');
}
