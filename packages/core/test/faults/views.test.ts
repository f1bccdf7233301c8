import { expect } from 'vitest';
import { faultError } from '../helpers/faults.js';
import { whereFilesAreCut } from '../helpers/platform.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const { describe, test } = whereFilesAreCut;

const PAGE = 4096;
const CONTENT = pattern(5 * PAGE + 64);

/** Uses a view of each kind of mapping, truncated in each way, and checks the outcome. */
async function use(name: string, mappings: number): Promise<void> {
  const path = tempFile(CONTENT);
  const said = await hearProgram('faults/views#use', { args: [path, name] });
  expect(said).toHaveLength(mappings);
  for (const outcome of said) {
    expect(outcome).toMatchObject({
      isFaulted: true,
      isOffset: true,
      error: faultError('truncated', expect.any(Number), path),
      isSame: true,
      size: 0,
    });
  }
}

describe('truncating a file under a view is survived, and the file reports it, after', () => {
  test.each(namesIn('faults/views#READERS'))('%s', (name) => use(name, 18));
  test.each(namesIn('faults/views#WRITERS'))('%s', (name) => use(name, 12));
});
