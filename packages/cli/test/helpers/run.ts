// Runs the command as it is built, in processes of their own, and in pseudo-terminals.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const CLI: string = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const NOBODY = 65534;

/** A module of `test/programs`, which is loaded before the command. */
export const preload = (name: string): string[] => [
  '--import',
  String(new URL(`../programs/${name}.mjs`, import.meta.url)),
];

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** With {@link ESCAPE} in place of the control character. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of node. */
  readonly flags?: readonly string[];
  /** Whether it runs as a user to whom nothing belongs. */
  readonly asNobody?: boolean;
}

/** What the surroundings say of terminals is not meant for the command. */
function envOf(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: __, COLUMNS: ___, LC_ALL: ____, ...rest } = process.env;
  return { ...rest, LANG: 'C.UTF-8', TERM: 'xterm', SHELL: '/bin/sh', ...more };
}

/** The start of each sequence for terminals. */
export const ESCAPE = '␛';
const visible = (text: string): string => text.replaceAll('\x1b', ESCAPE);

/** Nothing that a test starts outlives it, or goes on for ever. */
function supervised(child: ChildProcessWithoutNullStreams): Promise<Ran> {
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {} // all gone already
  };
  const timer = setTimeout(kill, 25_000);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += visible(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {}); // it may have ended
  onTestFinished(() => {
    clearTimeout(timer);
    kill();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** Runs any program to its end. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [program = '', ...args] = command;
  const user = options.asNobody && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn(program, args, {
    detached: true,
    env: envOf(options.env),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...user,
  });
  return supervised(child);
}

/** How to run `fmmap`. @param flags - Of node. */
export const command = (args: readonly string[], flags: readonly string[] = []): string[] => [
  process.execPath,
  ...flags,
  CLI,
  ...args,
];

/** Runs `fmmap` to its end. */
export const fmmap = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  run(command(args, options.flags), options);

/** What `fmmap` prints, which must go well. */
export async function said(...args: readonly string[]): Promise<string> {
  const ran = await fmmap(args);
  if (ran.code !== 0 || ran.stderr !== '') throw new Error(JSON.stringify(ran));
  return ran.stdout;
}

/** The lines of JSON that `fmmap` prints. */
export async function objects(...args: readonly string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await fmmap(args);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** A program that waits for something. */
export interface Running {
  readonly pid: number;
  /** Resolves with all output, once it matches. */
  until(pattern: RegExp): Promise<string>;
  type(text: string): void;
  /** Ends its input. */
  end(): void;
  readonly done: Promise<Ran>;
}

export function start(command: readonly string[], options: RunOptions = {}): Running {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { detached: true, env: envOf(options.env) });
  const done = supervised(child);
  let output = '';
  let hear = () => {};
  child.stdout.on('data', (text: string) => {
    output += visible(text);
    hear();
  });
  return {
    pid: child.pid ?? 0,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        hear = () => {
          if (pattern.test(output)) resolve(output);
        };
        hear();
        const fail = (ran: unknown) => reject(new Error(`no ${pattern}: ${JSON.stringify(ran)}`));
        done.then(fail, fail);
      }),
    type: (text) => void child.stdin.write(text),
    end: () => void child.stdin.end(),
    done,
  };
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The same for a shell. */
export const shellCommand = (args: readonly string[], flags?: readonly string[]): string =>
  command(args, flags).map(quoted).join(' ');

/** Runs a command of the shell in a terminal of 24 lines of 60 characters. Its exit code is that of the command. */
export const inTerminal = (command: string, options: RunOptions = {}): Running =>
  start(['script', '-qefc', `stty rows 24 cols 60; ${command}`, '/dev/null'], options);
