import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { faultError, inPages } from '../helpers/faults.js';
import { makeDisk } from '../helpers/file-systems.js';
import { canMount } from '../helpers/mounting.js';
import { whereMounts } from '../helpers/platform.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { onTmpfs } from '../helpers/strace.js';
import { tempDir } from '../helpers/temp.js';

const PAGE = 4096;
/** The number of pages that there is room for. */
const ROOM = 64;
const SIZE = 2 * ROOM * PAGE;

/** Small disks; the program works on `file.bin` in `directory`. */
const DISKS = {
  tmpfs: () => {
    const directory = tempDir();
    return { directory, through: onTmpfs(directory, 'size=1m') };
  },
  ext4: () => ({ directory: makeDisk('ext4', 8 << 20).directory, through: [] }),
};
const AS_IT_WAS = [10 * PAGE, true, true];

const noSpace = (path: string) =>
  expect.objectContaining({
    name: 'MmapError',
    code: 'ENOSPC',
    errno: -28,
    syscall: 'posix_fallocate',
    path,
    message: expect.stringContaining(path),
  });

describe.each(['tmpfs', 'ext4'] as const)('on a full disk, %s,', (type) => {
  const when = type === 'tmpfs' ? whereMounts.test : test.runIf(canMount('mount', 'mkfs.ext4'));

  /** Runs a program with a disk of its own. */
  async function hearOf(
    program: string,
    ...args: unknown[]
  ): Promise<{ said: unknown[]; path: string }> {
    const { directory, through } = DISKS[type]();
    const said = await hearProgram(program, { args: [directory, ...args], through });
    return { said, path: join(directory, 'file.bin') };
  }

  /** ext4 may find a few blocks that its own bookkeeping had held; tmpfs is exact. */
  function expectEnd(offset: number): void {
    const slack = type === 'tmpfs' ? 0 : 4;
    expect(Math.abs(offset / PAGE - ROOM)).toBeLessThanOrEqual(slack);
  }

  when.each(namesIn('disks/full#STORES'))(
    'a store faults where the space ends: %s',
    async (store) => {
      const { said, path } = await hearOf('disks/full#store', store);
      const [at] = said.splice(0, 1) as [number];
      expectEnd(at);
      expect(said.splice(0, 9)).toEqual(Array(9).fill(faultError('no-space', inPages(at), path)));
      expect(said).toEqual([
        [true, SIZE],
        [true, true, SIZE],
        [false, true, true],
      ]);
    },
  );

  when.each(namesIn('disks/full#FLOODS'))('a flood of stores faults: %s', async (flood) => {
    const { said, path } = await hearOf('disks/full#flood', flood);
    const [error, later, stored, isBack] = said as [unknown, unknown, number, unknown];
    expect(error).toEqual(faultError('no-space', inPages(0, SIZE - 1), path));
    expect([later, isBack]).toEqual([error, true]);
    expectEnd(stored); // everything there was room for, wherever it lies in the file
  });

  when.each([
    ['readable', 'MmapFile.open'],
    ['writable', 'MmapFileMut.openExisting'],
    ['private', 'MmapFileMut.openCow'],
  ])('a load from a hole of a %s file never ends the process', async (_, open) => {
    const { said, path } = await hearOf('disks/full#loadFromHole', open);
    // Reading a hole takes memory, which is what tmpfs is made of.
    const found = type === 'tmpfs' ? faultError('no-space', 5, path) : 'no error';
    expect(said).toEqual([found, [0, 1]]);
  });

  when('reading into a view stops where the space ends', async () => {
    const { said, path } = await hearOf('disks/full#readIntoView');
    const [[, read]] = said as [[string, number]];
    expectEnd(read);
    expect(said).toEqual([['EFAULT', read], faultError('no-space', read, path)]);
  });

  when.each([
    ['create', 'MmapFileMut.create', { maxSize: SIZE }],
    ['open', 'MmapFileMut.open', { maxSize: SIZE }],
  ])('%s with "allocate" throws ENOSPC and leaves no new file', async (_, open, options) => {
    const { said, path } = await hearOf('disks/full#allocateNew', open, options);
    expect(said).toEqual([noSpace(path), false, 0]);
  });

  when.each([
    ['open', 'MmapFileMut.open', { minSize: SIZE }],
    ['open from an offset on', 'MmapFileMut.open', { minSize: SIZE, offset: 5000 }],
    ['openExisting', 'MmapFileMut.openExisting', { minSize: SIZE }],
    ['open with "truncate"', 'MmapFileMut.open', { maxSize: SIZE, truncate: true }],
  ])('%s with "allocate" throws ENOSPC and leaves the file unchanged', async (_, open, options) => {
    const { said, path } = await hearOf('disks/full#allocate', open, options);
    expect(said).toEqual([noSpace(path), AS_IT_WAS, 'no error']);
  });

  when('truncate with "allocate" throws ENOSPC and leaves the file usable', async () => {
    const { said, path } = await hearOf('disks/full#truncate');
    const error = noSpace(path);
    expect(said).toEqual([
      error,
      error,
      error,
      AS_IT_WAS,
      [false, false, 10 * PAGE, 1, 1],
      [true, SIZE],
    ]);
  });

  when.each([
    ['create', 'MmapFileMut.create', { maxSize: SIZE }],
    ['open of none', 'MmapFileMut.open', { maxSize: SIZE }],
    ['open', 'MmapFileMut.open', { minSize: SIZE }],
    ['open with "truncate"', 'MmapFileMut.open', { maxSize: SIZE, truncate: true }],
    ['truncate', 'MmapFileMut.create', {}],
  ])(
    'after %s with "allocate" before the disk was full, every store succeeds',
    async (how, open, options) => {
      const { said } = await hearOf('disks/full#storeAfterAllocate', how, open, options);
      expect(said).toEqual([[false, true, SIZE]]);
    },
  );
});
