import * as fs from 'node:fs';
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { whereAreasAreLimited, whereLimits } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { pattern, snapshot, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

/** How the child's `caught` reports a system error. */
function systemError(code: 'EMFILE' | 'ENOMEM' | 'EFBIG', syscall: unknown, path?: string) {
  return {
    name: 'MmapError',
    code,
    errno: -constants.errno[code],
    syscall,
    message: expect.stringMatching(new RegExp(`^${code}: `)),
    ...(path === undefined ? {} : { path }),
  };
}

whereLimits.describe('without a descriptor left (EMFILE)', () => {
  test('every constructor throws, leaves the file unchanged, and works again once there is one', async () => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const said = await hearProgram('limits/limits#noDescriptor', {
      args: [path],
      through: ['prlimit', '--nofile=60'],
    });
    const [fewer, free, freeAfter] = said.splice(-3) as [number, number, number];
    expect(fewer).toBeGreaterThan(10);
    expect(freeAfter).toBe(free); // none leaked
    expect(said).toHaveLength(7);
    for (const error of said.slice(0, -1)) {
      expect(error).toEqual(systemError('EMFILE', 'open', path));
    }
    expect(said.at(-1)).toEqual(systemError('EMFILE', 'open', `${path}.new`));
    expect(snapshot(path)).toEqual(before);
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  });

  test('an open file keeps working; memory and removal throw and can be retried', async () => {
    const path = tempFile(CONTENT);
    const said = await hearProgram('limits/limits#noDescriptorForOpen', {
      args: [path],
      through: ['prlimit', '--nofile=60'],
    });
    expect(said).toEqual([
      systemError('EMFILE', 'memfd_create', 'memory'),
      { ...systemError('EMFILE', 'open', path), dest: undefined },
      systemError('EMFILE', 'open', path),
      [20_000, 5, false, false],
      true,
    ]);
    expect(fs.existsSync(path)).toBe(false);
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  });
});

whereLimits.describe('without address space left (ENOMEM)', () => {
  const through = ['prlimit', `--as=${16 * 2 ** 30}`];

  test('every constructor throws, leaves the file unchanged, and leaks nothing', async () => {
    const path = tempFile(CONTENT);
    fs.truncateSync(path, 64 * 2 ** 30);
    const { mtimeNs, blocks } = fs.statSync(path, { bigint: true });
    const said = await hearProgram('limits/limits#noAddresses', { args: [path], through });
    expect(said.splice(-2)).toEqual([0, false]);
    const anonymous = said.pop();
    expect(anonymous).toMatchObject({ code: 'ENOMEM', syscall: 'mmap' });
    expect(said.pop()).toEqual(systemError('ENOMEM', 'mmap', `${path}.new`));
    expect(said).toHaveLength(5);
    for (const error of said) expect(error).toEqual(systemError('ENOMEM', 'mmap', path));
    expect(fs.statSync(path, { bigint: true })).toMatchObject({ mtimeNs, blocks });
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  });

  test('a file that cannot be mapped at a larger size keeps its size', async () => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const said = await hearProgram('limits/limits#notLarger', { args: [path], through });
    expect(said.pop()).toEqual([10_000, false, false, CONTENT[9999]]);
    expect(said).toHaveLength(3);
    for (const error of said) expect(error).toEqual(systemError('ENOMEM', 'mmap', path));
    expect(snapshot(path)).toEqual(before);
  });

  test('opening until there is none throws in the end, and closing returns all of it', async () => {
    const path = tempFile(CONTENT);
    fs.truncateSync(path, 2 ** 30);
    const [opened, error, again] = (await hearProgram('limits/limits#openUntilNone', {
      args: [path],
      through,
    })) as [number, unknown, number];
    expect(error).toEqual(systemError('ENOMEM', 'mmap', path));
    expect(opened).toBeGreaterThan(5);
    expect(again).toBeGreaterThanOrEqual(opened - 1);
  });
});

whereAreasAreLimited.test(
  'more mappings than the kernel allows throw ENOMEM and do not end the process',
  async () => {
    const path = tempFile(CONTENT);
    const said = await hearProgram('limits/limits#tooManyMappings', { args: [path] });
    expect([
      ['ENOMEM', CONTENT[5]],
      ['all went well', CONTENT[5]],
    ]).toContainEqual(said[0]);
  },
);

whereLimits.describe('beyond the largest allowed file (EFBIG)', () => {
  const through = ['prlimit', '--fsize=65536'];

  test('opening throws, leaves an existing file unchanged, and creates none', async () => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const said = await hearProgram('limits/limits#tooLarge', { args: [path], through });
    expect(said.pop()).toBe(0);
    expect(said).toHaveLength(6);
    for (const [index, error] of said.entries()) {
      expect(error).toEqual(systemError('EFBIG', 'ftruncate', index < 4 ? path : `${path}.new`));
    }
    expect(snapshot(path)).toEqual(before);
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  });

  test('allocating throws, and undoes what it has begun', async () => {
    const path = tempFile(CONTENT);
    const said = await hearProgram('limits/limits#tooLargeToAllocate', { args: [path], through });
    expect(said.pop()).toEqual([10_000, false]);
    expect(said).toHaveLength(4);
    for (const error of said) expect(error).toMatchObject(systemError('EFBIG', expect.any(String)));
    expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  });

  test('truncate throws and leaves the mapping fully usable', async () => {
    const path = tempFile(CONTENT);
    const said = await hearProgram('limits/limits#truncateTooLarge', { args: [path], through });
    const error = systemError('EFBIG', 'ftruncate', path);
    expect(said).toEqual([error, error, [10_000, false, false, 77, CONTENT[9999], 10_000], 65_536]);
  });

  test('making room for a stream throws, and leaves no blocks that it has reserved', async () => {
    const path = tempFile(CONTENT);
    const before = fs.statSync(path).blocks;
    const said = await hearProgram('limits/limits#noRoom', { args: [path], through });
    expect(said).toEqual([false]);
    expect(fs.statSync(path).blocks).toBe(before);
  });

  test('writeToNewFile throws and leaves no partial copy', async () => {
    const path = tempFile(pattern(100_000));
    const [error] = await hearProgram('limits/limits#copyTooLarge', { args: [path], through });
    expect(error).toMatchObject(systemError('EFBIG', expect.any(String), path));
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  });
});
