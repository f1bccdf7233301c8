import { expect } from 'vitest';
import { whereAreasAreLimited } from '../helpers/platform.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

// The kernel limits the areas of memory of a process, usually to 65,530, and V8 ends the process when it gets none.

const { test } = whereAreasAreLimited;
const CONTENT = pattern(10_000);

test.each(namesIn('limits/areas#SPLITS'))(
  'using up areas by %s throws ENOMEM and does not end the process',
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

test('repeated advice for one part takes no more areas, nor does advice that the kernel does not record', async () => {
  const said = await hearProgram('limits/areas#overAndOver', { args: [tempFile(CONTENT)] });
  expect(said).toEqual(['no error']);
});

// V8 frees their memory whenever it likes, and has no reason to: it is neither heap nor counted.
test.each([
  ['never seen', false],
  ['seen through views', true],
])('files that were closed do not use up areas, %s', async (_, isSeen) => {
  const said = await hearProgram('limits/areas#rounds', {
    args: [tempFile(Buffer.of(1)), 16_000, isSeen],
    through: ['prlimit', '--nofile=17000'],
    flags: ['--min-semi-space-size=256', '--max-semi-space-size=256'], // for fewer collections
  });
  expect(said).toEqual([true, true, true, true]);
});
