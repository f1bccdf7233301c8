import { expect } from 'vitest';
import { faultError } from '../helpers/faults.js';
import { whereFilesAreCut } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern, tempFile } from '../helpers/temp.js';

const { describe, test } = whereFilesAreCut;

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);
describe.each(['MmapFileMut.openExisting', 'MmapFile.open'])('%s with attached threads', (open) => {
  test.each(['owner', 'thread'])('recovers for all when one reopens it: %s', async (who) => {
    const said = await hearProgram('faults/recovery-threads#allRecover', {
      args: [tempFile(CONTENT), open, who],
    });
    const one = [
      [1, 'MmapFaultError', true, true, true],
      [true, true, true],
    ];
    const lock = open === 'MmapFile.open' ? 'shared' : 'exclusive';
    expect(said).toEqual([...Array(4).fill(one).flat(), lock]);
  });
});

test.each(['MmapFile', 'MmapFileMut'])(
  'a thread may attach with %s.attach just to reopen the file',
  async (type) => {
    const said = await hearProgram('faults/recovery-threads#attachesToReopen', {
      args: [tempFile(CONTENT), type],
    });
    const sizes = [100, 30 * PAGE];
    expect(said).toEqual(
      sizes.flatMap((size) => [
        'MmapFaultError',
        [true, 'MmapFaultError', false, size, true],
        [false, size, 7],
      ]),
    );
  },
);

test('a private copy with attached threads is not reopened until they have closed it', async () => {
  const path = tempFile(CONTENT);
  const said = await hearProgram('faults/recovery-threads#privateCopy', { args: [path] });
  expect(said).toEqual([
    faultError('truncated', 5, path),
    ['MmapUnsupportedError', true],
    ['MmapUnsupportedError', true, false],
    [false, true],
  ]);
});

test('threads that reopen a file all at once, while it is cut and grown, agree in the end', async () => {
  const said = await hearProgram('faults/recovery-threads#allAtOnce', {
    args: [tempFile(CONTENT)],
  });
  const intact = [false, 3 * PAGE, true];
  expect(said).toEqual([[], [...intact, false], ...Array(4).fill([...intact, true])]);
});

test('a file that cannot be mapped again is poisoned and can be closed', async () => {
  const path = tempFile(CONTENT);
  const { through } = strace('mmap', ['mmap:error=ENOMEM:when=2'], path);
  const said = await hearProgram('faults/recovery-threads#notMappedAgain', {
    args: [path],
    through,
  });
  expect(said).toEqual([
    [0, 'ENOMEM'],
    [true, false, 0, 0, 'exclusive'],
    ['MmapPoisonedError', 'MmapPoisonedError'],
  ]);
});

test('a poisoned file cannot be reopened', async () => {
  const path = tempFile(CONTENT);
  const { through } = strace('msync', ['msync:error=EIO:when=1']);
  const said = await hearProgram('faults/recovery-threads#poisoned', { args: [path], through });
  expect(said).toEqual([['EIO', 'MmapPoisonedError', true]]);
});
