import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** How a program ended, and its output. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** A command that runs the program. */
  readonly through?: readonly string[];
  /** After so many milliseconds it is killed, as `signal` then shows. */
  readonly timeout: number;
}

/** A directory for the running test, which is removed when the test has ended. */
export function tempDir(): string {
  const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-test-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs a program of this package, as built, with a directory as its first argument. */
export async function runProgram(
  name: string,
  directory: string,
  args: readonly string[],
  { through = [], timeout }: ProgramOptions,
): Promise<End> {
  const program = fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));
  const all = [...through, process.execPath, '--expose-gc', program, directory, ...args];
  const [command = '', ...rest] = all;
  const child = spawn(command, rest, {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // The whole group: a command that runs it may leave it behind.
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {} // all gone already
  };
  const timer = setTimeout(kill, timeout);
  onTestFinished(() => {
    clearTimeout(timer);
    kill();
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4000);
  });
  const end = await new Promise<End>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  clearTimeout(timer);
  return end;
}
