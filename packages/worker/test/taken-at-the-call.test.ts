import { describe, expect, test } from 'vitest';
import { noOptions, optionsFrom } from '../../core/test/helpers/option-objects.js';
import { AsyncMmapFileMut, WorkerPool } from '../src/index.js';

// What a task gets, and how it is run, is what the call said, whatever becomes of the arguments after it.

const CONTENT = Buffer.alloc(1000, 'abcdefghi\n');

function opened(): AsyncMmapFileMut {
  const file = AsyncMmapFileMut.memory('memory', CONTENT);
  void file.truncate(2000); // for which everything else has to wait
  return file;
}

describe('a map', () => {
  test('goes on as it was asked for', async () => {
    await using file = opened();
    const args: unknown[] = [[1, 2]];
    const options: Record<string, unknown> = { offset: 100, length: 400, chunkSize: 100, args };
    const call = file.map((_, offset, length, ...rest) => [offset, length, rest], options as never);
    args.push('later');
    (args[0] as number[]).push(3);
    for (const key of Object.keys(options)) options[key] = -1;
    expect(await call).toEqual([100, 200, 300, 400].map((offset) => [offset, 100, [[1, 2]]]));
  });

  test('has no arguments if it had none', async () => {
    await using file = opened();
    const args: unknown[] = [];
    const call = file.map((_file, ...rest) => rest.length, { chunkSize: 1000, args } as never);
    args.push('later');
    expect(await call).toEqual([2, 2]);
  });

  test('takes an offset of -0, and shows 0', async () => {
    await using file = opened();
    const totals: number[] = [];
    const offsets = await file.map(
      (_, offset, length) => [offset, length].map((n) => Object.is(n, -0)),
      {
        ...{ offset: -0, length: -0, boundary: 'line' as const },
        onProgress: ({ totalBytes }) => totals.push(totalBytes),
      },
    );
    expect([offsets, totals]).toEqual([[], []]);
    const [first] = await file.map((_, offset) => Object.is(offset, -0), {
      offset: -0,
      boundary: 'line',
    });
    expect(first).toBe(false);
  });
});

test('a task has no arguments if it had none, and those of the call otherwise', async () => {
  await using file = opened();
  const list = [1];
  const calls = [
    file.run((_, ...rest) => rest.length),
    file.run((_, given: number[]) => given, list),
  ];
  list.push(2);
  expect(await Promise.all(calls)).toEqual([0, [1]]);
});

const takers: Record<string, (file: AsyncMmapFileMut, options: never) => Promise<unknown>> = {
  runWith: (file, options) => file.runWith(options, () => 5),
  map: (file, options) => file.map(() => 5, options),
  WorkerPool: async (_, options) => new WorkerPool(options).destroy(),
};

describe.each(Object.entries(takers))('%s', (name, take) => {
  test('reads options as fs does', async () => {
    await using file = opened();
    const option = name === 'WorkerPool' ? 'size' : 'timeout';
    for (const from of Object.values(optionsFrom)) {
      await take(file, from(option, 1000) as never);
      await expect(take(file, from(option, 0) as never)).rejects.toMatchObject({
        argument: option,
      });
    }
  });

  test('refuses what holds none, and one that it does not take', async () => {
    await using file = opened();
    for (const [what, bad] of Object.entries(noOptions)) {
      const argument = what.includes('signal') ? 'aborted' : 'options';
      await expect(take(file, bad as never), what).rejects.toMatchObject({ argument });
    }
    await expect(take(file, { tiemout: 5 } as never)).rejects.toMatchObject({
      argument: 'tiemout',
    });
  });
});

test('a pool is shown by its numbers', async () => {
  await using pool = new WorkerPool({ size: 3 });
  expect(JSON.parse(JSON.stringify(pool))).toEqual({
    ...{ size: 3, threads: 0, queued: 0, isDestroyed: false },
  });
  const { inspect } = await import('node:util');
  expect(inspect(pool)).toBe('WorkerPool { size: 3, threads: 0, queued: 0, isDestroyed: false }');
});
