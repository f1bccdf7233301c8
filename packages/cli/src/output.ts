// Standard output. A reader that goes away, such as `head`, ends the program quietly.
import process from 'node:process';
import { problem } from './problems.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  problem(`standard output: ${error.message}`);
  process.exit(2);
});

/** Resolves once the text has been passed on: what is slow to read is not collected here. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}

export const printJson = (value: unknown): Promise<void> => print(`${JSON.stringify(value)}\n`);
