import { expect } from 'vitest';
import { whereCallsAreTraced } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { tempFile } from '../helpers/temp.js';

// A file is being cut, which takes the system a while: what other threads do meanwhile.

const MIB = 2 ** 20;

/** @param cut - Which call of the cutting thread is the cut: calls are counted for each thread, and the owner has truncated once. */
async function whileCutting(program: string, fault: string, cut = 2): Promise<unknown[]> {
  const path = tempFile(Buffer.alloc(MIB, 7));
  const { through } = strace('ftruncate', [`ftruncate:${fault}:when=${cut}`], path);
  return await hearProgram(program, { args: [path], through });
}

whereCallsAreTraced.test(
  'a thread that releases its window meanwhile may end, and its memory is left alone',
  async () => {
    const said = await whileCutting('threads/cut#letsGo', 'delay_exit=1500000');
    expect(said).toEqual([
      [4096, 7],
      [7, 0],
    ]);
  },
);

whereCallsAreTraced.test(
  'a thread that reads the length meanwhile has the right one after a cut that fails',
  async () => {
    const said = await whileCutting('threads/cut#looksAtLength', 'error=EIO:delay_enter=1000000');
    expect(said).toEqual(['EIO', [], [16 * MIB, 16 * MIB, 16 * MIB, 0]]);
  },
);

whereCallsAreTraced.test(
  'the owner closes meanwhile, and the truncate throws MmapClosedError',
  async () => {
    const said = await whileCutting('threads/cut#ownerCloses', 'delay_exit=1500000', 1);
    expect(said).toEqual([['MmapClosedError', false, 4096]]);
  },
);

// The page in which the file then ends stays, and no fault occurs in it.
const END = MIB - 100;

whereCallsAreTraced.test(
  'a thread that reads past a future end within a page gets the byte until the cut, and none after it',
  async () => {
    const said = await whileCutting(
      'threads/cut#readsPastEnd',
      'delay_enter=700000:delay_exit=1500000',
    );
    const range = 'MmapRangeError';
    expect(said).toEqual([
      {
        before: [7, 7, 7, 7, 7, 7],
        after: [range, range, range, 1, -1, END - 16 * MIB + 7],
      },
    ]);
  },
);
