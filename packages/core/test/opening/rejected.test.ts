import * as fs from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MmapFile } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { BELOW_FILE, isWindows, whereLimits, wherePermissions } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { pattern, snapshot, tempDir, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

describe('a rejected open', () => {
  const bad: [string, object][] = [
    ['an offset past the end', { offset: 10_001 }],
    ['numbers that overflow', { offset: 2 ** 53 - 1, length: 2 ** 53 - 1 }],
    ['an offset past the new end', { truncate: true, maxSize: 100, offset: 101 }],
    ['an offset past the grown end', { minSize: 10_500, offset: 10_501 }],
    ['an offset in the part that truncate cuts off', { truncate: true, offset: 1 }],
    ['a length past the end', { length: 10_001 }],
    ['a length past the new end', { truncate: true, maxSize: 100, offset: 50, length: 51 }],
    ['a length past the grown end', { minSize: 10_500, length: 10_501 }],
    ['a length in the part that truncate cuts off', { truncate: true, length: 1 }],
    ['a size that no file has', { minSize: 2 ** 53 - 1 }],
    ['that size, truncated', { maxSize: 2 ** 53 - 1, truncate: true }],
    ['that size, allocated', { minSize: 2 ** 53 - 1, allocate: true }],
    ['a fraction', { maxSize: 5.5 }],
    ['a fraction as another size', { minSize: 5.5 }],
    ['a negative size, after options that destroy', { truncate: true, create: true, maxSize: -1 }],
    ['an unknown option, after options that destroy', { truncate: true, maxSize: 5, trunkate: 1 }],
    ['a wrong type', { truncate: 'yes', maxSize: 5 }],
    ...(isWindows
      ? []
      : [['an option for Windows', { truncate: true, accessMode: 1 }] satisfies [string, object]]),
  ];

  test.each(bad)(
    'with %s leaves an existing file unchanged, and creates none',
    async (_name, options) => {
      const path = tempFile(CONTENT);
      const before = snapshot(path);
      const said = await hearProgram('opening/rejected#badOptions', { args: [path, options] });
      expect(said.pop()).toBe(0);
      expect(said.length).toBeGreaterThanOrEqual(4);
      for (const error of said)
        expect(error).toMatchObject({ name: expect.stringMatching(/^(Mmap\w*|Type)Error$/) });
      expect(snapshot(path)).toEqual(before);
      expect(fs.existsSync(`${path}.new`)).toBe(false);
    },
  );

  whereLimits.test(
    'leaves no file even while it uses the last descriptors of the process',
    async () => {
      const path = tempFile();
      const said = await hearProgram('opening/rejected#lastDescriptors', {
        args: [path],
        through: ['prlimit', '--nofile=60'],
      });
      expect(said).toEqual(['MmapRangeError', false, true]);
    },
  );
});

test('writeToNewFile that is rejected creates no file, and leaves an existing one unchanged', async () => {
  const path = tempFile(CONTENT);
  const before = snapshot(path);
  using file = MmapFile.open(path);
  expect(thrown(() => file.writeToNewFile(path))).toMatchObject({
    code: 'EEXIST',
    syscall: 'open',
    path,
    dest: path,
  });
  expect(thrown(() => file.writeToNewFile(`${path}/below`))).toMatchObject({ code: BELOW_FILE });
  expect(thrown(() => file.writeToNewFile(`${path}.new`, 1, 10_000))).toMatchObject({
    argument: 'length',
  });
  file.close();
  expect(thrown(() => file.writeToNewFile(`${path}.new`))).toMatchObject({
    code: 'ERR_MMAP_CLOSED',
  });
  expect(snapshot(path)).toEqual(before);
  expect(fs.existsSync(`${path}.new`)).toBe(false);
});

wherePermissions.describe('without permission', () => {
  const through =
    process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];

  test('opening a file throws EACCES and leaves it unchanged', async () => {
    const path = tempFile(CONTENT);
    fs.chmodSync(path, 0o000);
    const before = fs.lstatSync(path, { bigint: true });
    const errors = await hearProgram('opening/rejected#notReadable', { args: [path], through });
    expect(errors).toHaveLength(6);
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'EACCES',
        syscall: 'open',
        path,
        errno: -constants.errno.EACCES,
      });
    }
    expect(fs.lstatSync(path, { bigint: true })).toMatchObject({
      size: before.size,
      mtimeNs: before.mtimeNs,
      ctimeNs: before.ctimeNs,
    });
  });

  test('to write it, a file can still be read and copied on write', async () => {
    const path = tempFile(CONTENT);
    fs.chmodSync(path, 0o444);
    const before = snapshot(path);
    const said = await hearProgram('opening/rejected#readOnly', {
      args: [path],
      through,
    });
    expect(said).toEqual([CONTENT[9], 255, 'EACCES', 'EACCES']);
    expect(snapshot(path)).toEqual(before);
  });

  test('no file is created in a directory', async () => {
    const directory = tempDir();
    fs.chmodSync(directory, 0o555);
    const path = join(directory, 'new');
    const errors = await hearProgram('opening/rejected#notWritableDirectory', {
      args: [path],
      through,
    });
    for (const error of errors) expect(error).toMatchObject({ code: 'EACCES', syscall: 'open' });
    expect(fs.readdirSync(directory)).toEqual([]);
  });
});
