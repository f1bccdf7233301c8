import { expect, test } from 'vitest';
import { hearProgram } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { tempFile } from '../helpers/temp.js';

// A file is being cut, and the system takes its time: what other threads do meanwhile.

const MIB = 2 ** 20;

/** @param cut - Which call of the thread that cuts is the cut: each thread's are counted. The owner has truncated once. */
async function whileCutting(program: string, fault: string, cut = 2): Promise<unknown[]> {
  const path = tempFile(Buffer.alloc(MIB, 7));
  const { through } = strace('ftruncate', [`ftruncate:${fault}:when=${cut}`], path);
  return await hearProgram(program, { args: [path], through });
}

test('a thread that lets go of its window then may end, and its memory is left alone', async () => {
  const said = await whileCutting('threads/cut#letsGo', 'delay_exit=1500000');
  expect(said).toEqual([
    [4096, 7],
    [7, 0],
  ]);
});

test('a thread that looks at the length then has the right one after a cut that fails', async () => {
  const said = await whileCutting('threads/cut#looksAtLength', 'error=EIO:delay_enter=1000000');
  expect(said).toEqual(['EIO', [], [16 * MIB, 16 * MIB, 16 * MIB, 0]]);
});

test('the owner closes meanwhile, and the truncate says so', async () => {
  const said = await whileCutting('threads/cut#ownerCloses', 'delay_exit=1500000', 1);
  expect(said).toEqual([['MmapClosedError', false, 4096]]);
});

// The page in which the file ends then stays, and nobody meets a fault in it.
const END = MIB - 100;

test('a thread that reads past an end that is to be within a page gets the byte, until there is none', async () => {
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
});
