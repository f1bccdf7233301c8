import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { whereCallsAreTraced } from '../helpers/platform.js';
import { preloading } from '../helpers/preload.js';
import { hearProgram } from '../helpers/program.js';
import { onTmpfs, strace } from '../helpers/strace.js';
import { pattern, tempDir, tempFile } from '../helpers/temp.js';

const { describe, test } = whereCallsAreTraced;

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);

const POISONED = {
  isPoisoned: true,
  length: 0,
  isEmpty: true,
  isClosed: false,
  lockState: 'exclusive',
  asBuffer: 0,
  copyBytes: 0,
  read: 0,
  indexOf: -1,
  reader: 0,
};

/** What is reported about each poisoned file: its state, its errors, and that it can still be locked. */
const FOUND = [
  expect.objectContaining(POISONED),
  'MmapPoisonedError',
  ['MmapPoisonedError', true, 'exclusive'],
  [true, 'exclusive'],
];

describe('a flush that fails', () => {
  const flushes = {
    flush: 'msync',
    'flush of a part': 'msync',
    'flush of a writer': 'msync',
    startFlush: 'sync_file_range',
  };

  test.each(Object.entries(flushes))('in %s poisons the file', async (flush, syscall) => {
    const path = tempFile(CONTENT);
    const { through } = strace(syscall, [`${syscall}:error=EIO:when=1`]);
    const said = await hearProgram('durability/poison#flush', { args: [path, flush], through });
    expect(said).toEqual([
      expect.objectContaining({ name: 'MmapError', code: 'EIO', errno: -5, syscall, path }),
      ...FOUND,
      ['MmapPoisonedError', 'MmapPoisonedError'],
      ...Array(3).fill('MmapPoisonedError'),
      'written',
      [true, 'none'],
    ]);
    expect(fs.readFileSync(path, 'latin1').startsWith('written')).toBe(true);
  });

  test('leaves remove working', async () => {
    const path = tempFile(CONTENT);
    const { through } = strace('msync', ['msync:error=EIO:when=1']);
    const said = await hearProgram('durability/poison#flushAndRemove', { args: [path], through });
    expect(said).toEqual(['EIO', [true, false]]);
  });

  test('does not poison the next handle on the same file', async () => {
    const path = tempFile(CONTENT);
    const { through } = strace('msync', ['msync:error=EIO:when=1']);
    const said = await hearProgram('durability/poison#flushAndOpenAgain', {
      args: [path],
      through,
    });
    expect(said).toEqual(['EIO', [false, CONTENT.length]]);
  });
});

/** The size that a file is first resized to, which leaves it a larger reservation, and the next one. */
const RESIZES = {
  'shrinking within a page': [CONTENT.length, CONTENT.length - 10],
  'shrinking by pages': [CONTENT.length, PAGE + 1],
  'shrinking to 0': [CONTENT.length, 0],
  'growing within the last page': [PAGE + 1, PAGE + 100],
  'growing within the reservation': [PAGE + 1, 2 * PAGE + 1],
  'growing beyond the reservation': [CONTENT.length, 100 * PAGE],
  'growing from 0': [0, 2 * PAGE],
} as const;

const resizes = Object.entries(RESIZES).map(([name, [first, second]]) => ({
  name,
  args: (path: string): unknown[] => [path, first, second],
  content: first === 0 ? Buffer.alloc(0) : CONTENT,
  /** Which call of its kind belongs to the second truncate, when each truncate makes one. */
  when: first === CONTENT.length || first === 0 ? 1 : 2,
  second,
}));

const isUsable = ([, first]: unknown[]) => [
  [false, true, true, true, true],
  ...(first === 0 ? [] : [[77, 77]]),
  [true, true],
];

describe.each(resizes)('a truncate, $name,', ({ args, content, when, second }) => {
  test('whose ftruncate fails leaves the file unchanged and usable', async () => {
    const path = tempFile(content);
    const { through } = strace('ftruncate', [`ftruncate:error=EIO:when=${when}`], path);
    const said = await hearProgram('durability/poison#truncateUsable', {
      args: args(path),
      through,
    });
    expect(said).toEqual([{ code: 'EIO', syscall: 'ftruncate', path }, ...isUsable(args(path))]);
  });

  test('whose fsync fails after the ftruncate poisons the file', async () => {
    const path = tempFile(content);
    const { through } = strace('fsync', [`fsync:error=EIO:when=${when}`], path);
    const said = await hearProgram('durability/poison#truncatePoisoned', {
      args: args(path),
      through,
    });
    expect(said).toEqual([{ code: 'EIO', syscall: 'fsync', path }, ...FOUND, args(path)[1]]);
    expect(said[1]).toMatchObject({ size: second });
  });

  test('whose fsync fails after the ftruncate leaves remove working', async () => {
    const path = tempFile(content);
    const { through } = strace('fsync', [`fsync:error=EIO:when=${when}`], path);
    const said = await hearProgram('durability/poison#truncateAndRemove', {
      args: args(path),
      through,
    });
    expect(said).toEqual([{ code: 'EIO', syscall: 'fsync', path }, [true, false]]);
  });
});

describe('memory that cannot be mapped', () => {
  test.each(resizes.filter(({ name }) => /beyond|from 0/.test(name)))(
    'before the file was changed, $name, leaves it usable',
    async ({ args, content, name }) => {
      const path = tempFile(content);
      // The first mapping is that of the open, if there is anything to map.
      const when = content.length === 0 ? 1 : 2;
      const { through } = strace('mmap', [`mmap:error=ENOMEM:when=${when}`], path);
      const said = await hearProgram('durability/poison#truncateUsable', {
        args: args(path),
        through,
      });
      expect(said, name).toEqual([
        { code: 'ENOMEM', syscall: 'mmap', path },
        ...isUsable(args(path)),
      ]);
    },
  );

  test.each([
    // A file that has shrunk grows in its own window, where the new pages are mapped last.
    ['after the file has grown', ['mmap:error=ENOMEM:when=2'], PAGE + 1, 2 * PAGE + 1],
    [
      'after the file could not be shrunk',
      ['ftruncate:error=EIO:when=1', 'mmap:error=ENOMEM:when=2'],
      CONTENT.length,
      PAGE,
    ],
  ] as const)('%s poisons it', async (_, fail, first, second) => {
    const path = tempFile(CONTENT);
    const { through } = strace('mmap,ftruncate', [...fail], path);
    const said = await hearProgram('durability/poison#truncatePoisoned', {
      args: [path, first, second],
      through,
    });
    expect(said).toEqual([expect.objectContaining({ path }), ...FOUND, first]);
    expect(said[0]).toMatchObject({ code: expect.stringMatching(/^(ENOMEM|EIO)$/) });
  });

  test('in place of removed pages leaves the file unchanged: no view outlives its pages', async () => {
    const directory = tempDir();
    const path = tempFile(CONTENT);
    const flag = join(directory, 'flag');
    const said = await hearProgram('durability/poison#truncateWithoutFiller', {
      args: [path, CONTENT.length, PAGE, flag],
      through: preloading('no-filler.c', { FMMAP_NO_FILLER: flag }),
    });
    expect(said).toEqual([
      { code: 'ENOMEM', syscall: 'mmap', path },
      ...isUsable([path, CONTENT.length]),
    ]);
  });
});

test('a freeze whose mprotect fails leaves the file writable', async () => {
  const directory = tempDir();
  const path = join(directory, 'file.bin');
  const said = await hearProgram('durability/poison#freeze', {
    args: [path],
    through: onTmpfs(directory, 'size=1m,noexec'),
  });
  expect(said).toEqual([
    { code: 'EACCES', syscall: 'mprotect', isExec: false, isPoisoned: false, isClosed: false },
    'CONTent',
    ['CONTent', true, false],
  ]);
});
