import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** Starts a program of `test/programs`, which ends with the test at the latest. */
export function start(name: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(`../programs/${name}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** What a program prints until it ends, which it has to within 20 s and with success. */
export async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout?.on('data', (data) => {
    output += data;
  });
  const [status] = await once(child, 'close', { signal: AbortSignal.timeout(20_000) });
  if (status !== 0) throw new Error(`ended with ${status}: ${output}`);
  return output;
}
