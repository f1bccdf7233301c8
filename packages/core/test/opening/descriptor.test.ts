// A file that is already open: it is opened anew, through its descriptor and not by its path.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type FileLike,
  MmapFile,
  MmapFileMut,
  MmapLockError,
  MmapRangeError,
  MmapUnsupportedError,
} from '../../src/index.js';
import { expectBytes } from '../helpers/bytes.js';
import { errnoOf, thrown } from '../helpers/errors.js';
import {
  whereFlagsOfOpen,
  whereFlock,
  wherePermissions,
  whereSpecialFiles,
  whereStandardInputIsAFile,
  whereUnlinkedFilesAreMapped,
} from '../helpers/platform.js';
import { countDescriptors, countMappings } from '../helpers/process.js';
import { hearProgram } from '../helpers/program.js';
import { pattern, snapshot, tempDir, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

type Open = (file: FileLike, options?: object) => MmapFile;

/** Every constructor for an existing file, and whether it needs a descriptor that is open for writing. */
const openers: Readonly<Record<string, { open: Open; isWriting: boolean }>> = {
  'MmapFile.open': { open: MmapFile.open, isWriting: false },
  'MmapFile.openExec': { open: MmapFile.openExec, isWriting: false },
  'MmapFileMut.openCow': { open: MmapFileMut.openCow, isWriting: false },
  'MmapFileMut.open': { open: MmapFileMut.open, isWriting: true },
  'MmapFileMut.openExisting': { open: MmapFileMut.openExisting, isWriting: true },
};

/** A descriptor that is open until the test ends, unless the test closes it itself. */
function descriptorOf(path: string, flags: string | number = 'r+'): number {
  const descriptor = fs.openSync(path, flags);
  const { ino } = fs.fstatSync(descriptor);
  onTestFinished(() => {
    try {
      if (fs.fstatSync(descriptor).ino === ino) fs.closeSync(descriptor);
    } catch {} // closed
  });
  return descriptor;
}

describe.each(Object.entries(openers))('%s', (_name, { open, isWriting }) => {
  test('maps the file of a descriptor, which may be closed afterwards', () => {
    const path = tempFile(CONTENT);
    const before = countDescriptors();
    const descriptor = descriptorOf(path);
    fs.readSync(descriptor, Buffer.alloc(7)); // its position must not matter
    using file = open(descriptor, { offset: 5 });
    fs.closeSync(descriptor);
    expect(file).toMatchObject({ path: '', length: CONTENT.length - 5 });
    expect(file.lockState).toBe(isWriting ? 'exclusive' : 'shared');
    expectBytes(file.asBuffer(), CONTENT.subarray(5));
    expect(countDescriptors()).toBe(before + 1);
    file.checkFault();
    file.reopen();
    file.writeToNewFile(`${path}.copy`);
    expectBytes(fs.readFileSync(`${path}.copy`), CONTENT.subarray(5));
    expect(file.stat().ino).toBe(fs.statSync(path).ino);
    file.close();
    expect(countDescriptors()).toBe(before);
  });

  test('maps the file of a FileHandle, which may be closed afterwards', async () => {
    const path = tempFile(CONTENT);
    const handle = await fs.promises.open(path, 'r+');
    using file = open(handle);
    await handle.close();
    expectBytes(file.asBuffer(), CONTENT);
    expect(thrown(() => open(handle))).toMatchObject({
      name: 'MmapError',
      code: 'EBADF',
      errno: errnoOf('EBADF'),
      syscall: 'open',
    });
  });

  whereUnlinkedFilesAreMapped.test('maps a file whose name has been removed or changed', () => {
    const path = tempFile(CONTENT);
    const descriptor = descriptorOf(path);
    fs.renameSync(path, `${path}.other`);
    fs.writeFileSync(path, 'another');
    using renamed = open(descriptor);
    expectBytes(renamed.asBuffer(), CONTENT);
    renamed.close();
    fs.rmSync(`${path}.other`);
    using nameless = open(descriptor);
    expectBytes(nameless.asBuffer(), CONTENT);
    expect(nameless.stat().nlink).toBe(0);
  });

  test('has its own lock, independent of that of the descriptor', () => {
    const path = tempFile(CONTENT);
    const descriptor = descriptorOf(path);
    const first = open(descriptor, { lock: 'exclusive' });
    for (const again of [descriptor, path]) {
      const error = thrown(() => open(again));
      expect(error).toBeInstanceOf(MmapLockError);
      expect(error.code).toBe('EWOULDBLOCK');
    }
    fs.closeSync(descriptor);
    expect(thrown(() => open(path))).toBeInstanceOf(MmapLockError); // a duplicate would have released it
    first.unlock();
    open(path).close();
    first.close();
  });

  whereFlock.test('respects a lock that is held on the descriptor', () => {
    const path = tempFile(CONTENT);
    const descriptor = descriptorOf(path);
    execFileSync('flock', ['--exclusive', '--nonblock', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
    });
    expect(thrown(() => open(descriptor))).toBeInstanceOf(MmapLockError);
    execFileSync('flock', ['--unlock', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
    });
    open(descriptor).close();
  });

  test('refuses to remove a file without a path, before it does anything', () => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const file = open(descriptorOf(path));
    if (!(file instanceof MmapFileMut)) return file.close();
    using attached = MmapFileMut.attach(file.share());
    for (const one of [file, attached]) {
      expect(one.path).toBe('');
      for (const act of [
        () => one.remove(),
        () => {
          one.removeOnDispose = true;
        },
      ]) {
        const error = thrown(act);
        expect(error).toBeInstanceOf(MmapUnsupportedError);
        expect(error.message).toMatch(/descriptor \d+.*path.*unlink/);
      }
      one.removeOnDispose = false;
      expect([one.removeOnDispose, one.isClosed]).toEqual([false, false]);
    }
    file[Symbol.dispose]();
    expect(thrown(() => file.remove()).code).toBe('ERR_MMAP_CLOSED');
    expect(snapshot(path)).toEqual(before);
  });

  whereFlagsOfOpen.test('refuses a descriptor that is not open for the required access', () => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const { O_WRONLY } = fs.constants;
    for (const flags of isWriting ? ['r', 'a', O_WRONLY] : ['a', O_WRONLY]) {
      const error = thrown(() => open(descriptorOf(path, flags)));
      expect(error).toMatchObject({
        name: 'MmapError',
        code: 'EACCES',
        errno: errnoOf('EACCES'),
        path: expect.stringMatching(/^descriptor \d+$/),
        message: expect.stringMatching(/not open for reading/),
      });
    }
    open(descriptorOf(path, 'a+')).close();
    expect(snapshot(path)).toEqual(before);
  });

  whereSpecialFiles.test('refuses anything that is not a regular file, or not open', () => {
    const directory = tempDir();
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    const { O_RDWR, O_NONBLOCK } = fs.constants;
    const refusal = (file: number) => thrown(() => open(file));
    expect(refusal(descriptorOf(directory, 'r'))).toMatchObject({
      code: 'EISDIR',
      syscall: 'open',
    });
    for (const special of [
      descriptorOf(join(directory, 'fifo'), O_RDWR | O_NONBLOCK),
      descriptorOf('/dev/null'),
      descriptorOf('/dev/zero'),
    ]) {
      expect(refusal(special)).toMatchObject({ code: 'ENODEV', syscall: 'mmap' });
    }
    const closed = fs.openSync(directory, 'r');
    fs.closeSync(closed);
    for (const none of [closed, 2 ** 31 - 1]) {
      expect(refusal(none)).toMatchObject({
        name: 'MmapError',
        code: 'EBADF',
        errno: errnoOf('EBADF'),
        path: `descriptor ${none}`,
        message: expect.stringContaining(`descriptor ${none}`),
      });
    }
    for (const none of [-1, 0.5, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY]) {
      expect(refusal(none)).toBeInstanceOf(MmapRangeError);
      expect(refusal(none)).toMatchObject({ argument: 'path', code: 'ERR_OUT_OF_RANGE' });
    }
    for (const none of [{}, { fd: '5' }, { fd: null }, []]) {
      expect(refusal(none as never)).toBeInstanceOf(TypeError);
      expect(refusal(none as never)).toMatchObject({ argument: 'path' });
    }
  });

  test('leaves nothing behind, however often it fails', () => {
    const path = tempFile(CONTENT);
    const descriptor = descriptorOf(path);
    using _holder = MmapFile.open(path, { lock: 'exclusive' });
    const before = [countDescriptors(), countMappings(path), snapshot(path)];
    for (let round = 0; round < 20; ++round) {
      thrown(() => open(descriptor));
      thrown(() => open(descriptor, { lockTimeout: 0 }));
      thrown(() => open(descriptor, { lock: 'none', offset: 10_001 }));
    }
    expect([countDescriptors(), countMappings(path), snapshot(path)]).toEqual(before);
  });
});

test('a file that is already open can be sized, cut and grown like any other', () => {
  const path = tempFile(CONTENT);
  const descriptor = descriptorOf(path);
  using grown = MmapFileMut.open(descriptor, { minSize: 20_000 });
  expectBytes(fs.readFileSync(path), Buffer.concat([CONTENT, Buffer.alloc(10_000)]));
  grown.truncate(15_000);
  grown.writeAll('end', 14_997);
  grown.flush();
  expect(fs.readFileSync(path).subarray(14_997).toString()).toBe('end');
  grown.close();
  using emptied = MmapFileMut.openExisting(descriptor, { truncate: true, maxSize: 50 });
  expectBytes(emptied.asBuffer(), Buffer.alloc(50));
  expect(fs.readdirSync(dirname(path))).toEqual(['file.bin']);
});

whereFlagsOfOpen.test('O_NOFOLLOW only concerns paths; other flags reach open(2)', () => {
  const descriptor = descriptorOf(tempFile(CONTENT));
  const { O_NOFOLLOW, O_DIRECTORY } = fs.constants;
  MmapFile.open(descriptor, { customFlags: O_NOFOLLOW }).close();
  expect(thrown(() => MmapFile.open(descriptor, { customFlags: O_DIRECTORY }))).toMatchObject({
    code: 'ENOTDIR',
  });
});

whereStandardInputIsAFile.test(
  'standard input is a file like any other, if it is one',
  async () => {
    const path = tempFile('from the shell');
    const said = await hearProgram('opening/descriptor#standardInput', {
      args: [path],
      through: ['sh', '-c', 'exec "$@" < "$0"', path],
    });
    expect(said).toEqual(['from the shell']);
  },
);

wherePermissions.test(
  'a process that may no longer open the file is told why, and keeps the descriptor that it was given',
  async () => {
    const path = tempFile(CONTENT);
    fs.chmodSync(path, 0o600);
    const said = await hearProgram('opening/descriptor#notAllowed', { args: [path] });
    expect(said.pop()).toBe(CONTENT.length);
    for (const error of said) {
      expect(error).toMatchObject({
        name: 'MmapError',
        code: 'EACCES',
        syscall: 'open',
        message: expect.stringMatching(/opened anew.*permissions/),
      });
    }
  },
);

test('threads open the descriptors of their process', async () => {
  const path = tempFile(CONTENT);
  const said = await hearProgram('opening/descriptor#thread', { args: [path] });
  expect(said).toEqual([[CONTENT.length, CONTENT[7], ''], 'EWOULDBLOCK', 'no error']);
});

test('messages name the descriptor if there is no path', () => {
  const descriptor = descriptorOf(tempFile(CONTENT));
  using file = MmapFile.open(descriptor);
  expect(file.toJSON().path).toBe(`descriptor ${descriptor}`);
  expect(thrown(() => file.readExact(Buffer.alloc(1), 10_000))).toMatchObject({
    path: `descriptor ${descriptor}`,
  });
  using other = MmapFile.open(descriptor);
  other.close();
  expect(thrown(() => other.readUInt8(0)).message).toContain(`descriptor ${descriptor}`);
});
