import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const EXAMPLE = fileURLToPath(new URL('../../examples/dist/line-index.js', import.meta.url));
export const START: string = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
export const NOBODY = 65534;

/** A directory for the running test, writable by every user. */
export function tempDir(): string {
  const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-test-'));
  fs.chmodSync(directory, 0o777);
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A file in its own directory. */
export function tempFile(content: string | Uint8Array, name = 'lines.txt'): string {
  const path = join(tempDir(), name);
  fs.writeFileSync(path, content);
  return path;
}

export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The number of lines that it counted. */
  lines: number | undefined;
  /** The files that it left in its temporary directory. */
  left: string[];
}

export interface RunOptions {
  script?: string;
  cwd?: string;
  env?: Record<string, string>;
  uid?: number;
  /** Called with the running program and its temporary directory. */
  during?: (child: ChildProcess, temp: string) => void;
}

/** Runs the example as a separate program. */
export async function run(args: string[], options: RunOptions = {}): Promise<Run> {
  const { script = EXAMPLE, cwd = '/', env = {}, uid, during } = options;
  const temp = tempDir();
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    env: { ...process.env, TMPDIR: temp, ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  during?.(child, temp);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  const counted = /([\d,]+) lines?$/m.exec(stdout)?.[1];
  return {
    code,
    stdout,
    stderr,
    lines: counted === undefined ? undefined : Number(counted.replaceAll(',', '')),
    left: fs.readdirSync(temp),
  };
}
