import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { makeDisk, mountOver } from '../helpers/file-systems.js';
import { canMount } from '../helpers/mounting.js';
import { isWindows, whereHolesAreCounted, wherePermissions } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern, tempDir, tempFile } from '../helpers/temp.js';

const MIB = 2 ** 20;

wherePermissions.describe(
  'writeToNewFile keeps the permissions of its source, as fs.copyFile does:',
  () => {
    test.each([
      0o600, 0o400, 0o640, 0o644, 0o666, 0o755, 0o700, 0o777, 0o000, 0o1644, 0o2755, 0o4755,
    ])('%o', async (mode) => {
      const path = tempFile(pattern(5000));
      fs.chmodSync(path, mode);
      fs.copyFileSync(path, `${path}.node`);
      const opens = [
        'MmapFile.open',
        'MmapFileMut.openCow',
        ...((mode & 0o200) !== 0 ? ['MmapFileMut.openExisting'] : []),
      ];
      await hearProgram('copying/permissions#copy', { args: [path, opens] });
      const expected = fs.statSync(`${path}.node`).mode;
      for (const index of opens.keys()) {
        expect(fs.statSync(`${path}${index}`).mode.toString(8)).toBe(expected.toString(8));
        expect(fs.statSync(`${path}${index}.part`).mode.toString(8)).toBe(expected.toString(8));
      }
    });

    test('without O_TMPFILE, the file is created with mode 0600', async () => {
      const path = tempFile(pattern(5000));
      fs.chmodSync(path, 0o600);
      const trace = strace('openat,fchmod', ['openat:error=EOPNOTSUPP:when=1'], `${path}.new`);
      await hearProgram('copying/permissions#hidden', {
        args: [path],
        through: trace.through,
      }).catch(() => {});
      for (const call of trace.calls().filter((text) => text.includes('O_CREAT'))) {
        expect(call).toMatch(/, 0600\)/);
      }
    });

    test('memory has none, and its copy gets those that the umask leaves', async () => {
      const path = tempFile();
      await hearProgram('copying/permissions#anonymous', { args: [path] });
      expect(fs.statSync(path).mode & 0o7777).toBe(0o640);
    });

    test('a user other than root can make a read-only copy', async () => {
      const directory = tempDir();
      fs.chmodSync(directory, 0o777);
      const path = join(directory, 'file');
      fs.writeFileSync(path, 'text');
      fs.chmodSync(path, 0o444);
      await hearProgram('copying/permissions#asNobody', { args: [path] });
      expect(fs.readFileSync(`${path}.new`, 'utf8')).toBe('text');
      expect(fs.statSync(`${path}.new`).mode & 0o777).toBe(0o444);
    });
  },
);

/** A GiB with data at its start and in its middle, and before a hole at its end. */
function makeSparse(directory: string): string {
  const path = join(directory, 'sparse');
  const fd = fs.openSync(path, 'w');
  fs.ftruncateSync(fd, 2 ** 30);
  for (const at of [0, 2 ** 29 + 12_345, 2 ** 30 - 100 * MIB])
    fs.writeSync(fd, pattern(10_000), 0, 10_000, at);
  fs.closeSync(fd);
  return path;
}

function expectSameSparse(target: string, source: string, offset = 0): void {
  const [copy, original] = [MmapFile.open(target), MmapFile.open(source, { offset })];
  try {
    expect(copy.length).toBe(original.length);
    for (const at of [0, 2 ** 29 + 12_345, 2 ** 30 - 100 * MIB].map((place) => place - offset)) {
      if (at >= 0)
        expect(copy.copyBytes(at, 10_000).equals(original.copyBytes(at, 10_000))).toBe(true);
    }
    for (let at = 0; at < copy.length; at += 10 * MIB + 4096)
      expect(copy.readUInt8(at)).toBe(original.readUInt8(at));
    expect(copy.readUInt8(copy.length - 1)).toBe(0);
    expect(copy.stat().blocks * 512).toBeLessThan(2 * MIB);
  } finally {
    copy.close();
    original.close();
  }
}

const PLACES: Readonly<Record<string, () => string>> = {
  'the file system of the tests': () => tempDir(),
  ext4: () => makeDisk('ext4', 64 * MIB).directory,
  xfs: () => makeDisk('xfs', 300 * MIB).directory,
  tmpfs: () => {
    const directory = tempDir();
    mountOver(directory, '-t', 'tmpfs', '-o', 'mode=777', 'none');
    return directory;
  },
};

// Not on Windows: nothing can be mounted.
describe
  .runIf(!isWindows && canMount('mount', 'mkfs.ext4', 'mkfs.xfs'))
  .each(Object.entries(PLACES))('a sparse file stays sparse, on %s,', (_, place) => {
  test.each([
    ['MmapFile.open', MmapFile.open],
    ['MmapFileMut.openExisting', MmapFileMut.openExisting],
    ['MmapFileMut.openCow', MmapFileMut.openCow],
  ] as const)('copied by %s', (_name, open) => {
    const path = makeSparse(place());
    using file = open(path, { lock: 'none' });
    file.writeToNewFile(`${path}.copy`);
    expectSameSparse(`${path}.copy`, path);
    file.writeToNewFile(`${path}.part`, 2 ** 28 + 3);
    expectSameSparse(`${path}.part`, path, 2 ** 28 + 3);
  });

  test('copied to another file system', () => {
    const path = makeSparse(place());
    using file = MmapFile.open(path);
    const target = join(tempDir(), 'copy');
    file.writeToNewFile(target);
    expectSameSparse(target, path);
  });

  test('what was stored in its holes, and not flushed, is copied', () => {
    const path = makeSparse(place());
    using file = MmapFileMut.openExisting(path);
    file.writeAll('stored', 300 * MIB);
    file.writeUInt8(9, 2 ** 30 - 1);
    file.writeToNewFile(`${path}.copy`);
    using copy = MmapFile.open(`${path}.copy`);
    expect(copy.copyBytes(300 * MIB, 6).toString()).toBe('stored');
    expect(copy.readUInt8(2 ** 30 - 1)).toBe(9);
    expect(copy.length).toBe(2 ** 30);
  });
});

whereHolesAreCounted.test(
  'memory that is mostly zeroes becomes a file that is mostly holes',
  () => {
    const target = join(tempDir(), 'copy');
    using file = MmapFileMut.anonymous(2 ** 30);
    file.writeAll('stored', 300 * MIB);
    file.writeToNewFile(target);
    using copy = MmapFile.open(target);
    expect(copy.length).toBe(2 ** 30);
    expect(copy.copyBytes(300 * MIB, 6).toString()).toBe('stored');
    expect(copy.stat().blocks * 512).toBeLessThan(2 * MIB);
  },
);

whereHolesAreCounted.test('a file that is all holes is copied as holes', () => {
  const path = tempFile('');
  fs.truncateSync(path, 10 * MIB);
  using file = MmapFile.open(path);
  file.writeToNewFile(`${path}.copy`);
  file.writeToNewFile(`${path}.part`, 5000, 123_456);
  expect(fs.statSync(`${path}.copy`)).toMatchObject({ size: 10 * MIB, blocks: 0 });
  expect(fs.statSync(`${path}.part`)).toMatchObject({ size: 123_456, blocks: 0 });
});
