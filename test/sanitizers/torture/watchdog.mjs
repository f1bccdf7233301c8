// A thread that ends the process if a round takes too long: the main thread may be what hangs.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { WRITABLE } from './calls.mjs';

const { round, threads, deadline } = workerData;

for (;;) {
  const current = Atomics.load(round, 0);
  if (Atomics.wait(round, 0, current, deadline) !== 'timed-out') continue;
  writeSync(2, `round ${current} hangs:\n`);
  for (const [number, pending] of threads.entries()) {
    const names = WRITABLE.filter((_, index) => pending[index] > 0).map(([name]) => name);
    writeSync(2, `  thread ${number} waits for: ${names.join(', ') || 'nothing'}\n`);
  }
  process.kill(process.pid, 'SIGKILL');
}
