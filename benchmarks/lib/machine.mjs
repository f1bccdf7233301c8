import { spawnSync } from 'node:child_process';
import * as os from 'node:os';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Compiles a C program; '', and a note why, if there is no compiler. */
export function compile(name, directory, flags = ['-O2']) {
  const program = join(directory, name);
  const source = fileURLToPath(new URL(`../${name}.c`, import.meta.url));
  const { status, error, stderr } = spawnSync('gcc', [...flags, '-o', program, source], {
    encoding: 'utf8',
  });
  if (status === 0) return program;
  console.error(`No C baseline: ${error?.message ?? stderr}`);
  return '';
}

/** The measurement by the baseline itself, and its check. */
export function runBaseline(program, ...args) {
  const { status, stdout, stderr } = spawnSync(program, args.map(String), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`baseline ${args.join(' ')} failed: ${stderr}`);
  const [value, check] = stdout.split(' ').map(Number);
  return { value, check };
}

/** Counts garbage collections; `major` ones are those of the whole heap, `pauses` their total milliseconds. */
export function watchGarbage() {
  const seen = { minor: 0, major: 0, pauses: 0 };
  new PerformanceObserver((list) => {
    for (const { detail, duration } of list.getEntries()) {
      seen[detail.kind === 1 ? 'minor' : 'major'] += 1;
      seen.pauses += duration;
    }
  }).observe({ entryTypes: ['gc'] });
  return async () => {
    await setImmediate(); // entries are delivered one turn later
    await setImmediate();
    return { ...seen };
  };
}

/** Objects that the collector has to visit. */
export function fillHeap(megabytes) {
  const live = [];
  while (process.memoryUsage().heapUsed < megabytes * 1e6) {
    for (let n = 0; n < 10_000; n += 1) live.push({ n, half: n / 2 });
  }
  return live;
}

export function describeMachine() {
  const [cpu] = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return `Node ${process.version} on ${os.type()} ${os.release()} ${os.arch()}, ${os.cpus().length} x ${cpu?.model.trim()}, ${memory} GiB`;
}
