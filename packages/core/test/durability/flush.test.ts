import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { MmapError, syncDirectory, syncParentDirectory } from '../../src/index.js';
import { errnoOf, expectArgumentError, thrown } from '../helpers/errors.js';
import { whereCallsAreTraced, whereNamesAreBytes } from '../helpers/platform.js';
import { countDescriptors } from '../helpers/process.js';
import { hearProgram, type ProgramOptions } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern, tempDir, tempFile } from '../helpers/temp.js';

const PAGE = 4096;

/** What a program says, and the system calls it makes, with descriptors as paths. */
async function traced(calls: string, program: string, options: ProgramOptions) {
  const trace = strace(calls);
  const said = await hearProgram(program, { ...options, through: trace.through });
  return { said, made: trace.calls() };
}

whereCallsAreTraced.describe('flush', () => {
  /** Flushes a file that is mapped from `offset`. */
  const flushing = (path: string, offset: number, how: string) =>
    traced('msync,sync_file_range', 'durability/flush#flush', { args: [path, offset, how] });

  test.each([
    ['flush(PAGE + 10, 20)', 0, 1, 1],
    ['flush(PAGE - 1, 2)', 0, 0, 2],
    ['flush(2 * PAGE, PAGE)', 0, 2, 1],
    ['flush(PAGE - 100, 1)', 100, 1, 1],
    ['flush(0, PAGE - 100)', 100, 0, 1],
    ['flush(5 * PAGE)', 3 * PAGE + 1, 8, 2],
    ['flush()', 100, 0, 10],
  ])(
    '%s of a file mapped from %i writes the pages it touches',
    async (call, offset, page, count) => {
      const path = tempFile(pattern(10 * PAGE));
      const { said, made } = await flushing(path, offset, call);
      const [, address = '', length] =
        /^msync\((0x[0-9a-f]+), (\d+), MS_SYNC\) = 0$/.exec(made.join('\n')) ?? [];
      const [, start, from] =
        /^([0-9a-f]+)-[0-9a-f]+ rw-s ([0-9a-f]+) /.exec(String(said[0])) ?? [];
      expect(Number(length)).toBe(count * PAGE);
      const inFile = BigInt(address) - BigInt(`0x${start}`) + BigInt(`0x${from}`);
      expect(Number(inFile)).toBe(page * PAGE);
    },
  );

  test('does not wait when it is only started, and passes on the exact range', async () => {
    const path = tempFile(pattern(10 * PAGE));
    const { made } = await flushing(path, 100, 'startFlush');
    expect(made).toEqual([
      expect.stringMatching(
        /^sync_file_range\(\d+<.*file.bin>, 5100, 10, SYNC_FILE_RANGE_WRITE\) = 0$/,
      ),
      expect.stringMatching(
        /^sync_file_range\(\d+<.*file.bin>, 100, 40860, SYNC_FILE_RANGE_WRITE\) = 0$/,
      ),
    ]);
  });

  test('makes no system call where there is nothing to write', async () => {
    const path = tempFile(pattern(10 * PAGE));
    expect((await flushing(path, 0, 'nothing')).made).toEqual([]);
    expect((await flushing(path, 0, 'no file')).made).toEqual([]);
  });

  test('of a writer covers the pages it wrote', async () => {
    const path = tempFile(pattern(10 * PAGE));
    expect((await flushing(path, 0, 'writer')).made).toEqual([
      expect.stringMatching(/^msync\(0x[0-9a-f]+000, 4096, MS_SYNC\) = 0$/),
    ]);
  });
});

describe('syncing directories', () => {
  const synced = async (program: string, args: string[], cwd: string) => {
    const { made } = await traced('fsync', program, { args, cwd });
    return made.map((line) => /^fsync\(\d+<(.*)>\) = 0$/.exec(line)?.[1]);
  };

  whereCallsAreTraced.test('syncs the directory itself, given in any form', async () => {
    const directory = fs.realpathSync(tempDir());
    const args = [directory, pathToFileURL(directory).href];
    const found = await synced('durability/flush#syncDirectory', args, directory);
    expect(found).toEqual([directory, directory, directory, directory]);
  });

  whereCallsAreTraced.test('syncs the parent directory of a path that need not exist', async () => {
    const directory = fs.realpathSync(tempDir());
    fs.mkdirSync(join(directory, 'a'));
    const paths = [
      join(directory, 'x'),
      join(directory, 'a/x'),
      join(directory, 'a'),
      join(directory, 'a/'),
      join(directory, 'a///x//'),
      'x',
      'a/x',
      './x',
      '/x',
      '/',
    ];
    const program = 'durability/flush#syncParentDirectory';
    const names = ['', 'a', '', '', 'a', '', 'a', ''].map((name) => join(directory, name));
    expect(await synced(program, paths, directory)).toEqual([
      ...names.map((name) => name.replace(/\/$/, '')),
      '/',
      '/',
    ]);
  });

  whereNamesAreBytes.test('takes a name that is not valid UTF-8 as bytes', () => {
    const directory = Buffer.concat([Buffer.from(tempDir()), Buffer.from([0x2f, 0xff, 0xfe])]);
    fs.mkdirSync(directory);
    syncDirectory(directory);
    syncParentDirectory(Buffer.concat([directory, Buffer.from([0x2f, 0xfd])]));
  });

  test('throws the error of the system, and leaks no descriptor', () => {
    const file = tempFile('a file');
    const missing = join(dirname(file), 'missing');
    const before = countDescriptors();
    const cases = [
      [() => syncDirectory(missing), 'ENOENT', missing],
      [() => syncDirectory(file), 'ENOTDIR', file],
      [() => syncDirectory(''), 'ENOENT', undefined],
      [() => syncParentDirectory(join(missing, 'x')), 'ENOENT', missing],
      [() => syncParentDirectory(join(file, 'x')), 'ENOTDIR', file],
    ] as const;
    for (const [call, code, path] of cases) {
      const error = thrown(call);
      expect(error).toBeInstanceOf(MmapError);
      expect(error).toMatchObject({ code, errno: errnoOf(code), syscall: 'open' });
      if (path !== undefined) expect(error).toMatchObject({ path });
    }
    for (const path of [1, null, undefined, {}, 'a\0b', new URL('https://example.com/')]) {
      expect(() => syncDirectory(path as never)).toThrow(TypeError);
      expect(() => syncParentDirectory(path as never)).toThrow(TypeError);
    }
    expectArgumentError(() => syncDirectory(5 as never), 'path');
    expect(countDescriptors()).toBe(before);
  });
});
