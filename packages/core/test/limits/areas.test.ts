import { expect, test } from 'vitest';
import { hearProgram, namesIn } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

// The kernel counts areas of memory, at most 65,530 of a process as a rule, and V8 ends the process when it gets none.

const CONTENT = pattern(10_000);

test.each(namesIn('limits/areas#SPLITS'))(
  'areas that are made by %s end in ENOMEM, not in the end',
  async (split) => {
    const said = await hearProgram('limits/areas#split', {
      args: [tempFile(CONTENT), split, CONTENT[5]],
      timeout: 100_000,
    });
    const [codes, ...rest] = said;
    expect(codes).toContain('ENOMEM');
    expect(rest).toEqual([[0, true], 1e6]);
  },
  120_000,
);

test('advice for one part over and over is no shortage, nor is advice that is noted nowhere', async () => {
  const said = await hearProgram('limits/areas#overAndOver', { args: [tempFile(CONTENT)] });
  expect(said).toEqual(['no error']);
});
