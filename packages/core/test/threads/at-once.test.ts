import { expect, test } from 'vitest';
import { whereViewsComeInOneStep } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const PAGES = 64;
/** Nothing before it is ever cut off. */
const KEPT = 2 * PAGE + 100;

// Bounded by rounds, not by time. A bug here is a crash, a hang or a made-up value.
async function threads(program: string): Promise<unknown[]> {
  const path = tempFile(Buffer.alloc(PAGES * PAGE, 0x11));
  return await hearProgram(program, { args: [path], timeout: 50_000 });
}

const orderly = (count: number) => [
  Array.from({ length: count }, () => ({ strange: [], length: KEPT })),
  true,
];

test('eight threads read and write while the file is truncated up and down', async () => {
  const [outcome] = await threads('threads/at-once#upAndDown');
  expect(outcome).toEqual(orderly(8));
}, 60_000);

whereViewsComeInOneStep.test(
  'each of several threads truncates the file while all read and write it',
  async () => {
    const [outcome, lengths] = await threads('threads/at-once#manyTruncate');
    expect(outcome).toEqual(orderly(3));
    expect(lengths).toEqual([KEPT, KEPT, KEPT]);
  },
  60_000,
);

test('the owner repeatedly closes the file while threads are at work on it', async () => {
  const said = (await threads('threads/at-once#ownerCloses')) as unknown[];
  expect(said).toEqual([[PAGES * PAGE, true]]);
}, 60_000);

test('threads attach and close at once, and the memory stays with those that use it', async () => {
  const said = await threads('threads/at-once#attachAndClose');
  expect(said).toEqual([[], 0x11, 0]);
}, 60_000);
