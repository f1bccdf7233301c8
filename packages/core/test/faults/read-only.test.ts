import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { faultError, inPages } from '../helpers/faults.js';
import { whereFilesAreCut } from '../helpers/platform.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(6 * PAGE + 40);
/** Where a single store goes. */
const AT = 2 * PAGE + 8;

async function inChild(program: string, ...args: unknown[]): Promise<unknown[]> {
  const path = tempFile(CONTENT);
  const said = await hearProgram(program, { args: [path, ...args] });
  expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
  return said;
}

/** Stores, looks, reopens and stores once more, with each kind of mapping. */
async function stray(store: string, offset: unknown): Promise<void> {
  const said = await inChild('faults/read-only#stray', store);
  expect(said).toHaveLength(11);
  const error = faultError('read-only', offset, expect.any(String));
  for (const outcome of said) {
    expect(outcome).toMatchObject({
      before: [true, false],
      after: [true, true],
      error,
      again: error,
      isOthers: [true, true],
      isBack: [false, true, true],
      second: error,
      isStill: [true, true, true],
    });
  }
}

describe('a stray write to a view of a read-only mapping never reaches the file, and is reported:', () => {
  test.each(namesIn('faults/read-only#SINGLE'))('%s', (store) => stray(store, inPages(AT)));
  test.each(namesIn('faults/read-only#MANY'))('%s', (store) =>
    stray(store, inPages(0, CONTENT.length)),
  );
});

test('a system call that would store to a read-only mapping fails with EFAULT and causes no fault', async () => {
  const said = await inChild('faults/read-only#systemCalls');
  const one = [['EFAULT', 'EFAULT', 'EFAULT', false, true, true], [true, true], true];
  expect(said).toEqual(Array(11).fill(one).flat());
});

test('another process does not see a stray write, and its own writes are seen after reopen', async () => {
  const said = await inChild('faults/read-only#otherProcess');
  expect(said).toEqual([true, [true, true], ['written', false], 'written']);
});

test('the message says what happened, and what to do', async () => {
  const [{ message } = { message: '' }] = (await inChild('faults/read-only#message')) as {
    message: string;
  }[];
  for (const part of [`offset ${AT}`, 'read-only', 'unchanged', 'reopen()']) {
    expect(message).toContain(part);
  }
});

test('stray writes of other threads are caught, and reported in every thread', async () => {
  const said = await inChild('faults/read-only#threads');
  const names = Array(3).fill('MmapFaultError');
  const intact = Array(3).fill([false, true, true]);
  expect(said).toEqual(Array(4).fill(['read-only', names, intact, 'read-only', 3, true]));
});

whereFilesAreCut.test(
  'a stray write past the end of a truncated file is survived, too',
  async () => {
    const said = await inChild('faults/read-only#afterTruncation');
    expect(said).toEqual(Array(21).fill(['MmapFaultError', true, 0, true]));
  },
);

whereFilesAreCut.test(
  'the result of a stray write stays in memory when a later one hits a lost page',
  async () => {
    const said = await inChild('faults/read-only#afterStrayWrite');
    expect(said).toEqual(Array(8).fill([99, 98, 'read-only', 5]));
  },
);

test('a stray write to a file that was frozen while empty, and has grown since, is caught', async () => {
  const path = tempFile(CONTENT);
  const said = await hearProgram('faults/read-only#frozenWhenEmpty', { args: [path] });
  expect(said).toEqual([['read-only', true]]);
});

test('a store to a writable mapping is not a stray write', async () => {
  const said = await inChild('faults/read-only#writable');
  expect(said).toEqual([
    [false, 7],
    [false, 7],
  ]);
});
