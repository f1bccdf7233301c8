import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Cell, describe, type Plan } from './plan.js';
import type { Report } from './report.js';

/** A process that prints nothing for so long hangs: its own deadlines are shorter. */
const SILENCE = 40_000;

/** A file system in memory, if there is one. */
const MEMORY = '/dev/shm';

/** As built; this file may be run from its source. */
const PROGRAM = import.meta.url.endsWith('.ts') ? '../dist/matrix/program.js' : './program.js';

export interface Outcome {
  /** The failures, one text for each cell. */
  readonly failures: string[];
  /** The number of cells that were run. */
  count: number;
}

/** Runs cells in processes, `lanes` of them at once, until there are too many failures. */
export async function run(
  { flavour, seed, cells }: Plan,
  lanes: number,
  most = 20,
): Promise<Outcome> {
  const outcome: Outcome = { failures: [], count: 0 };
  const lane = async (number: number): Promise<void> => {
    let rest = cells.filter((_, index) => index % lanes === number);
    while (rest.length > 0 && outcome.failures.length < most) {
      const { done, failures } = await runProcess(flavour, rest);
      outcome.count += done;
      for (const { cell, text } of failures) {
        const again = `npm run matrix -- --flavour ${flavour} --seed ${seed} --only ${cell.index}`;
        outcome.failures.push(`${describe(cell)}:\n  ${text}\n  again: ${again} --times 20`);
      }
      rest = rest.slice(done);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  outcome.failures.push(...(outcome.failures.length >= most ? ['and so on'] : []));
  return outcome;
}

interface Failure {
  readonly cell: Cell;
  readonly text: string;
}

/** @returns How many of the cells are done, including the one in which the process ended. */
async function runProcess(
  flavour: string,
  cells: readonly Cell[],
): Promise<{ done: number; failures: Failure[] }> {
  const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-matrix-'));
  const list = join(directory, 'cells.json');
  fs.writeFileSync(list, JSON.stringify(cells));
  const memory = fs.existsSync(MEMORY) ? fs.mkdtempSync(join(MEMORY, 'fmmap-matrix-')) : directory;
  const program = fileURLToPath(new URL(PROGRAM, import.meta.url));
  const child = spawn(process.execPath, [program, flavour, list, directory, memory], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    child.kill('SIGKILL');
  }, SILENCE);
  try {
    const { at, isFinished, failures, stderr } = await listen(child, cells, timer);
    const [code, signal] = await ended;
    const cell = cells[at];
    if ((isFinished && code === 0) || !cell) return { done: cells.length, failures };
    const end = isSilent ? 'said nothing for 40 s' : `ended with ${signal ?? code}`;
    failures.push({ cell, text: `the process ${end}\n${stderr.slice(-2000)}` });
    return { done: at + 1, failures };
  } finally {
    clearTimeout(timer);
    for (const each of [directory, memory]) fs.rmSync(each, { recursive: true, force: true });
  }
}

async function listen(child: ChildProcess, cells: readonly Cell[], timer: NodeJS.Timeout) {
  const state = { at: 0, isFinished: false, stderr: '', failures: [] as Failure[] };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    state.stderr += text;
  });
  if (!child.stdout) return state;
  for await (const line of createInterface({ input: child.stdout })) {
    timer.refresh();
    const report = JSON.parse(line) as Report;
    if ('started' in report) state.at = report.started;
    else if ('finished' in report) state.isFinished = true;
    else if (report.problems.length > 0) {
      const cell = cells[report.ended];
      const text = report.problems.slice(0, 5).join('\n  ');
      if (cell) state.failures.push({ cell, text });
    }
  }
  return state;
}
