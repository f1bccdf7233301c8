import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { tempDir } from './temp.js';

const SOURCE = fileURLToPath(new URL('holder.c', import.meta.url));

export interface Holder {
  /** Its next line of output. */
  said(): Promise<unknown>;
  letGo(): void;
}

/** Starts helpers/holder.c, which runs as long as the test. */
export function startHolder(...args: ['lease' | 'huge', string]): Holder {
  const program = join(tempDir(), 'holder');
  execFileSync('cc', ['-o', program, SOURCE]);
  const holder = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  holder.stdin.on('error', () => {}); // it may have exited
  const ended = new Promise((resolve) => holder.on('close', resolve));
  onTestFinished(async () => {
    holder.kill('SIGKILL');
    await ended;
  });
  const lines = createInterface({ input: holder.stdout })[Symbol.asyncIterator]();
  return {
    async said() {
      const { done, value } = await lines.next();
      if (done) throw new Error('the holder has ended');
      return JSON.parse(value);
    },
    letGo: () => void holder.stdin.write('\n'),
  };
}
