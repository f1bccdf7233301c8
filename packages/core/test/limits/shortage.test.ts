import { expect, test } from 'vitest';
import { whereLimits } from '../helpers/platform.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

whereLimits.describe('what was dropped without close is collected before it exhausts', () => {
  test.each(namesIn('limits/shortage#MAKERS'))('descriptors: %s', async (name) => {
    const said = await hearProgram('limits/shortage#descriptors', {
      args: [tempFile(CONTENT), name],
      through: ['prlimit', '--nofile=100'],
    });
    expect(said).toEqual(['all went well', 'still']);
  });

  test('descriptors, for anything else that needs one', async () => {
    const said = await hearProgram('limits/shortage#othersDescriptors', {
      args: [tempFile(CONTENT)],
      through: ['prlimit', '--nofile=100'],
    });
    expect(said).toEqual(Array(4).fill('no error'));
  });

  test.each(namesIn('limits/shortage#LARGE'))('addresses: %s', async (name) => {
    const said = await hearProgram('limits/shortage#addresses', {
      args: [name],
      through: ['prlimit', `--as=${16 * 2 ** 30}`],
    });
    expect(said).toEqual(['all went well']);
  });

  test('descriptors, in worker threads', async () => {
    const said = await hearProgram('limits/shortage#inThreads', {
      through: ['prlimit', '--nofile=100'],
    });
    expect(said).toEqual([0, 0]);
  });

  test.each([['--disallow-code-generation-from-strings'], ['--no-expose-gc'], ['--jitless']])(
    'descriptors, with %s',
    async (flag) => {
      const said = await hearProgram('limits/shortage#withoutFlag', {
        flags: [flag],
        through: ['prlimit', '--nofile=100'],
      });
      expect(said).toEqual(['all went well']);
    },
  );
});

whereLimits.test('what is in use is not collected, and the error is the original one', async () => {
  const said = await hearProgram('limits/shortage#inUse', { through: ['prlimit', '--nofile=100'] });
  expect(said).toEqual([['EMFILE', 'memfd_create'], true, true]);
});

test('dropped memory is freed before much of it accumulates', async () => {
  const [most] = (await hearProgram('limits/shortage#memory')) as [number];
  expect(most).toBeLessThan(800); // not 2600
});

test('memory that is closed or in use triggers no collections', async () => {
  const [closed, kept] = (await hearProgram('limits/shortage#collections')) as [number, number];
  expect(closed).toBe(0);
  expect(kept).toBeLessThan(30); // as often as the amount has doubled
});
