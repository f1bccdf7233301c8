import { expect, test } from 'vitest';
import { everywhere } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

/** What the numbers of the process are after each step of a program. */
const numbersOf = async (program: string) =>
  await hearProgram(`diagnostics/statistics#${program}`, { args: [tempFile(CONTENT)] });

test('statistics count the open mappings of the process and their bytes', async () => {
  const none = { mappings: 0, mappedBytes: 0, faults: 0, pendingOperations: 0 };
  expect(await numbersOf('mappings')).toEqual([
    none,
    { ...none, mappings: 1, mappedBytes: 10_000 }, // a file
    { ...none, mappings: 2, mappedBytes: 10_000 + 50 }, // and memory
    { ...none, mappings: 2, mappedBytes: 10_000 + 50 }, // and another handle of the file
    { ...none, mappings: 2, mappedBytes: 20_000 + 50 }, // which has grown
    { ...none, mappings: 3, mappedBytes: 20_000 + 50 + 7 }, // and memory of another thread
    { ...none, mappings: 2, mappedBytes: 20_000 + 50 }, // which has ended
    { ...none, mappings: 1, mappedBytes: 50 }, // the file is closed
    none,
  ]);
});

everywhere.test('statistics count the faults of the process, each once', async () => {
  const { mappings, mappedBytes, ...rest } = {
    mappings: 1,
    mappedBytes: 10_000,
    pendingOperations: 0,
  };
  const open = { mappings, mappedBytes, ...rest };
  expect(await numbersOf('faults')).toEqual([
    { ...open, faults: 0 },
    { ...open, faults: 1 },
    { ...open, faults: 1 }, // met once more
    { ...open, faults: 2 }, // reopened and lost again
    { mappings: 0, mappedBytes: 0, pendingOperations: 0, faults: 2 },
  ]);
});
