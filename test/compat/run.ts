import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Group } from './row.js';

const PROGRAM = fileURLToPath(new URL('program.js', import.meta.url));
/** For one row, in milliseconds. */
const DEADLINE = 30_000;

/** The outcome of each row: an `Outcome`, `absent`, or an error. */
export async function run(node: string, { title, rows }: Group): Promise<string[]> {
  const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-compat-'));
  try {
    const outcomes: string[] = [];
    // A row may end the process, or never end: then the next one gets a new process.
    while (outcomes.length < rows.length) {
      await runFrom(node, [directory, title, String(outcomes.length)], outcomes);
    }
    return outcomes;
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

async function runFrom(node: string, args: readonly string[], outcomes: string[]): Promise<void> {
  const child = spawn(node, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [running, stderr] = [true, ''];
  const stop = (): void => {
    stderr += `it was still running after ${DEADLINE} ms`;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(stop, DEADLINE);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    clearTimeout(timer);
    const { index, outcome } = JSON.parse(line);
    running = outcome === undefined;
    if (!running) outcomes[index] = outcome;
    timer = setTimeout(stop, DEADLINE);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4000);
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(
    (resolve, reject) => {
      child.on('error', reject);
      child.on('close', (...end) => resolve(end));
    },
  ).finally(() => clearTimeout(timer));
  if (code === 0 && !running) return;
  // Between two rows, or at its end, the process dies of the last one.
  outcomes[outcomes.length - (running ? 0 : 1)] = `ends the process: ${signal ?? code}\n${stderr}`;
}
