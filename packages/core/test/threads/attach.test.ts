import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { whereCallsAreTraced } from '../helpers/platform.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);

/** Runs a program with threads on a file of its own. */
async function threads(program: string, ...args: unknown[]) {
  return await hearProgram(program, { args: [tempFile(CONTENT), ...args] });
}

describe('an attached handle', () => {
  test.each(namesIn('threads/attach#MEMORY'))('shows the memory of %s, both ways', async (open) => {
    const said = await threads('threads/attach#showsTheMemory', open);
    expect(said).toEqual([
      [true, true, open.includes('Cow')],
      [0xdeadbeef, 0xdeadbeef, 77],
      ['from the thread', 'from the thread', 88],
    ]);
  });

  test('has views on which Atomics are exact across threads', async () => {
    const said = await threads('threads/attach#atomics');
    expect(said).toEqual([500_000]);
  });

  test('has views on which Atomics.wait is woken by Atomics.notify in another thread', async () => {
    const said = await threads('threads/attach#atomicsWait');
    expect(said).toEqual(['ok']);
  });

  test('knows the state of the lock, whichever handle takes or releases it', async () => {
    const said = await threads('threads/attach#lock');
    expect(said).toEqual([
      ['exclusive', 'exclusive'],
      ['none', 'none'],
      true,
      ['exclusive', 'exclusive'],
      'MmapLockError',
      ['shared', 'shared'],
      'MmapLockError',
    ]);
  });

  whereCallsAreTraced.test.each(['the owner', 'the thread'])(
    'is poisoned with the others when %s fails to flush',
    async (flush) => {
      const { through } = strace('msync', ['msync:error=EIO:when=1']);
      const said = await hearProgram('threads/attach#poisoned', {
        args: [tempFile(CONTENT), flush],
        through,
      });
      const poisoned = [
        'MmapPoisonedError',
        'MmapPoisonedError',
        true,
        0,
        false,
        'MmapPoisonedError',
      ];
      expect(said).toEqual(['EIO', poisoned, poisoned, ['MmapPoisonedError', true, 0, false]]);
    },
  );

  test.each(namesIn('threads/attach#ENDS'))(
    'is closed when its owner does %s, and its views read zeroes',
    async (end) => {
      const said = await threads('threads/attach#ended', end);
      const closed = Array(3).fill('MmapClosedError');
      expect(said).toEqual([[...closed, true, 0, 'none', true]]);
    },
  );

  test('that is closed leaves the owner and the other handles open', async () => {
    const said = await threads('threads/attach#closed');
    expect(said).toEqual([
      [true, 'MmapClosedError', 0],
      [false, 99, 'exclusive', 99],
      [false, 99],
      5,
    ]);
  });

  test('may share the file in turn', async () => {
    const said = await threads('threads/attach#sharesInItsTurn');
    expect(said).toEqual([[5 * PAGE, 55]]);
  });
});

describe('attach', () => {
  test.each(namesIn('threads/attach#LATE'))('%s throws MmapClosedError', async (end) => {
    const said = await threads('threads/attach#attachLate', end);
    expect(said).toEqual(['MmapClosedError', 'MmapClosedError']);
  });

  test('to a read-only file works for MmapFile only', async () => {
    const said = await threads('threads/attach#readOnly');
    expect(said).toEqual([
      [CONTENT.length, CONTENT[1], 'shared', 'MmapUnsupportedError', false],
      'MmapUnsupportedError',
    ]);
  });

  test('as a MmapFile to a writable file returns a handle that cannot write', async () => {
    const said = await threads('threads/attach#asReadOnly');
    expect(said).toEqual([
      [false, false, false, CONTENT[1], 'exclusive'],
      [200, 100],
    ]);
  });

  test('with a token from before a freeze returns no writable handle', async () => {
    const said = await threads('threads/attach#beforeFreeze');
    expect(said).toEqual(['MmapUnsupportedError', 'MmapUnsupportedError', CONTENT[1]]);
  });

  test.each([undefined, null, 1, 'token', {}, { fmmap: 2 }, { fmmap: 1 }])(
    'with %j, which is not a token, throws a TypeError',
    async (token) => {
      const said = await threads('threads/attach#noToken', token);
      expect(said).toEqual(['TypeError']);
    },
  );
});

test('freeze is refused while a thread is attached, and works once it has closed its handle', async () => {
  const path = tempFile(CONTENT);
  const said = await hearProgram('threads/attach#freeze', { args: [path] });
  expect(said).toEqual([
    ['MmapUnsupportedError', 'ERR_MMAP_UNSUPPORTED', 'MmapUnsupportedError', false, false],
    'MmapUnsupportedError',
    66,
    66,
  ]);
  expect(fs.readFileSync(path)[0]).toBe(66);
});
