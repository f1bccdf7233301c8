import { describe, expect, test } from 'vitest';
import { whereLimits } from '../../core/test/helpers/platform.js';
import { hearProgram, startProgram } from '../../core/test/helpers/program.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { allowThreads, asCounted, WITHOUT_WORKERS } from './helpers/limits.js';

/** A program of `programs/no-threads.cjs`. */
const program = (name: string): URL => new URL(`programs/no-threads.cjs#${name}`, import.meta.url);

const CONTENT = pattern(10_000);
const refused = {
  code: 'ERR_MMAP_POOL_THREAD',
  message: expect.stringContaining('no thread could be started'),
};

describe('where no thread may be started', () => {
  test('everything is rejected once, and files can be closed', async () => {
    const [outcomes, state] = await hearProgram(program('rejectsAll'), {
      args: [tempFile(CONTENT)],
      flags: WITHOUT_WORKERS,
    });
    expect(outcomes).toHaveLength(27);
    for (const outcome of outcomes as unknown[]) {
      expect(outcome).toMatchObject({ ...refused, cause: 'ERR_ACCESS_DENIED' });
      expect(outcome).toMatchObject({ message: expect.stringContaining('--allow-worker') });
    }
    expect(state).toEqual({ unhandled: 0, queued: 0, threads: 0, isClosed: true, isLeft: false });
  });

  test('ten thousand failures leave nothing', async () => {
    const [codes, kept] = await hearProgram(program('leavesNothing'), {
      args: [tempFile(CONTENT)],
      flags: WITHOUT_WORKERS,
    });
    expect(codes).toEqual(['ERR_MMAP_POOL_THREAD']);
    expect(kept).toBeLessThan(4000); // bytes; if each tried to start a thread, it would be more than 7000
  });
});

whereLimits.test(
  'under a limit on threads, work waits for those that there are, fails without any, and succeeds after',
  async () => {
    const through = asCounted();
    const child = startProgram(program('limited'), { args: [tempFile(CONTENT)], through });
    expect(await child.said()).toBe('busy');
    allowThreads(through, child.process.pid, false);
    child.process.stdin.write('\n');
    expect(await child.said()).toBe(1);
    expect(await child.said()).toEqual([...CONTENT.subarray(0, 20)].map((value) => ({ value })));
    expect(await child.said()).toBe('ERR_MMAP_POOL_THREAD');
    for (const outcome of (await child.said()) as unknown[]) {
      expect(outcome).toMatchObject({ ...refused, cause: 'ERR_WORKER_INIT_FAILED' });
    }
    expect(await child.said()).toBe(true);
    allowThreads(through, child.process.pid, true);
    child.process.stdin.write('\n');
    expect(await child.said()).toEqual({ length: 10_000, queued: 0, unhandled: 0 });
    expect(await child.done).toMatchObject({ code: 0, stderr: '' });
  },
);
