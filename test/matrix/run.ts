import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Cell, describe } from './plan.js';
import type { Report } from './report.js';

/** A process that says nothing for so long hangs: its own deadlines are shorter. */
const SILENCE = 40_000;

/** As it is built; this file may be run from its source. */
const PROGRAM = import.meta.url.endsWith('.ts') ? '../dist/matrix/program.js' : './program.js';

/** Where cells go on after a process that ended in the midst. */
export interface Outcome {
  /** What was wrong, a text for each cell. */
  readonly failures: string[];
  /** Cells that happened. */
  count: number;
}

/** Makes cells happen in processes, `lanes` of them at once, until there are too many failures. */
export async function run(
  flavour: string,
  cells: readonly Cell[],
  lanes: number,
  most = 50,
): Promise<Outcome> {
  const outcome: Outcome = { failures: [], count: 0 };
  const lane = async (number: number): Promise<void> => {
    let rest = cells.filter(({ index }) => index % lanes === number);
    while (rest.length > 0 && outcome.failures.length < most) {
      const done = await runProcess(flavour, rest, outcome);
      rest = rest.slice(done);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return outcome;
}

/** @returns How many of the cells are over, the one included in which the process ended. */
async function runProcess(
  flavour: string,
  cells: readonly Cell[],
  outcome: Outcome,
): Promise<number> {
  const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-matrix-'));
  const list = join(directory, 'cells.json');
  fs.writeFileSync(list, JSON.stringify(cells));
  const program = fileURLToPath(new URL(PROGRAM, import.meta.url));
  const child = spawn(process.execPath, [program, flavour, list], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: directory },
  });
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    child.kill('SIGKILL');
  }, SILENCE);
  try {
    const { at, isFinished, stderr } = await listen(child, cells, outcome, timer);
    const [code, signal] =
      child.exitCode === null && child.signalCode === null
        ? await once(child, 'exit')
        : [child.exitCode, child.signalCode];
    if (isFinished && code === 0) return cells.length;
    const cell = cells[at];
    const end = isSilent ? 'said nothing for 40 s' : `ended with ${signal ?? code}`;
    outcome.failures.push(
      `${cell ? describe(cell) : 'the start'} (cell ${cell?.index}): the process ${end}\n${stderr.slice(-2000)}`,
    );
    return at + 1;
  } finally {
    clearTimeout(timer);
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

async function listen(
  child: ChildProcess,
  cells: readonly Cell[],
  outcome: Outcome,
  timer: NodeJS.Timeout,
): Promise<{ at: number; isFinished: boolean; stderr: string }> {
  const state = { at: 0, isFinished: false, stderr: '' };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    state.stderr += text;
  });
  const indexes = new Map(cells.map(({ index }, at) => [index, at]));
  if (!child.stdout) return state;
  for await (const line of createInterface({ input: child.stdout })) {
    timer.refresh();
    const report = JSON.parse(line) as Report;
    if ('started' in report) state.at = indexes.get(report.started) ?? 0;
    else if ('finished' in report) state.isFinished = true;
    else {
      outcome.count += 1;
      const cell = cells[state.at];
      if (report.problems.length > 0 && cell) {
        outcome.failures.push(
          `${describe(cell)} (cell ${cell.index}):\n  ${report.problems.slice(0, 5).join('\n  ')}`,
        );
      }
    }
  }
  return state;
}
