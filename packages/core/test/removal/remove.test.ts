import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type MmapFile, MmapFileMut, MmapIdentityError } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import {
  BELOW_FILE,
  isWindows,
  whereCallsAreTraced,
  whereLimits,
  whereSymlinks,
} from '../helpers/platform.js';
import { countDescriptors } from '../helpers/process.js';
import { hearProgram } from '../helpers/program.js';
import { expectUsable } from '../helpers/removal.js';
import { strace } from '../helpers/strace.js';
import { pattern, snapshot, tempDir, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(5000);

describe('remove', () => {
  test('takes the file out of its directory and closes the handle', () => {
    const path = tempFile(CONTENT);
    const descriptors = countDescriptors();
    const file = MmapFileMut.openExisting(path);
    const view = file.asBuffer();
    file.remove();
    expect(fs.readdirSync(dirname(path))).toEqual([]);
    expect(file.isClosed).toBe(true);
    expect(view.every((byte) => byte === 0)).toBe(true);
    expect(countDescriptors()).toBe(descriptors);
    expect(thrown(() => file.remove()).name).toBe('MmapClosedError');
  });

  whereCallsAreTraced.test(
    'syncs the directory after the unlink, through the same descriptor',
    async () => {
      const path = tempFile(CONTENT);
      const trace = strace('unlink,unlinkat,fsync,close', [], dirname(path));
      await hearProgram('removal/remove#remove', { args: [path], ...trace });
      const calls = trace.calls();
      const directory = /^unlinkat\((\d+<.*?>), "file\.bin", 0\) = 0$/.exec(calls[0] ?? '')?.[1];
      expect(calls).toEqual([
        `unlinkat(${directory}, "file.bin", 0) = 0`,
        `fsync(${directory}) = 0`,
        `close(${directory}) = 0`,
      ]);
      expect(directory).toContain(dirname(path));
    },
  );

  whereCallsAreTraced.test(
    'keeps the file open until it is unlinked, so that its inode is not reused',
    async () => {
      const path = tempFile(CONTENT);
      const trace = strace('unlinkat,newfstatat,close');
      await hearProgram('removal/remove#remove', { args: [path], ...trace });
      const calls = trace.calls().filter((call) => call.includes('file.bin'));
      const unlink = calls.findIndex((call) => call.startsWith('unlinkat'));
      expect(calls[unlink - 1]).toMatch(/^newfstatat.*"file\.bin".*AT_SYMLINK_NOFOLLOW/);
      expect(calls.findIndex((call) => /^close.*file\.bin/.test(call))).toBeGreaterThan(unlink);
    },
  );

  test.each([
    ...(isWindows
      ? []
      : [['a name of any bytes', Buffer.from([0x66, 0xff, 0x0a, 0x20, 0xfe])] as const]),
    ['a name that looks like an option', Buffer.from('--help')] as const,
  ])('works for %s', (_, name) => {
    const path = Buffer.concat([Buffer.from(`${tempDir()}/`), name]);
    fs.writeFileSync(path, CONTENT);
    MmapFileMut.openExisting(path).remove();
    expect(fs.existsSync(path)).toBe(false);
  });

  test('removes the file that was opened, whatever the working directory is now', async () => {
    const path = tempFile(CONTENT);
    const other = tempFile(CONTENT);
    const said = await hearProgram('removal/remove#otherDirectory', {
      cwd: dirname(path),
      args: [dirname(other)],
    });
    expect(said).toEqual([true]);
    expect(fs.existsSync(path)).toBe(false);
  });

  whereSymlinks.test('follows a symbolic link to the directory', () => {
    const path = tempFile(CONTENT);
    const link = join(tempDir(), 'link');
    fs.symlinkSync(dirname(path), link);
    MmapFileMut.openExisting(join(link, 'file.bin')).remove();
    expect(fs.existsSync(path)).toBe(false);
  });

  test('removes one name of a file with several', () => {
    const path = tempFile(CONTENT);
    fs.linkSync(path, `${path}.other`);
    MmapFileMut.openExisting(path).remove();
    expect(fs.existsSync(path)).toBe(false);
    expect(fs.readFileSync(`${path}.other`).equals(CONTENT)).toBe(true);
  });

  test('removes the file of a copy-on-write mapping', () => {
    const path = tempFile(CONTENT);
    MmapFileMut.openCow(path).remove();
    expect(fs.existsSync(path)).toBe(false);
  });

  test.each(['memory', 'anonymous'])('of %s closes it and touches no file', (kind) => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const file = kind === 'memory' ? MmapFileMut.memory(path) : MmapFileMut.anonymous(10);
    file.remove();
    expect(file.isClosed).toBe(true);
    expect(snapshot(path)).toEqual(before);
  });
});

describe('what is at the path', () => {
  /** How something gets between the open and the removal. */
  const meddlers: Record<string, { meddle: (path: string) => void; says: RegExp }> = {
    'another file': { meddle: (path) => fs.writeFileSync(path, 'other'), says: /another file/ },
    'another file of the same content': {
      meddle: (path) => fs.writeFileSync(path, CONTENT),
      says: /another file/,
    },
    'a directory': { meddle: (path) => fs.mkdirSync(path), says: /another file/ },
    'a symbolic link to the file itself': {
      meddle: (path) => fs.symlinkSync(`${path}.aside`, path),
      says: /symbolic link/,
    },
    'a symbolic link to nowhere': {
      meddle: (path) => fs.symlinkSync('nowhere', path),
      says: /symbolic link/,
    },
    nothing: { meddle: () => {}, says: /nothing/ },
  };

  for (const [name, entry] of Object.entries(meddlers)) {
    const where = name.includes('symbolic') ? whereSymlinks.test : test;
    where(`by now, ${name}, is left alone, and remove can be retried`, () => {
      const path = tempFile(CONTENT);
      using file = MmapFileMut.openExisting(path);
      const descriptors = countDescriptors();
      fs.renameSync(path, `${path}.aside`);
      entry.meddle(path);
      const names = fs.readdirSync(dirname(path));
      for (let attempt = 0; attempt < 2; ++attempt) {
        const error = thrown(() => file.remove());
        expect(error).toBeInstanceOf(MmapIdentityError);
        expect(error).toMatchObject({ code: 'ERR_MMAP_IDENTITY', path, syscall: 'unlink' });
        expect(error.message).toMatch(entry.says);
        expect(error.message).toContain(`'${path}'`);
      }
      expect(fs.readdirSync(dirname(path))).toEqual(names);
      expect(countDescriptors()).toBe(descriptors);
      expectUsable(file);

      fs.rmSync(path, { recursive: true, force: true });
      fs.renameSync(`${path}.aside`, path);
      file.remove();
      expect(fs.readdirSync(dirname(path))).toEqual([]);
      expect(file.isClosed).toBe(true);
    });
  }

  whereSymlinks.test('from the start, a symbolic link, is never removed', () => {
    const path = tempFile(CONTENT);
    const link = `${path}.link`;
    fs.symlinkSync(path, link);
    using file = MmapFileMut.openExisting(link);
    expect(thrown(() => file.remove())).toBeInstanceOf(MmapIdentityError);
    expectUsable(file);
    expect(fs.readdirSync(dirname(path))).toEqual(['file.bin', 'file.bin.link']);
  });
});

describe('a remove that fails', () => {
  test.each([
    ['is gone', 'ENOENT', (_: string) => {}],
    ['is a file by now', BELOW_FILE, (directory: string) => fs.writeFileSync(directory, '')],
  ])('because its directory %s can be retried', (_, code, meddle) => {
    const directory = join(tempDir(), 'directory');
    fs.mkdirSync(directory);
    const path = join(directory, 'file.bin');
    fs.writeFileSync(path, CONTENT);
    using file = MmapFileMut.openExisting(path);
    fs.renameSync(directory, `${directory}.aside`);
    meddle(directory);
    expect(thrown(() => file.remove())).toMatchObject({ name: 'MmapError', code, path });
    expectUsable(file);
    fs.rmSync(directory, { force: true });
    fs.renameSync(`${directory}.aside`, directory);
    file.remove();
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  whereCallsAreTraced.test.each(['EACCES', 'EPERM', 'EROFS', 'EBUSY'])(
    'with %s can be retried',
    async (code) => {
      const path = tempFile(CONTENT);
      const { through } = strace('unlinkat', [`unlinkat:error=${code}:when=1`]);
      const said = await hearProgram('removal/remove#again', { args: [path], through });
      const error = { name: 'MmapError', code, syscall: 'unlink', path };
      expect(said).toEqual([expect.objectContaining(error), [false, CONTENT[1], 0], [true, false]]);
    },
  );

  whereCallsAreTraced.test(
    'to sync the directory syncs it again, and never unlinks twice',
    async () => {
      const path = tempFile(CONTENT);
      const trace = strace('unlinkat,fsync', ['fsync:error=EIO:when=1..2'], dirname(path));
      const said = await hearProgram('removal/remove#syncAgain', {
        args: [path],
        through: trace.through,
      });
      expect(said).toEqual([
        expect.objectContaining({ name: 'MmapError', code: 'EIO', syscall: 'fsync', path }),
        [false, CONTENT[1], false],
        'EIO',
        [true, 'other'],
      ]);
      const calls = trace.calls().filter((call) => !call.includes('O_'));
      const names = calls.map((call) => call.slice(0, call.indexOf('(')));
      expect(names).toEqual(['unlinkat', 'fsync', 'fsync', 'fsync']);
      const numbers = calls.map((call) => /\((\d+)</.exec(call)?.[1]);
      expect(new Set(numbers).size).toBe(1);
    },
  );

  whereLimits.test('for lack of a descriptor can be retried', async () => {
    const path = tempFile(CONTENT);
    const said = await hearProgram('removal/remove#noDescriptor', {
      args: [path],
      through: ['prlimit', '--nofile=60'],
    });
    expect(said).toEqual(['EMFILE', [true, false]]);
  });
});

describe('removeOnDispose', () => {
  test('removes the file when the handle is disposed of, not when it is closed', () => {
    const path = tempFile(CONTENT);
    {
      using file = MmapFileMut.openExisting(path);
      expect(file.removeOnDispose).toBe(false);
      file.removeOnDispose = true;
      expect(file.removeOnDispose).toBe(true);
      file.close();
    }
    expect(fs.existsSync(path)).toBe(true);
    {
      using file = MmapFileMut.openExisting(path);
      file.removeOnDispose = true;
      file.removeOnDispose = false;
    }
    expect(fs.existsSync(path)).toBe(true);
    {
      using file = MmapFileMut.openExisting(path);
      file.removeOnDispose = true;
    }
    expect(fs.existsSync(path)).toBe(false);
  });

  test('ignores errors: a file that cannot be removed stays, and the handle is closed', () => {
    const path = tempFile(CONTENT);
    const file = MmapFileMut.openExisting(path);
    file.removeOnDispose = true;
    fs.renameSync(path, `${path}.aside`);
    fs.writeFileSync(path, 'other');
    file[Symbol.dispose]();
    expect(file.isClosed).toBe(true);
    expect(fs.readFileSync(path, 'latin1')).toBe('other');
    expect(fs.readFileSync(`${path}.aside`).equals(CONTENT)).toBe(true);
    MmapFileMut.openExisting(`${path}.aside`).close();
  });

  test.each(['freeze', 'freezeExec'] as const)('is cleared by %s', (freeze) => {
    const path = tempFile(CONTENT);
    {
      using file = MmapFileMut.openExisting(path);
      file.removeOnDispose = true;
      using frozen: MmapFile = file[freeze]();
      expect(file.removeOnDispose).toBe(false);
      expect(frozen.length).toBe(CONTENT.length);
    }
    expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
  });

  test('accepts only a boolean', () => {
    using file = MmapFileMut.anonymous(1);
    expect(thrown(() => Object.assign(file, { removeOnDispose: 1 }))).toBeInstanceOf(TypeError);
    expect(file.removeOnDispose).toBe(false);
  });
});
