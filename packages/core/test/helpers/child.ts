import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** What the package exports, as another process loads it. */
export const DIST: string = fileURLToPath(new URL('../../dist/index.cjs', import.meta.url));

const prelude = (main: string): string => `
  const fs = require('node:fs');
  const { MmapFile, MmapFileMut, ...fmmap } = require(${JSON.stringify(main)});
  const args = process.argv.slice(1);
  /** One line of output, written at once. */
  const say = (value) => fs.writeSync(1, JSON.stringify(value) + '\\n');
  /** What a call throws, in a form that crosses a pipe. */
  const caught = (call) => {
    try { call(); } catch (error) {
      const { name, message, code, errno, syscall, path } = error;
      return { name, message, code, errno, syscall, path };
    }
    return 'no error';
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
`;

export interface ChildOptions {
  /** The module whose exports the child has. @defaultValue {@link DIST} */
  main?: string;
  /** Strings for the source's `args`. */
  args?: string[];
  /** A command that runs the child, such as `['prlimit', '--nofile=50']`. */
  through?: string[];
  /** Further flags of node. */
  flags?: string[];
  cwd?: string;
  /** After these milliseconds the child is killed, and `signal` is SIGKILL. */
  timeout?: number;
}

export interface ChildResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunningChild {
  readonly process: ChildProcessWithoutNullStreams;
  /** The child's next line of output, parsed; rejects, with what it wrote, if it ends before. */
  said(): Promise<unknown>;
  readonly done: Promise<ChildResult>;
}

/**
 * Starts a node process on `source`, a CommonJS program in which the package's exports, `fs`,
 * `args`, `say`, `caught`, `turn` and `gc` are there already. It ends with the test.
 */
export function startChild(source: string, options: ChildOptions = {}): RunningChild {
  const { main = DIST, args = [], through = [], flags = [], cwd, timeout = 25_000 } = options;
  const script = `${prelude(main)}(async () => {${source}\n})();`;
  const [command = '', ...rest] = [
    ...through,
    process.execPath,
    '--expose-gc',
    ...flags,
    '-e',
    script,
    '--',
    ...args,
  ];
  const child = spawn(command, rest, { detached: true, ...(cwd && { cwd }) });
  // All of its group: what runs it, such as strace, may leave it behind.
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {} // all gone
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
  const done = new Promise<ChildResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
  done.catch(() => {}); // whoever awaits it gets the error
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

/** Runs `source` to its end; see {@link startChild}. */
export function child(source: string, options?: ChildOptions): Promise<ChildResult> {
  return startChild(source, options).done;
}

/** Runs `source`, which must end well, and returns what it said. */
export async function hear(source: string, options?: ChildOptions): Promise<unknown[]> {
  const result = await child(source, options);
  if (result.code !== 0) throw new Error(`the child failed: ${JSON.stringify(result, null, 2)}`);
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
