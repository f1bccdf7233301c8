import * as fs from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut, MmapUnsupportedError } from '../../src/index.js';
import { expectBytes } from '../helpers/bytes.js';
import { thrown } from '../helpers/errors.js';
import {
  isWindows,
  whereBlocksAreReserved,
  whereFlagsOfOpen,
  wherePermissions,
} from '../helpers/platform.js';
import { mappingsOf } from '../helpers/process.js';
import { pattern, snapshot, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE + 100);

describe.each([
  ['open', MmapFileMut.open],
  ['openExisting', MmapFileMut.openExisting],
] as const)('MmapFileMut.%s with maxSize', (_name, open) => {
  test.each([0, 1, 100, PAGE, 2 * PAGE + 1, CONTENT.length, CONTENT.length + 1, 1_000_000])(
    'of %i leaves a file that is not empty unchanged',
    (maxSize) => {
      for (const content of [CONTENT, CONTENT.subarray(0, 1)]) {
        const path = tempFile(content);
        const before = snapshot(path);
        using file = open(path, { maxSize });
        expectBytes(file.copyBytes(), content);
        file.close();
        expect(snapshot(path)).toEqual(before);
      }
    },
  );

  test.each([0, 1, PAGE, 1_000_000])('of %i sizes an empty file', (maxSize) => {
    const path = tempFile('');
    using file = open(path, { maxSize });
    expectBytes(file.copyBytes(), Buffer.alloc(maxSize));
    expectBytes(fs.readFileSync(path), Buffer.alloc(maxSize));
  });

  test('and truncate starts from nothing', () => {
    const path = tempFile(CONTENT);
    for (const maxSize of [100, CONTENT.length, 2 * CONTENT.length]) {
      fs.writeFileSync(path, CONTENT);
      using file = open(path, { truncate: true, maxSize });
      expectBytes(file.copyBytes(), Buffer.alloc(maxSize));
      expectBytes(fs.readFileSync(path), Buffer.alloc(maxSize));
    }
  });
});

describe.each([
  ['open', MmapFileMut.open],
  ['openExisting', MmapFileMut.openExisting],
] as const)('MmapFileMut.%s with minSize', (_name, open) => {
  test.each([0, 1, 100, PAGE, 2 * PAGE + 1, CONTENT.length - 1, CONTENT.length])(
    'of %i does not touch a file that is at least as long',
    (minSize) => {
      const path = tempFile(CONTENT);
      const before = snapshot(path);
      using file = open(path, { minSize });
      expectBytes(file.copyBytes(), CONTENT);
      file.close();
      expect(snapshot(path)).toEqual(before);
    },
  );

  test.each([1, 4 * PAGE - CONTENT.length, PAGE, 1_000_000])('grows the file by %i', (more) => {
    const path = tempFile(CONTENT);
    const expected = Buffer.concat([CONTENT, Buffer.alloc(more)]);
    using file = open(path, { minSize: CONTENT.length + more });
    expectBytes(file.copyBytes(), expected);
    expectBytes(fs.readFileSync(path), expected);
    file.writeUInt8(9, expected.length - 1);
    file.close();
    expect(fs.readFileSync(path)[expected.length - 1]).toBe(9);
  });

  test('maps from an offset, or a part, of the grown file', () => {
    const path = tempFile(CONTENT);
    const expected = Buffer.concat([CONTENT, Buffer.alloc(PAGE)]);
    open(path, { minSize: expected.length, offset: CONTENT.length + 10 }).close();
    using part = open(path, {
      minSize: expected.length,
      offset: 2 * PAGE + 50,
      length: PAGE + 100,
    });
    expectBytes(part.copyBytes(), expected.subarray(2 * PAGE + 50, 3 * PAGE + 150));
  });

  test.each([
    [{ minSize: 50 }, 50],
    [{ minSize: 50, maxSize: 20 }, 50],
    [{ minSize: 20, maxSize: 50 }, 50],
  ])('%o gives the size of a new, empty or truncated file', (options, size) => {
    const path = tempFile(CONTENT);
    using truncated = open(path, { ...options, truncate: true });
    using empty = open(tempFile(''), options);
    using made = MmapFileMut.create(tempFile(), options);
    for (const file of [truncated, empty, made]) {
      expectBytes(file.copyBytes(), Buffer.alloc(size));
      expect(file.stat().size).toBe(size);
    }
  });

  whereBlocksAreReserved.test('and allocate reserves the blocks', () => {
    const path = tempFile(CONTENT);
    using file = open(path, { minSize: 1_000_000, allocate: true });
    expect(file.stat().blocks * 512).toBeGreaterThanOrEqual(1_000_000);
    expectBytes(file.copyBytes(0, CONTENT.length), CONTENT);
    expectBytes(file.copyBytes(CONTENT.length), Buffer.alloc(1_000_000 - CONTENT.length));
  });
});

test('a range past the end says how to grow the file only if it can be grown', () => {
  const path = tempFile(CONTENT);
  for (const range of [{ offset: CONTENT.length + 1 }, { length: CONTENT.length + 1 }]) {
    for (const open of [MmapFile.open, MmapFile.openExec, MmapFileMut.openCow]) {
      const { message } = thrown(() => open(path, range));
      expect(message).toMatch(/has 12388 bytes; map less/);
      expect(message).not.toMatch(/minSize|maxSize/);
    }
    for (const open of [MmapFileMut.open, MmapFileMut.openExisting])
      expect(thrown(() => open(path, range)).message).toMatch(
        /map less, or make it longer with minSize/,
      );
  }
});

test('truncate without maxSize leaves an empty file', () => {
  const path = tempFile(CONTENT);
  using file = MmapFileMut.open(path, { truncate: true });
  expect(file.length).toBe(0);
  expect(fs.statSync(path).size).toBe(0);
});

test('truncate: false leaves the content', () => {
  const path = tempFile(CONTENT);
  const before = snapshot(path);
  MmapFileMut.open(path, { truncate: false, createNew: false }).close();
  expect(snapshot(path)).toEqual(before);
});

test('create: false makes open require an existing file', () => {
  const path = tempFile();
  expect(thrown(() => MmapFileMut.open(path, { create: false }))).toMatchObject({ code: 'ENOENT' });
  expect(fs.existsSync(path)).toBe(false);
});

test.each([
  ['createNew', () => MmapFileMut.open(tempFile(), { createNew: true, maxSize: 3 })],
  [
    'createNew, in spite of create: false',
    () => MmapFileMut.open(tempFile(), { createNew: true, create: false, maxSize: 3 }),
  ],
  ['create and truncate', () => MmapFileMut.create(tempFile(), { truncate: true, maxSize: 3 })],
])('%s creates a new file', (_name, open) => {
  using file = open();
  expect(file.stat().size).toBe(3);
});

wherePermissions.describe('mode', () => {
  const umask = process.umask();
  afterEach(() => void process.umask(umask));

  test.each([
    [0o666, 0o022, 0o644],
    [0o600, 0o000, 0o600],
    ['640', 0o000, 0o640],
    ['0777', 0o027, 0o750],
    [0o400, 0o000, 0o400], // it stays open for writing
    [undefined, 0o022, 0o644],
    [undefined, 0o077, 0o600],
  ])('%o under the umask %o gives %o', (mode, mask, expected) => {
    const path = tempFile();
    process.umask(mask);
    using file = MmapFileMut.create(path, { mode, maxSize: 10 });
    expect(file.stat().mode & 0o7777).toBe(expected);
    file.writeUInt8(1, 9);
    file.close();
    expect(fs.readFileSync(path)[9]).toBe(1);
  });

  test('leaves the permissions of an existing file', () => {
    const path = tempFile(CONTENT);
    fs.chmodSync(path, 0o640);
    using file = MmapFileMut.open(path, { mode: 0o777 });
    expect(file.stat().mode & 0o7777).toBe(0o640);
  });
});

test('append opens with O_APPEND, and stores land where they belong', () => {
  const path = tempFile(CONTENT);
  using file = MmapFileMut.open(path, { append: true, minSize: CONTENT.length + 10 });
  file.writeAll('start', 0);
  file.writeAll('end', CONTENT.length + 7);
  file.flush();
  file.truncate(CONTENT.length + 20);
  const expected = Buffer.concat([CONTENT, Buffer.alloc(20)]);
  expected.write('start');
  expected.write('end', CONTENT.length + 7);
  expectBytes(fs.readFileSync(path), expected);
});

whereFlagsOfOpen.test('customFlags reach open(2)', () => {
  const path = tempFile(CONTENT);
  const { O_NOFOLLOW, O_DIRECTORY } = fs.constants;
  fs.symlinkSync(path, `${path}.link`);
  using file = MmapFile.open(`${path}.link`);
  expectBytes(file.copyBytes(), CONTENT);
  using direct = MmapFile.open(path, { customFlags: O_NOFOLLOW });
  expectBytes(direct.copyBytes(), CONTENT);
  expect(thrown(() => MmapFile.open(`${path}.link`, { customFlags: O_NOFOLLOW }))).toMatchObject({
    code: 'ELOOP',
  });
  expect(thrown(() => MmapFile.open(path, { customFlags: O_DIRECTORY }))).toMatchObject({
    code: 'ENOTDIR',
  });
});

test.each(['O_TRUNC', 'O_CREAT', 'O_EXCL', 'O_WRONLY', 'O_RDWR'] as const)(
  'customFlags cannot smuggle %s past the lock and the checks',
  (flag) => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    using _holder = MmapFile.open(path);
    for (const open of [MmapFile.open, MmapFileMut.openCow, MmapFileMut.openExisting]) {
      const customFlags = fs.constants[flag];
      expect(thrown(() => open(path, { customFlags }))).toMatchObject({ argument: 'customFlags' });
      expect(thrown(() => open(`${path}.new`, { customFlags }))).toMatchObject({
        argument: 'customFlags',
      });
    }
    expect(fs.existsSync(`${path}.new`)).toBe(false);
    expect(snapshot(path)).toEqual(before);
  },
);

describe.each([
  ['MmapFile.open', MmapFile.open],
  ['MmapFile.openExec', MmapFile.openExec],
  ['MmapFileMut.openCow', MmapFileMut.openCow],
  ['MmapFileMut.open', MmapFileMut.open],
] as const)('%s takes a hint', (_name, open) => {
  const LARGE = pattern(64 * PAGE);

  /** How many bytes of the file this process has mapped; on Windows that is what residency() tells. */
  const residentBytes = (file: MmapFile) =>
    isWindows
      ? PAGE * file.residency().filter((page) => page === 1).length
      : mappingsOf(file.path).reduce((sum, { resident }) => sum + resident, 0);

  test('populate: every page is mapped before the first access', () => {
    const path = tempFile(LARGE);
    using plain = open(path);
    expect(residentBytes(plain)).toBe(0);
    plain.close();
    using file = open(path, { populate: true, offset: 5 });
    expect(residentBytes(file)).toBe(LARGE.length);
    expectBytes(file.copyBytes(), LARGE.subarray(5));
  });

  test('stack: works as without it', () => {
    using file = open(tempFile(CONTENT), { stack: true });
    expectBytes(file.copyBytes(), CONTENT);
  });

  test('noReserve: private pages reserve no swap', () => {
    const path = tempFile(CONTENT);
    using file = open(path, { noReserve: true });
    expectBytes(file.copyBytes(), CONTENT);
    if (file.isCow && !isWindows)
      expect(mappingsOf(path)).toMatchObject([{ flags: expect.arrayContaining(['nr']) }]);
  });

  test('hugePages: the kernel is advised, or the error says that there are none', () => {
    const path = tempFile(CONTENT);
    if (isWindows || !fs.existsSync('/sys/kernel/mm/transparent_hugepage')) {
      const error = thrown(() => open(path, { hugePages: true }));
      expect(error).toBeInstanceOf(MmapUnsupportedError);
      expect(error.message).toContain('hugePages');
      return;
    }
    using file = open(path, { hugePages: true });
    expect(mappingsOf(path)).toMatchObject([{ flags: expect.arrayContaining(['hg']) }]);
    expectBytes(file.copyBytes(), CONTENT);
  });

  test('or several, as false: no effect', () => {
    using file = open(tempFile(CONTENT), {
      populate: false,
      stack: false,
      hugePages: false,
      noReserve: false,
      detachOnClose: false,
      read: true,
      customFlags: 0,
    });
    expectBytes(file.copyBytes(), CONTENT);
  });
});

test.each([['populate'], ['stack'], ['noReserve'], ['detachOnClose']] as const)(
  'MmapFileMut.anonymous takes %s',
  (option) => {
    using file = MmapFileMut.anonymous(3 * PAGE, { [option]: true });
    file.writeUInt8(1, 3 * PAGE - 1);
    expect(file.asBuffer()[3 * PAGE - 1]).toBe(1);
  },
);
