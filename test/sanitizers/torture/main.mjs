// Several threads, and a process that truncates the file, do everything to one file at
// once, sync and async: node --expose-gc main.mjs [ROUNDS] [SEED]. These two alone determine how much
// is done. Ends with a verdict; sanitizers print their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { MmapError, MmapFile, MmapFileMut } from '@fmmap/core';
import { AsyncMmapFile, AsyncMmapFileMut } from '@fmmap/node';
import { SIZE, WRITABLE } from './calls.mjs';
import { randomFrom } from './random.mjs';
import { use } from './use.mjs';

const [rounds = 30, seed = Math.floor(Math.random() * 2 ** 32)] = process.argv.slice(2).map(Number);
const STEPS = 60;
const WORKERS = 3;
const DEADLINE = 120_000;

const random = randomFrom(seed);
const CONTENT = Buffer.alloc(SIZE, 0x11);
const outcomes = {};
const wrong = [];

const beside = (name) => new URL(name, import.meta.url);
const shared = (length) => new Int32Array(new SharedArrayBuffer(4 * length));
/** Those of the main thread, then of each worker. */
const pending = Array.from({ length: WORKERS + 1 }, () => shared(WRITABLE.length));
const round = shared(1);

const { FMMAP_BINDING } = process.env;
const { sharedObjects } = process.report.getReport();
if (FMMAP_BINDING && !sharedObjects.includes(FMMAP_BINDING)) {
  throw new Error(`the addon is not that of ${FMMAP_BINDING}`);
}

console.log(`torture: ${rounds} rounds, seed ${seed}`);
const workerData = { round, threads: pending, deadline: DEADLINE };
new Worker(beside('watchdog.mjs'), { workerData }).unref();

const directory = mkdtempSync(join(tmpdir(), 'fmmap-torture-'));
// This process is not sanitized.
const { LD_PRELOAD, NODE_OPTIONS, ...env } = process.env;
const cutter = spawn(process.execPath, [fileURLToPath(beside('cutter.mjs')), seed], {
  env,
  stdio: ['pipe', 'inherit', 'inherit'],
});

function startWorker(number) {
  const worker = new Worker(beside('thread.mjs'), { workerData: pending[number + 1] });
  let finish = () => {};
  let hasEnded = false;
  worker.on('message', (report) => finish(report));
  worker.on('error', (error) => wrong.push(`worker ${number}: ${error?.stack ?? error}`));
  worker.on('exit', () => {
    hasEnded = true;
    pending[number + 1].fill(0);
    finish();
  });
  return {
    /** Resolves with what {@link use} returns, or with nothing when the thread has ended, as after an error. */
    use(task) {
      if (hasEnded) return undefined;
      const done = new Promise((resolve) => {
        finish = resolve;
      });
      worker.postMessage(task);
      return done;
    },
    terminate: () => worker.terminate(),
  };
}

const OPEN = {
  writable: (path) => random.of([MmapFileMut, AsyncMmapFileMut]).openExisting(path),
  'read-only': (path) => random.of([MmapFile, AsyncMmapFile]).open(path),
  'copy-on-write': (path) => random.of([MmapFileMut, AsyncMmapFileMut]).openCow(path),
  'in memory': (path) => random.of([MmapFileMut, AsyncMmapFileMut]).memory(path, CONTENT),
};

/** Ways to end the file that all others are attached to, possibly while they use it. */
const ENDS = {
  close: (file) => file.close(),
  remove: (file) => (file.remove ? file.remove() : file.close()),
  freeze: async (file) => (file.freeze ? (await file.freeze()).close() : file.close()),
  closeWithTruncate: (file) => (file.closeWithTruncate ? file.closeWithTruncate(1) : file.close()),
  drop: () => gc(),
};

async function end(file) {
  // If the first fails, the file is poisoned or has a fault; then `close` may tell of lost bytes of a buffered writer.
  for (const way of [random.of(Object.values(ENDS)), ENDS.close]) {
    try {
      await way(file);
      return;
    } catch (error) {
      if (!(error instanceof MmapError)) wrong.push(`the end: ${error?.stack ?? error}`);
    }
  }
}

function report(result) {
  wrong.push(...(result?.wrong ?? []));
  for (const [outcome, count] of Object.entries(result?.outcomes ?? {})) {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  }
}

const workers = Array.from({ length: WORKERS }, (_, number) => startWorker(number));

for (let number = 1; number <= rounds; ++number) {
  Atomics.store(round, 0, number);
  Atomics.notify(round, 0);
  const path = join(directory, `file${number}`);
  writeFileSync(path, CONTENT);
  const [kind, open] = random.of(Object.entries(OPEN));
  const file = await open(path);
  const token = file.share();
  const task = () => ({
    token,
    isWritable: kind !== 'read-only',
    seed: random.below(2 ** 32),
    steps: STEPS,
  });
  const working = workers.map((worker) => worker.use(task()));
  const victim = random.chance(0.3) ? random.below(WORKERS) : -1;
  const isEarly = random.chance(0.3);
  const halfway = [];
  report(
    await use(task(), pending[0], (step) => {
      if (step % 5 === 0) cutter.stdin.write(`${path}\n`);
      if (step !== STEPS / 2) return;
      if (victim >= 0) halfway.push(workers[victim].terminate());
      if (isEarly) halfway.push(end(file));
    }),
  );
  await Promise.all(halfway);
  for (const result of await Promise.all(working)) report(result);
  if (victim >= 0) workers[victim] = startWorker(victim);
  if (!isEarly) await end(file);
  rmSync(path, { force: true });
}

for (const worker of workers) await worker.terminate();
cutter.stdin.end();
const [code] = await once(cutter, 'exit');
if (code !== 0) wrong.push(`the cutter ended with ${code}`);

// What was dropped is released by collections.
const isMapped = () => readFileSync('/proc/self/maps', 'utf8').includes(directory);
for (let tries = 0; isMapped() && tries < 100; ++tries) {
  gc();
  await turn();
}
if (isMapped()) wrong.push('files are still mapped');
rmSync(directory, { recursive: true });

for (const text of wrong) console.log(text);
console.log(outcomes);
console.log(`torture: ${wrong.length === 0 ? 'passed' : `${wrong.length} wrong`}`);
process.exit(wrong.length === 0 ? 0 : 1);
