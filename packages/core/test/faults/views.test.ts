import { describe, expect, test } from 'vitest';
import { faultError, LOST } from '../helpers/faults.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(5 * PAGE + 64);

/** In how many ways the programs lose a file. */
const WAYS = LOST === 'truncated' ? 3 : 1;

/** Uses a view of each kind of mapping, lost in each way, and checks the outcome. */
async function use(name: string, mappings: number): Promise<void> {
  const path = tempFile(CONTENT);
  const said = await hearProgram('faults/views#use', { args: [path, name] });
  expect(said).toHaveLength(mappings * WAYS);
  for (const outcome of said) {
    expect(outcome).toMatchObject({
      isFaulted: true,
      isOffset: true,
      error: faultError(LOST, expect.any(Number), path),
      isSame: true,
      isRestored: false,
    });
  }
}

describe('losing a file under a view is survived, and the file reports it, after', () => {
  test.each(namesIn('faults/views#READERS'))('%s', (name) => use(name, 6));
  test.each(namesIn('faults/views#WRITERS'))('%s', (name) => use(name, 4));
});
