// Starts child programs: functions in the files of `test/programs`, each in its own process.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { isWindows } from './platform.js';

/** The build of core, which other processes load. */
export const DIST: string = fileURLToPath(new URL('../../dist/index.cjs', import.meta.url));

const PROGRAMS = new URL('../programs/', import.meta.url);
const RUN = fileURLToPath(new URL('run.cjs', PROGRAMS));

/**
 * A function to run in a process of its own: `'faults/listeners#once'` is what
 * `test/programs/faults/listeners.cjs` exports as `once`, and `#table.entry` an entry of a table.
 * A program of another package, which it loads itself, is a URL with such a hash.
 */
export type Program = string | URL;

export interface ProgramOptions {
  /** The arguments of the function: anything that JSON can represent. */
  args?: readonly unknown[];
  /** The package under test. @defaultValue {@link DIST} */
  main?: string;
  /** A command that runs the child, such as `['prlimit', '--nofile=50']`. */
  through?: readonly string[];
  /** Further variables of its environment. */
  env?: Readonly<Record<string, string>>;
  /** Further flags of node. */
  flags?: readonly string[];
  cwd?: string;
  /** After so many milliseconds the child is killed, and `signal` is SIGKILL. */
  timeout?: number;
}

export interface ProgramResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunningProgram {
  readonly process: ChildProcessWithoutNullStreams;
  /** The child's next line of output, parsed; rejects, with its output so far, if it ends before that. */
  said(): Promise<unknown>;
  readonly done: Promise<ProgramResult>;
}

function locate(program: Program): [file: string, name: string] {
  const [path = '', name = ''] = String(program).split('#');
  const url = program instanceof URL ? new URL(path) : new URL(`${path}.cjs`, PROGRAMS);
  return [fileURLToPath(url), program instanceof URL ? decodeURIComponent(name) : name];
}

/** The names in a table of functions, which are programs each. */
export function namesIn(table: Program): string[] {
  const [file, name] = locate(table);
  return Object.keys(createRequire(import.meta.url)(file)[name]);
}

/** Starts a program, which ends with the test at the latest. */
export function startProgram(program: Program, options: ProgramOptions = {}): RunningProgram {
  const { args = [], main = DIST, through = [], flags = [], cwd, timeout = 25_000 } = options;
  const [command = '', ...rest] = [
    ...through,
    process.execPath,
    '--expose-gc',
    ...flags,
    ...[RUN, ...locate(program), JSON.stringify(args)],
  ];
  const env = { ...process.env, ...options.env, FMMAP_TEST_PACKAGE: main };
  const child = spawn(command, rest, { detached: !isWindows, env, ...(cwd && { cwd }) });
  // The whole group: a command that runs it, such as strace, may leave it behind. Windows has no groups.
  const kill = () => {
    if (isWindows) return void child.kill('SIGKILL');
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {} // all gone already
  };
  const timer = setTimeout(kill, timeout);
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    stdout += `${line}\n`;
  });
  const nextLine = lines[Symbol.asyncIterator]();
  const done = new Promise<ProgramResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
  done.catch(() => {}); // the error reaches whoever awaits it
  onTestFinished(() => {
    clearTimeout(timer);
    kill();
  });
  const said = async () => {
    const { done: ended, value } = await nextLine.next();
    if (ended) throw new Error(`the child ended: ${JSON.stringify(await done)}`);
    return JSON.parse(value);
  };
  return { process: child, said, done };
}

/** Runs a program to its end, whatever that is. */
export function runProgram(program: Program, options?: ProgramOptions): Promise<ProgramResult> {
  return startProgram(program, options).done;
}

/** Runs a program, which must end well, and returns what it said. */
export async function hearProgram(program: Program, options?: ProgramOptions): Promise<unknown[]> {
  const result = await runProgram(program, options);
  if (result.code !== 0) throw new Error(`the child failed: ${JSON.stringify(result, null, 2)}`);
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
