import { expect, test } from 'vitest';
import { MmapFile } from '../../src/index.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import { faultError, inPages } from '../helpers/faults.js';
import { isWindows, whereFilesAreCut } from '../helpers/platform.js';
import { hearProgram, runProgram } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);

async function inChild(program: string, path = tempFile(CONTENT)): Promise<unknown[]> {
  return await hearProgram(program, { args: [path] });
}

const fault = (offset: unknown, reason = 'truncated') =>
  faultError(reason, offset, expect.any(String));

whereFilesAreCut.test(
  'a listener is called once, soon after the fault, and not in the middle of other code',
  async () => {
    const said = await inChild('faults/listeners#once');
    expect(said).toEqual([0, [fault(5)], 1]);
  },
);

whereFilesAreCut.test.each([
  ['a view', 5],
  ['a typed read', 7],
  ['checkFault', 0],
  ['native code on the pool', inPages(0, 2 * PAGE)],
])('a fault found by %s is reported', async (find, offset) => {
  const args = [tempFile(CONTENT), find];
  const said = await hearProgram('faults/listeners#foundBy', { args });
  expect(said).toEqual([[fault(offset)]]);
});

test('a stray write is reported', async () => {
  const said = await inChild('faults/listeners#strayWrite');
  expect(said).toEqual([[fault(77, 'read-only')]]);
});

whereFilesAreCut.test(
  'a fault that happened before the listener was added is reported, too',
  async () => {
    const said = await inChild('faults/listeners#before');
    expect(said).toEqual([0, [fault(3)], 2]);
  },
);

whereFilesAreCut.test(
  'every listener of the file is called, and none of another file',
  async () => {
    const said = await inChild('faults/listeners#everyListener');
    expect(said).toEqual([[fault(3), fault(3)], false]);
  },
);

whereFilesAreCut.test('a removed listener is not called; the others are', async () => {
  const said = await inChild('faults/listeners#takenAway');
  expect(said).toEqual([[fault(3)]]);
});

whereFilesAreCut.test('after reopen, the next fault is reported, too', async () => {
  const said = await inChild('faults/listeners#afterReopen');
  expect(said).toEqual([[fault(1), fault(2), fault(3), fault(4), fault(5)]]);
});

whereFilesAreCut.test(
  'each listening thread is told, whichever thread found the fault',
  async () => {
    const said = await inChild('faults/listeners#everyThread');
    expect(said).toEqual([...Array(3).fill(['truncated', 9]), [fault(9)]]);
  },
);

whereFilesAreCut.test(
  'a fault after another thread has reopened the file is reported',
  async () => {
    const said = await inChild('faults/listeners#reopenedByThread');
    expect(said).toEqual([[fault(1), fault(2)]]);
  },
);

test.each(isWindows ? ['nothing'] : ['nothing', 'a fault'])(
  'listening does not keep the process alive: %s',
  async (what) => {
    const result = await runProgram('faults/listeners#keepsNothingAlive', {
      args: [tempFile(CONTENT), what],
    });
    expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
  },
);

whereFilesAreCut.test.each(['process.exit', 'the end of a thread', 'terminate'])(
  'a fault just before %s does no harm, even with a listener',
  async (end) => {
    const result = await runProgram('faults/listeners#end', { args: [tempFile(CONTENT), end] });
    expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
  },
);

whereFilesAreCut.test(
  'an error thrown by a listener is an uncaught exception, and the other listeners are called',
  async () => {
    const said = await inChild('faults/listeners#throwing');
    expect(said).toEqual([['of the listener', 'uncaughtException'], [fault(0)]]);
  },
);

whereFilesAreCut.test(
  'an error thrown by a listener ends the process like any uncaught exception',
  async () => {
    const result = await runProgram('faults/listeners#throwingUncaught', {
      args: [tempFile(CONTENT)],
    });
    expect(result).toMatchObject({ code: 1, signal: null });
    expect(result.stderr).toContain('of the listener');
  },
);

whereFilesAreCut.test('a listener does not keep a dropped file alive', async () => {
  const said = await inChild('faults/listeners#dropped');
  expect(said).toEqual([true, false]);
});

test('listeners that come and go leave nothing behind', async () => {
  const said = await inChild('faults/listeners#comeAndGo');
  expect(said).toEqual(['nothing']);
});

test('a listener that is not a function, and a closed file, are refused', () => {
  const file = MmapFile.memory('memory', 'abc');
  expectArgumentError(() => file.onFault('listener' as never), 'listener');
  file.close();
  expect(thrown(() => file.onFault(() => {})).name).toBe('MmapClosedError');
});
