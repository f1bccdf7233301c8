import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hearProgram, namesIn, runProgram } from '../../core/test/helpers/program.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';

const CONTENT = pattern(10_000);

/** A program of `programs/process.cjs`. */
const program = (name: string): URL => new URL(`programs/process.cjs#${name}`, import.meta.url);
const BREAKING = fileURLToPath(new URL('programs/breaking-thread.cjs', import.meta.url));
const options = (...args: unknown[]) => ({ args: [...args, tempFile(CONTENT)] });

test('idle threads do not keep the process alive, and work under way does', async () => {
  const said = await hearProgram(program('staysForWork'), options());
  expect(said).toEqual([10_000, CONTENT[1], 'exit']);
});

test('a process may exit with work pending', async () => {
  const { code, signal, stderr } = await runProgram(program('exits'), options());
  expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' });
});

test.each([
  ['throws', 'throw', 'no threads today'],
  ['exits', 'exit', 'worker exited with code: 3'],
])('where what threads load first %s, work is rejected and says why', async (_, way, why) => {
  const said = await hearProgram(program('brokenThreads'), {
    ...options(way),
    flags: ['--require', BREAKING],
  });
  expect(said.slice(5)).toEqual(['done', 0]);
  for (const error of said.slice(0, 5)) {
    expect(error).toMatchObject({
      code: 'ERR_MMAP_POOL_THREAD',
      message: expect.stringContaining(why),
    });
  }
});

test.each(namesIn(program('MOMENTS')))(
  'a pool that is destroyed %s a task is aborted has ended all threads',
  async (moment) => {
    const said = await hearProgram(program('destroyed'), options(moment));
    expect(said).toEqual([true, 0]);
  },
);

test('what a task prints is there before its result', async () => {
  const { code, stdout, stderr } = await runProgram(program('prints'), options());
  const lines = Array.from({ length: 100 }, (_, line) => `${line}\n`);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: lines.join(''), stderr: 'error\n' });
});

test('a task that uses up the heap ends its thread only', async () => {
  const said = await hearProgram(program('fillsHeap'), {
    ...options(),
    flags: ['--max-old-space-size=60'],
  });
  expect(said).toEqual([['ERR_MMAP_POOL_THREAD', 'ERR_WORKER_OUT_OF_MEMORY'], 10_000]);
});

test('nothing is left of a thousand files and tasks', async () => {
  expect(await hearProgram(program('leavesNothing'), options())).toEqual([0, false]);
});
