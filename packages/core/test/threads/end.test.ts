import { describe, expect, test } from 'vitest';
import { effort } from '../helpers/effort.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(3 * 4096);

async function threads(program: string, ...args: unknown[]): Promise<unknown[]> {
  return await hearProgram(program, { args: [tempFile(CONTENT), ...args] });
}

describe.each(['ends by itself', 'is terminated'])('a thread that %s', (end) => {
  test('releases the files that it had open', async () => {
    const said = await threads('threads/end#releasesFiles', end);
    expect(said).toEqual([[0, 0]]);
  });

  test('releases its attached handles, and the owner keeps working', async () => {
    const said = await threads('threads/end#releasesHandles', end);
    expect(said).toEqual([[0, 0], [7, 9, 'exclusive', 7], 5]);
  });

  test('leaves the files it opened to attached handles', async () => {
    const said = await threads('threads/end#leavesTheFile', end);
    expect(said).toEqual([[false, 42, 42, 'exclusive'], 43, 'EWOULDBLOCK', true, [0, 0]]);
  });
});

describe.each(namesIn('threads/end#LOOPS'))(
  'a thread that is terminated in the middle of %s',
  (loop) => {
    test('does no harm to others, and the owner can be closed', async () => {
      const said = await threads('threads/end#inTheMiddle', loop, effort(4, 2));
      expect(said).toEqual([[0, 0]]);
    });
  },
);

describe('an attached handle that is dropped', () => {
  test('is released by the garbage collector, without a warning', async () => {
    const said = await threads('threads/end#droppedHandle');
    expect(said).toEqual(['MmapUnsupportedError', [CONTENT[1], []]]);
  });

  test('lives as long as a view of it', async () => {
    const said = await threads('threads/end#droppedButViewed');
    expect(said).toEqual([250, 0]);
  });
});

test('an owner that is dropped leaves the memory to attached handles', async () => {
  const said = await threads('threads/end#droppedOwner');
  expect(said).toEqual([[false, CONTENT[1], 20_000, 'exclusive'], 0]);
});
