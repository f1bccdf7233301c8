import { expect } from 'vitest';
import { everywhere } from '../helpers/platform.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { tempFile } from '../helpers/temp.js';

const PAGE = 4096;

everywhere.test.each(namesIn('faults/optimised-reads#SHAPES'))(
  'no typed read of optimised code returns a made-up value once the file is lost: %s',
  async (shape) => {
    const path = tempFile('');
    // To nothing, between two pages, and in one of them, in the middle of a value.
    const cuts = [0, 2 * PAGE, PAGE, 3 * PAGE];
    const [[count, wrong]] = (await hearProgram('faults/optimised-reads#shape', {
      args: [path, shape, cuts],
    })) as [[number, string[]]];
    expect(wrong).toEqual([]);
    expect(count).toBe(26);
  },
);
