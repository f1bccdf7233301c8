import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { hearProgram, namesIn } from '../helpers/program.js';
import { tempFile } from '../helpers/temp.js';

/** Collections of such a large heap take seconds on a busy machine. */
const DEADLINE = 60_000;

const rounds = namesIn('memory/garbage#ROUNDS');

test(
  'with 400 MB of live heap, mapping 2 GiB repeatedly starts no full collection',
  async () => {
    const path = tempFile('');
    fs.truncateSync(path, 2 ** 31);
    const [live, asked, ...counts] = await hearProgram('memory/garbage#collections', {
      args: [path],
      timeout: DEADLINE,
    });
    expect(live).toBe(true);
    expect(asked, 'a collection that is asked for is counted').toBe(true);
    expect(Object.fromEntries(rounds.map((name, at) => [name, counts[at]]))).toEqual(
      Object.fromEntries(rounds.map((name) => [name, 0])),
    );
  },
  DEADLINE + 5000,
);
