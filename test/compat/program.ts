// Runs rows of a group, from a given one on, and prints a line of JSON before and after each: its name and its outcome.
import { join } from 'node:path';
import { groups } from './groups.js';
import type { Row } from './row.js';
import { Trial, WrongBytes } from './trial.js';

const [directory = '', title, from = '0'] = process.argv.slice(2);
const rows = groups.find((group) => group.title === title)?.rows ?? [];

const say = (line: object): Promise<void> =>
  new Promise((resolve) => {
    process.stdout.write(`${JSON.stringify(line)}\n`, () => resolve());
  });

async function outcomeOf(row: Row, path: string): Promise<string> {
  if (row.exists && !row.exists()) return 'absent';
  try {
    using trial = await Trial.open(path, row);
    const outcome = await row.run(trial);
    trial.check();
    return outcome;
  } catch (error) {
    if (error instanceof WrongBytes) return `wrong: ${error.message}`;
    if (error instanceof Error) return `${error.name}: ${error.message}`;
    return String(error);
  }
}

for (const [index, row] of rows.entries()) {
  if (index < Number(from)) continue;
  await say({ starts: index });
  await say({ index, outcome: await outcomeOf(row, join(directory, `file-${index}`)) });
}
process.exit(); // whatever is still open
