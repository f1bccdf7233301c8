import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { hearProgram } from '../../core/test/helpers/program.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';

const CONTENT = pattern(10_000);
/** A program of `programs/refused-threads.cjs`. */
const program = (name: string): URL =>
  new URL(`programs/refused-threads.cjs#${name}`, import.meta.url);
const BREAKING = fileURLToPath(new URL('programs/breaking-thread.cjs', import.meta.url));
const options = (...args: unknown[]) => ({ args: [tempFile(CONTENT), ...args] });
const refused = {
  code: 'ERR_MMAP_POOL_THREAD',
  message: expect.stringContaining('no thread could be started'),
};

describe('where threads are refused', () => {
  test('at first, later work succeeds', async () => {
    const said = await hearProgram(program('atFirst'), options());
    expect(said).toEqual([
      expect.objectContaining({ ...refused, cause: 'ERR_WORKER_INIT_FAILED' }),
      { value: CONTENT[1] },
      0,
    ]);
  });

  test('many jobs at once ask for one once', async () => {
    const said = await hearProgram(program('manyJobs'), options());
    expect(said).toEqual([500, 1, 0]);
  });

  test('but the first, the rest waits for that one, can be aborted, and is not timed', async () => {
    const said = await hearProgram(program('butTheFirst'), options());
    const [a, b, c] = CONTENT.subarray(1, 4);
    expect(said).toEqual(['AbortError', 0, 3, ['busy', a, b, c], [0, 1], 0, 0]);
  });

  test('for a while, what waits gets another thread without new work', async () => {
    const said = await hearProgram(program('forAWhile'), options());
    expect(said).toEqual([2, 0]);
  });

  test('as long as another one lives, those behind a task that ends its thread get the next one', async () => {
    const said = await hearProgram(program('asLongAsOneLives'), options());
    const outcomes = [...CONTENT.subarray(0, 12)].map((byte, index) =>
      index % 3 === 0 ? 'ERR_MMAP_POOL_THREAD' : byte,
    );
    expect(said).toEqual([outcomes, 'ERR_MMAP_TASK_TIMEOUT', 'last', 0]);
  });

  test('for good after a task that ended the last one, the rest is rejected', async () => {
    const said = await hearProgram(program('forGood'), options());
    const [first, ...rest] = said[0] as unknown[];
    expect(first).toMatchObject({ message: expect.stringContaining('worker exited with code: 3') });
    expect(rest).toEqual(rest.map(() => expect.objectContaining(refused)));
    expect(said.slice(1)).toEqual([[0, 0], 0]);
  });

  test('a pool can be destroyed', async () => {
    const said = await hearProgram(program('destroyed'), options());
    expect(said.slice(0, 4)).toEqual([
      'ERR_MMAP_POOL_THREAD',
      'ERR_MMAP_POOL_THREAD',
      'ERR_MMAP_POOL_THREAD',
      'ERR_MMAP_POOL_DESTROYED',
    ]);
    expect(said.slice(4)).toEqual([
      'ERR_MMAP_POOL_DESTROYED',
      'ERR_MMAP_POOL_DESTROYED',
      [0, 0, 0],
      0,
    ]);
  });
});

test.each(['throw', 'exit'])(
  'threads that %s while they start harm nobody who has another one',
  async (way) => {
    const said = await hearProgram(program('brokenThreads'), {
      ...options(way),
      flags: ['--require', BREAKING],
    });
    expect(said).toEqual([['busy', ...CONTENT.subarray(1, 4)], 0, 0]);
  },
);

test('whatever is refused, ended and aborted, each job is settled once and nothing is left', async () => {
  const outcomes = ['20', 'ERR_MMAP_POOL_THREAD', 'ERR_MMAP_TASK_TIMEOUT', 'OWN', 'done'];
  const said = await hearProgram(program('settledOnce'), options(outcomes));
  expect(said).toEqual([outcomes, 0, [0, 0, 0], [], 0]);
});
