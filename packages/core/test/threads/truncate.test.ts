import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { whereCallsAreTraced, whereProc } from '../helpers/platform.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);
describe.each(namesIn('threads/truncate#FILES'))('the new size of %s', (name) => {
  test.each(['owner', 'thread'])('is seen by every handle, with the content: %s', async (who) => {
    const said = await hearProgram('threads/truncate#seenByEveryHandle', {
      args: [tempFile(CONTENT), name, who],
    });
    expect(said).toEqual([[]]);
  });
});

whereProc.test('repeated truncates of a shared file do not accumulate mappings', async () => {
  const said = await hearProgram('threads/truncate#costsNothing');
  expect(said).toEqual(['bounded']);
});

whereCallsAreTraced.test(
  'a truncate that fails takes nothing from other threads, even for a moment',
  async () => {
    const path = tempFile(Buffer.alloc(8 * PAGE, 0x11));
    const { through } = strace('ftruncate', ['ftruncate:error=EIO:when=1+'], path);
    const said = await hearProgram('threads/truncate#failing', { args: [path], through });
    const nothing = { zeroes: 0, lost: 0 };
    expect(said).toEqual([[0, false, nothing, nothing]]);
    expect(fs.statSync(path).size).toBe(8 * PAGE);
  },
);
