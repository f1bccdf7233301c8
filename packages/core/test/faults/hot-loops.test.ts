import * as fs from 'node:fs';
import { describe, expect } from 'vitest';
import { faultError, LOST } from '../helpers/faults.js';
import { everywhere, whereFilesAreCut } from '../helpers/platform.js';
import { namesIn, startProgram } from '../helpers/program.js';
import { tempFile } from '../helpers/temp.js';

const ROUNDS = 5;

describe.each(['a worker thread', 'another process'])('a file that is lost by %s', (way) => {
  const isOtherProcess = way === 'another process';
  const { test } = isOtherProcess ? whereFilesAreCut : everywhere;

  /** What the loop noticed in each round: the error that it threw, or that there was none. */
  async function noticed(loop: string): Promise<unknown[]> {
    const path = tempFile('');
    const running = startProgram('faults/hot-loops#loop', { args: [path, loop, isOtherProcess] });
    const found: unknown[] = [];
    for (let round = 0; round < ROUNDS; ++round) {
      let said = await running.said();
      if (said === 'hot') {
        fs.truncateSync(path);
        said = await running.said();
      }
      const [error, isFaulted, afterwards] = said as unknown[];
      found.push(error);
      expect(isFaulted).toBe(true);
      expect(afterwards).toEqual(faultError(LOST, expect.any(Number), path));
      if (error !== 'no error') expect(error).toEqual(afterwards);
    }
    expect(await running.done).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(isOtherProcess).toBe((await running.done).stdout.includes('hot'));
    return found;
  }

  test.each(namesIn('faults/hot-loops#VIEWS'))(
    'shows zeroes to a hot loop over %s',
    async (loop) => {
      expect(await noticed(loop)).toEqual(Array(ROUNDS).fill('no error'));
    },
  );

  test.each(namesIn('faults/hot-loops#CALLS'))(
    'makes %s throw and never return a made-up value',
    async (loop) => {
      const error = expect.objectContaining({ name: 'MmapFaultError' });
      expect(await noticed(loop)).toEqual(Array(ROUNDS).fill(error));
    },
  );
});
