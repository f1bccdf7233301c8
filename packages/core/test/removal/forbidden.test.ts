import * as fs from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MmapFileMut } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { expectFault } from '../helpers/faults.js';
import { asRoot, makeDisk, mountOver } from '../helpers/file-systems.js';
import { canMount } from '../helpers/mounting.js';
import { wherePermissions } from '../helpers/platform.js';
import { countDescriptors } from '../helpers/process.js';
import { startProgram } from '../helpers/program.js';
import { CONTENT, expectUsable } from '../helpers/removal.js';
import { tempDir } from '../helpers/temp.js';

type Code = 'EACCES' | 'EPERM' | 'EROFS';

/** The error of `remove` where the system forbids it. */
const forbidden = (path: string, code: Code, syscall = 'unlink') => ({
  name: 'MmapError',
  code,
  errno: -constants.errno[code],
  syscall,
  path,
  message: expect.stringMatching(new RegExp(`^${code}: .*, ${syscall} '${path}'`)),
});

/** Expects two attempts to fail in the same way and to leak nothing. */
function expectForbidden(file: MmapFileMut, code: Code): void {
  const descriptors = countDescriptors();
  for (let attempt = 0; attempt < 2; ++attempt) {
    expect(thrown(() => file.remove())).toMatchObject(forbidden(file.path, code));
  }
  expect(countDescriptors()).toBe(descriptors);
  expect(fs.readdirSync(dirname(file.path))).toContain('file.bin');
}

function stateOf({ length, isPoisoned, isFaulted, isClosed, lockState }: MmapFileMut): object {
  return { length, isPoisoned, isFaulted, isClosed, lockState };
}
const INTACT = {
  length: CONTENT.length,
  isPoisoned: false,
  isFaulted: false,
  isClosed: false,
  lockState: 'exclusive',
};

function expectRemoved(file: MmapFileMut): void {
  file.remove();
  expect(file.isClosed).toBe(true);
  expect(fs.readdirSync(dirname(file.path))).not.toContain('file.bin');
}

wherePermissions.describe(
  'a user who may not remove a file gets an error, and may remove it later:',
  () => {
    const isRoot = process.getuid?.() === 0;
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

    const modes: readonly [name: string, mode: number, code: Code, syscall: string][] = [
      ['in a directory that cannot be written', 0o555, 'EACCES', 'unlink'],
      ['in a directory that cannot be entered', 0o666, 'EACCES', 'lstat'],
      ['in a directory that cannot be read, and so not be synced', 0o333, 'EACCES', 'open'],
      ['in a sticky directory, the file of another user', 0o1777, 'EPERM', 'unlink'],
    ];

    test.for(modes)('%s', async ([_, mode, code, syscall], { skip }) => {
      skip(!isRoot && mode === 0o1777, 'they are two users: run them as root');
      const directory = join(tempDir(), 'directory');
      fs.mkdirSync(directory);
      fs.chmodSync(directory, 0o777);
      const path = join(directory, 'file.bin');
      fs.writeFileSync(path, CONTENT);
      fs.chmodSync(path, 0o666);
      const child = startProgram('removal/forbidden#remove', {
        args: [path],
        through: isRoot ? asNobody : [],
      });
      expect(await child.said()).toBe('open');
      fs.chmodSync(directory, mode);
      child.process.stdin.write('remove it\n');
      const error = forbidden(path, code, syscall);
      expect(await child.said()).toEqual(error);
      expect(await child.said()).toEqual(error);
      expect(await child.said()).toEqual([6000, 'exclusive', false, 0]);
      fs.chmodSync(directory, 0o777);
      expect(fs.readdirSync(directory)).toEqual(['file.bin']);
      child.process.stdin.write('again\n');
      expect(await child.said()).toBe(true);
      expect(fs.readdirSync(directory)).toEqual([]);
    });
  },
);

/** A file in a directory on a disk of its own. */
function makeFile(type: 'ext4' | 'xfs'): string {
  const bytes = (type === 'ext4' ? 16 : 320) << 20;
  const path = join(makeDisk(type, bytes).directory, 'directory', 'file.bin');
  fs.mkdirSync(dirname(path));
  fs.writeFileSync(path, CONTENT);
  return path;
}

/** Sets a flag with `chattr` while `use` runs. */
function whileFlagged(flag: 'a' | 'i', path: string, use: () => void): void {
  asRoot('chattr', `+${flag}`, path);
  try {
    use();
  } finally {
    asRoot('chattr', `-${flag}`, path);
  }
}

describe.runIf(canMount('mount', 'mkfs.ext4', 'mkfs.xfs')).each(['ext4', 'xfs'] as const)(
  'what nobody may do throws the error of the system, on %s:',
  (type) => {
    test.each([
      ['immutable', 'i'],
      ['for additions only', 'a'],
    ] as const)('to remove from a directory that is %s', (_, flag) => {
      const path = makeFile(type);
      using file = MmapFileMut.openExisting(path);
      whileFlagged(flag, dirname(path), () => {
        expectForbidden(file, 'EPERM');
        expectUsable(file);
      });
      expectRemoved(file);
    });

    test('to remove an append-only file', () => {
      const path = makeFile(type);
      using file = MmapFileMut.openExisting(path);
      whileFlagged('a', path, () => {
        expectForbidden(file, 'EPERM');
        file.writeUInt8(7, 100);
        file.flush();
        const error = { code: 'EPERM', syscall: 'ftruncate', path };
        for (const size of [4500, 6000])
          expect(thrown(() => file.truncate(size))).toMatchObject(error);
        expect(stateOf(file)).toEqual(INTACT);
        expect(file.readUInt8(100)).toBe(7);
      });
      expectUsable(file);
      expectRemoved(file);
    });

    test('to cut pages off an append-only file, which poisons it: they cannot be mapped again', () => {
      const path = makeFile(type);
      using file = MmapFileMut.openExisting(path);
      whileFlagged('a', path, () => {
        expect(thrown(() => file.truncate(100))).toMatchObject({ code: 'EPERM', path });
        expect(stateOf(file)).toEqual({ ...INTACT, length: 0, isPoisoned: true });
        expectForbidden(file, 'EPERM');
      });
      expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
      expectRemoved(file);
    });

    test('to remove a file that is immutable', () => {
      const path = makeFile(type);
      using file = MmapFileMut.openExisting(path);
      file.writeUInt8(7, 100);
      file.flush();
      whileFlagged('i', path, () => {
        expectForbidden(file, 'EPERM');
        expect(file.readUInt8(100)).toBe(7);
        file.flush();
        expect(stateOf(file)).toEqual(INTACT);
        // xfs leaves a file that was already open alone; ext4 refuses stores, too.
        if (type === 'xfs') return expectUsable(file);
        expect(thrown(() => file.truncate(100))).toMatchObject({ code: 'EPERM', path });
        expect(stateOf(file)).toEqual(INTACT);
        expectFault(() => file.writeUInt8(8, 100), 'io', path, 100);
        expectForbidden(file, 'EPERM');
      });
      file.reopen();
      expect(file.readUInt8(100)).toBe(7);
      expectUsable(file);
      expectRemoved(file);
    });

    test('to remove from a file system that has become read-only', () => {
      const path = makeFile(type);
      // A file system cannot become read-only while a file is open for writing.
      using file = MmapFileMut.openCow(path);
      const mount = dirname(dirname(path));
      asRoot('mount', '-o', 'remount,ro', mount);
      expectForbidden(file, 'EROFS');
      file.writeUInt8(7, 100);
      expect(file.readUInt8(100)).toBe(7);
      expect(stateOf(file)).toEqual({ ...INTACT, lockState: 'shared' });
      asRoot('mount', '-o', 'remount,rw', mount);
      expectRemoved(file);
    });
  },
);

describe.runIf(canMount('mount'))('a read-only mount', () => {
  test('over the directory: remove works once it is gone', () => {
    const directory = tempDir();
    const path = join(directory, 'file.bin');
    fs.writeFileSync(path, CONTENT);
    using file = MmapFileMut.openExisting(path);
    const unmount = mountOver(directory, '--bind', directory);
    asRoot('mount', '-o', 'remount,bind,ro', directory);
    expectForbidden(file, 'EROFS');
    expectUsable(file); // through the mount that it was opened in
    unmount();
    expectRemoved(file);
  });

  test('over the file: remove works once it is gone', () => {
    const path = join(tempDir(), 'file.bin');
    fs.writeFileSync(path, CONTENT);
    using file = MmapFileMut.openExisting(path);
    const unmount = mountOver(path, '--bind', path);
    asRoot('mount', '-o', 'remount,bind,ro', path);
    expect(thrown(() => file.remove())).toMatchObject({ code: 'EBUSY', syscall: 'unlink', path });
    expectUsable(file);
    unmount();
    expectRemoved(file);
  });

  test('through which the file was opened: nothing is removed', () => {
    const directory = tempDir();
    const path = join(directory, 'file.bin');
    fs.writeFileSync(path, CONTENT);
    const unmount = mountOver(directory, '--bind', directory);
    asRoot('mount', '-o', 'remount,bind,ro', directory);
    using file = MmapFileMut.openCow(path);
    file.removeOnDispose = true;
    expectForbidden(file, 'EROFS');
    file[Symbol.dispose]();
    expect(file.isClosed).toBe(true);
    unmount();
    expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
  });
});

test.runIf(canMount('mount', 'mkfs.ext4'))(
  'an immutable file cannot be grown, and stays usable',
  () => {
    const path = makeFile('ext4');
    using file = MmapFileMut.openExisting(path);
    file.writeUInt8(7, 100);
    file.flush();
    whileFlagged('i', path, () => {
      expect(thrown(() => file.truncate(6000))).toMatchObject({ code: 'EPERM', path });
      expect(stateOf(file)).toEqual(INTACT);
      expect(file.readUInt8(100)).toBe(7);
    });
    expectUsable(file);
  },
);
