import * as fs from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { errnoOf, thrown } from '../helpers/errors.js';
import {
  BELOW_FILE,
  isWindows,
  TOO_LONG,
  whereCallsAreTraced,
  whereFilesAreCut,
  whereLimits,
  whereMounts,
  wherePermissions,
} from '../helpers/platform.js';
import { countDescriptors } from '../helpers/process.js';
import { hearProgram, namesIn, type ProgramOptions } from '../helpers/program.js';
import { onTmpfs, strace } from '../helpers/strace.js';
import { pattern, snapshot, tempDir, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(50_001);

/** Every kind of mapping of these bytes; the writable ones are changed and not flushed. */
const sources: Record<string, () => MmapFile> = {
  'MmapFile.open': () => MmapFile.open(tempFile(CONTENT)),
  'MmapFile.openExec': () => MmapFile.openExec(tempFile(CONTENT)),
  'MmapFile.memory': () => MmapFile.memory('memory', CONTENT),
  'an unaligned mapping': () =>
    MmapFile.open(tempFile(Buffer.concat([Buffer.alloc(4999, 0xee), CONTENT, Buffer.alloc(9)])), {
      offset: 4999,
      length: CONTENT.length,
    }),
  'a dirty file': () => changed(MmapFileMut.openExisting(tempFile(Buffer.alloc(CONTENT.length)))),
  'a copy-on-write mapping': () =>
    changed(MmapFileMut.openCow(tempFile(Buffer.alloc(CONTENT.length, 0xee)))),
  'a copy-on-write mapping that was frozen': () =>
    changed(MmapFileMut.openCow(tempFile(Buffer.alloc(CONTENT.length, 0xee)))).freeze(),
  'an unaligned copy-on-write mapping': () =>
    changed(MmapFileMut.openCow(tempFile(Buffer.alloc(60_000, 0xee)), { offset: 9_999 })),
  'MmapFileMut.memory': () => changed(MmapFileMut.memory('memory', Buffer.alloc(CONTENT.length))),
  'MmapFileMut.anonymous': () => changed(MmapFileMut.anonymous(CONTENT.length)),
  'a file that has grown': () => {
    const file = MmapFileMut.openExisting(tempFile('short'));
    file.truncate(CONTENT.length);
    return changed(file);
  },
};

function changed(file: MmapFileMut): MmapFileMut {
  expect(file.length).toBe(CONTENT.length);
  file.asBuffer().set(CONTENT);
  return file;
}

describe.each(Object.entries(sources))('writeToNewFile of %s', (_, open) => {
  test('copies all of it', () => {
    using file = open();
    const target = join(tempDir(), 'copy');
    const descriptors = countDescriptors();
    file.writeToNewFile(target);
    expect(fs.readFileSync(target).equals(CONTENT)).toBe(true);
    expect(countDescriptors()).toBe(descriptors);
    expect(file.copyBytes().equals(CONTENT)).toBe(true);
  });

  test.each([
    [0, 1],
    [1, 4095],
    [4095, 2],
    [4096, 4096],
    [12_345, 20_000],
    [50_000, 1],
    [0, 0],
    [50_001, 0],
  ])('copies the range that starts at %i and has %i bytes', (offset, length) => {
    using file = open();
    const target = join(tempDir(), 'copy');
    file.writeToNewFile(target, offset, length);
    expect(fs.readFileSync(target).equals(CONTENT.subarray(offset, offset + length))).toBe(true);
  });

  test('copies from an offset to the end', () => {
    using file = open();
    const target = join(tempDir(), 'copy');
    file.writeToNewFile(target, 40_000);
    expect(fs.readFileSync(target).equals(CONTENT.subarray(40_000))).toBe(true);
  });
});

describe('the new file', () => {
  test.each([
    ['a string', (path: string) => path],
    ['a URL', (path: string) => pathToFileURL(path)],
    ['bytes', (path: string) => Buffer.from(path)],
  ])('is at a path given as %s', (_, form) => {
    using file = MmapFile.memory('memory', CONTENT);
    const target = join(tempDir(), 'name of öäü');
    file.writeToNewFile(form(target));
    expect(fs.readFileSync(target).equals(CONTENT)).toBe(true);
  });

  wherePermissions.test(
    'is at a path relative to the working directory, with the permissions of the umask',
    async () => {
      const directory = tempDir();
      await hearProgram('copying/new-file#relative', { cwd: directory });
      expect(fs.readFileSync(join(directory, 'copy'), 'latin1')).toBe('text');
      expect(fs.statSync(join(directory, 'copy')).mode & 0o777).toBe(0o640);
    },
  );

  test('is empty for an empty mapping', () => {
    using file = MmapFile.open(tempFile(''));
    const target = join(tempDir(), 'copy');
    file.writeToNewFile(target);
    expect(fs.statSync(target).size).toBe(0);
  });

  test('never replaces what is already at the path', () => {
    using file = MmapFileMut.openExisting(tempFile(CONTENT));
    const directory = tempDir();
    const existing = tempFile('existing');
    // Links take a privilege on Windows.
    const links = isWindows ? [] : ['dangling', 'link'];
    for (const link of links)
      fs.symlinkSync(link === 'link' ? existing : 'nowhere', join(directory, link));
    const before = snapshot(existing);
    for (const path of [
      existing,
      directory,
      ...links.map((link) => join(directory, link)),
      file.path,
    ]) {
      expect(thrown(() => file.writeToNewFile(path))).toMatchObject({
        name: 'MmapError',
        code: 'EEXIST',
        errno: errnoOf('EEXIST'),
        syscall: 'open',
        path: file.path,
        dest: path,
        message: `EEXIST: file already exists, open '${file.path}' -> '${path}'`,
      });
    }
    expect(snapshot(existing)).toEqual(before);
    expect(fs.readdirSync(directory)).toEqual(links);
    expect(fs.existsSync(join(directory, 'nowhere'))).toBe(false);
  });

  test.each([
    ['ENOENT', 'no directory/copy'],
    [BELOW_FILE, 'file/copy'],
    [TOO_LONG, 'x'.repeat(300)],
  ])('is refused with %s at an invalid path', (code, name) => {
    const directory = tempDir();
    fs.writeFileSync(join(directory, 'file'), '');
    using file = MmapFile.memory('memory', CONTENT);
    const descriptors = countDescriptors();
    const dest = join(directory, name);
    expect(thrown(() => file.writeToNewFile(dest))).toMatchObject({ code, syscall: 'open', dest });
    expect(countDescriptors()).toBe(descriptors);
    expect(fs.readdirSync(directory)).toEqual(['file']);
  });
});

const kinds = namesIn('copying/new-file#SOURCES');
const copy = (kind: string, [path, target]: string[], options: ProgramOptions) =>
  hearProgram('copying/new-file#copy', { ...options, args: [path, target, kind] });
/** What is reported about a copy that fails. */
const fail = (kind: string, [path, target]: string[], options: ProgramOptions) =>
  hearProgram('copying/new-file#fail', { ...options, args: [path, target, kind] });
const failed = (code: string) => [
  expect.objectContaining({ name: 'MmapError', code }),
  [],
  [0, CONTENT[1], false],
];

describe.each(kinds)('a copy of %s that fails', (kind) => {
  whereMounts.test('because the disk is full leaves no file', async () => {
    const content = Buffer.concat([CONTENT, pattern(2 << 20)]);
    const directory = tempDir();
    const args = [tempFile(content), join(directory, 'copy')];
    const said = await fail(kind, args, { through: onTmpfs(directory, 'size=1m') });
    expect(said).toEqual(failed('ENOSPC'));
  });

  whereCallsAreTraced.test('to sync the file leaves no file', async () => {
    const args = [tempFile(CONTENT), join(tempDir(), 'copy')];
    const { through } = strace('fsync', ['fsync:error=EIO:when=1']);
    expect(await fail(kind, args, { through })).toEqual(failed('EIO'));
  });

  whereCallsAreTraced.test('to sync the directory leaves no file', async () => {
    const args = [tempFile(CONTENT), join(tempDir(), 'copy')];
    const { through } = strace('fsync', ['fsync:error=EIO:when=2']);
    expect(await fail(kind, args, { through })).toEqual(failed('EIO'));
  });
});

whereCallsAreTraced.describe('a copy on a file system without O_TMPFILE', () => {
  /** The child's second open(2) in the directory is the one with O_TMPFILE. */
  const refuse = (code: string) => `openat:error=${code}:when=2`;

  test.each(['EOPNOTSUPP', 'EISDIR', 'EINVAL'])('that reports %s is made anyway', async (code) => {
    const directory = tempDir();
    const args = [tempFile(CONTENT), join(directory, 'copy')];
    const trace = strace('openat,linkat', [refuse(code)], directory);
    await copy('a file', args, { through: trace.through });
    expect(trace.calls().join('\n')).toMatch(/O_TMPFILE.*INJECTED.*"copy", .*O_EXCL/s);
    expect(trace.calls().join('\n')).not.toContain('linkat');
    expect(fs.readFileSync(join(directory, 'copy')).equals(CONTENT)).toBe(true);
  });

  test('leaves no file when it fails', async () => {
    const directory = tempDir();
    const args = [tempFile(CONTENT), join(directory, 'copy')];
    const faults = [refuse('EOPNOTSUPP'), 'fsync:error=EIO:when=1'];
    const { through } = strace('openat,fsync', faults, directory);
    expect(await fail('a file', args, { through })).toEqual(failed('EIO'));
  });
});

whereLimits.test.each(['a file', 'a copy-on-write mapping'] as const)(
  'a copy of %s that exceeds the limit on file sizes leaves no file',
  async (kind) => {
    const args = [tempFile(CONTENT), join(tempDir(), 'copy')];
    const said = await fail(kind, args, { through: ['prlimit', '--fsize=20000'] });
    expect(said).toEqual(failed('EFBIG'));
  },
);

whereFilesAreCut.test(
  'a copy of a file that is truncated meanwhile fails and leaves no file',
  async () => {
    const args = [tempFile(CONTENT), join(tempDir(), 'copy')];
    const said = await hearProgram('copying/new-file#failTruncated', { args });
    expect(said.slice(1)).toEqual([[], [0, false, false]]);
    expect(said[0]).toMatchObject({ name: expect.stringMatching(/^Mmap(Fault)?Error$/) });
  },
);

whereCallsAreTraced.describe('the system calls', () => {
  test('sync the file, link it and sync its directory, after the last write', async () => {
    const directory = tempDir();
    const args = [tempFile(CONTENT), join(directory, 'copy')];
    for (const kind of kinds) {
      const { through, calls: all } = strace(
        'fsync,fdatasync,copy_file_range,ioctl,pwrite64,write,linkat',
      );
      await copy(kind, args, { through });
      fs.unlinkSync(join(directory, 'copy'));
      const calls = all().filter((call) => call.includes(directory));
      expect(calls.length).toBeGreaterThan(3);
      expect(calls.at(-3)).toMatch(/^fsync\(\d+<.*\/#\d+>\(deleted\)\) = 0$/);
      expect(calls.at(-2)).toMatch(/^linkat\(.*"copy", AT_SYMLINK_FOLLOW\) = 0$/);
      expect(calls.at(-1)).toMatch(/^fsync\(\d+<[^>]*>\) = 0$/);
      expect(calls.at(-1)).toContain(`<${directory}>`);
      expect(calls.slice(0, -3).join()).not.toContain('fsync');
    }
  });

  test('copy in the kernel, except for private pages', async () => {
    for (const kind of kinds) {
      const args = [tempFile(CONTENT), join(tempDir(), 'copy')];
      const trace = strace('copy_file_range,ioctl,pwrite64');
      await copy(kind, args, { ...trace });
      const calls = trace.calls().filter((call) => call.includes('(deleted)'));
      const inKernel = calls.some((call) =>
        /^(copy_file_range|ioctl\(.*FICLONE).*= [^-]/.test(call),
      );
      const isMemory = kind === 'memory'; // which the kernel may or may not copy to another file system
      expect(isMemory || inKernel === (kind === 'a file'), `${kind}: ${calls.join('; ')}`).toBe(
        true,
      );
    }
  });

  test.each([
    'copy_file_range:error=EXDEV',
    'copy_file_range:error=ENOSYS',
    'copy_file_range:error=EINVAL',
    'copy_file_range:error=EOPNOTSUPP',
    'copy_file_range:retval=0',
    'copy_file_range:error=EINTR:when=1',
  ])('copy through memory where the kernel cannot: %s', async (inject) => {
    const directory = tempDir();
    const args = [tempFile(CONTENT), join(directory, 'copy')];
    const { through } = strace('copy_file_range', [inject]);
    await copy('a file', args, { through });
    expect(fs.readFileSync(join(directory, 'copy')).equals(CONTENT)).toBe(true);
  });

  test('report an error of the copy in the kernel', async () => {
    const args = [tempFile(CONTENT), join(tempDir(), 'copy')];
    const { through } = strace('copy_file_range', ['copy_file_range:error=EIO']);
    expect(await fail('a file', args, { through })).toEqual(failed('EIO'));
  });
});
