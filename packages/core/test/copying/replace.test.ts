import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  MmapClosedError,
  MmapFile,
  MmapFileMut,
  MmapIdentityError,
  MmapUnsupportedError,
} from '../../src/index.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import { mountOver } from '../helpers/file-systems.js';
import { canMount } from '../helpers/mounting.js';
import {
  isWindows,
  whereCallsAreTraced,
  whereNamesAreBytes,
  whereOpenFilesAreReplaced,
  wherePermissions,
  whereSymlinks,
} from '../helpers/platform.js';
import { countDescriptors, turn } from '../helpers/process.js';
import { hearProgram, namesIn, startProgram } from '../helpers/program.js';
import { onTmpfs, strace } from '../helpers/strace.js';
import { pattern, snapshot, tempDir, tempFile } from '../helpers/temp.js';

const OLD = pattern(20_000);
const NEW = OLD.map((byte) => byte ^ 0xff) as Buffer;
/** Moves the file at `path` away and puts something else in its place. */
function replaceBy(path: string, make: (path: string) => void): void {
  fs.renameSync(path, `${path}.old`);
  make(path);
}

const HIDDEN = /^\.fmmap-[0-9a-f]{16}$/;

/** Mappings of {@link NEW} that are about to replace the file at `path`. */
const sources: Record<string, (path: string) => MmapFile> = {
  memory: () => MmapFile.memory('memory', NEW),
  'another file': () => MmapFile.open(tempFile(NEW)),
  'the file itself, changed': (path) => changed(MmapFileMut.openExisting(path)),
  'a private copy of it': (path) => changed(MmapFileMut.openCow(path)),
  'a frozen private copy of it': (path) => changed(MmapFileMut.openCow(path)).freeze(),
};

function changed(file: MmapFileMut): MmapFileMut {
  file.writeAll(NEW);
  return file;
}

describe.each(Object.entries(sources))('replacing a file by %s', (name, open) => {
  whereOpenFilesAreReplaced.test(
    'makes the path lead to the copy, and leaves the old file to those who have it open',
    () => {
      const path = tempFile(OLD);
      const before = fs.statSync(path);
      using reader = MmapFile.open(path, { lock: 'none' });
      using file = open(path);
      const descriptors = countDescriptors();
      const expected = file.copyBytes();
      file.writeToNewFile(path, { replace: true });
      expect(fs.readFileSync(path).equals(NEW)).toBe(true);
      expect(fs.statSync(path).ino).not.toBe(before.ino);
      expect(fs.readdirSync(join(path, '..'))).toEqual(['file.bin']);
      expect(countDescriptors()).toBe(descriptors);
      // Mappings of the old file, this one included, keep showing it.
      expect(file.copyBytes().equals(expected)).toBe(true);
      expect(reader.copyBytes().equals(name.includes('itself') ? NEW : OLD)).toBe(true);
      expect(reader.stat().nlink).toBe(0);
    },
  );

  test('works for a range, with the options as the last argument', (context) => {
    const path = tempFile(OLD);
    // See whereOpenFilesAreReplaced.
    if (isWindows && !/^(memory|another)/.test(name)) return context.skip();
    using file = open(path);
    file.writeToNewFile(path, 4095, 9000, { replace: true });
    expect(fs.readFileSync(path).equals(NEW.subarray(4095, 13_095))).toBe(true);
    file.writeToNewFile(path, 10, undefined, { replace: true });
    expect(fs.readFileSync(path).equals(NEW.subarray(10))).toBe(true);
    file.writeToNewFile(path, 0, 0, { replace: true });
    expect(fs.readFileSync(path)).toHaveLength(0);
  });
});

describe('a copy that may replace', () => {
  test('is also made where there is no file', () => {
    const path = tempFile();
    using file = MmapFile.memory('memory', NEW);
    file.writeToNewFile(path, { replace: true });
    expect(fs.readFileSync(path).equals(NEW)).toBe(true);
  });

  whereNamesAreBytes.test('may have the longest possible name, and any bytes in it', () => {
    using file = MmapFile.memory('memory', NEW);
    for (const name of [Buffer.alloc(255, 'x'), Buffer.of(0xff, 0xfe, 0x2e)]) {
      const path = Buffer.concat([Buffer.from(`${tempDir()}/`), name]);
      for (const content of ['old', 'older']) {
        fs.writeFileSync(path, content);
        file.writeToNewFile(path, { replace: true });
        expect(fs.readFileSync(path).equals(NEW)).toBe(true);
      }
    }
  });

  whereSymlinks.test('replaces a symbolic link itself, as rename(2) does', () => {
    const path = tempFile(OLD);
    using file = MmapFile.memory('memory', NEW);
    for (const target of ['file.bin', 'nowhere']) {
      const link = join(path, '..', `link-to-${target}`);
      fs.symlinkSync(target, link);
      file.writeToNewFile(link, { replace: true });
      expect(fs.lstatSync(link).isFile()).toBe(true);
      expect(fs.readFileSync(link).equals(NEW)).toBe(true);
    }
    expect(fs.readFileSync(path).equals(OLD)).toBe(true);
  });

  test('leaves other hard links to the old file alone', () => {
    const path = tempFile(OLD);
    fs.linkSync(path, `${path}.link`);
    using file = MmapFile.memory('memory', NEW);
    file.writeToNewFile(path, { replace: true });
    expect(fs.readFileSync(`${path}.link`).equals(OLD)).toBe(true);
  });

  test.each([
    ['replace: false', { replace: false }],
    ['replace: undefined', { replace: undefined }],
    ['an empty object', {}],
  ])('does not replace with %s', (_name, options) => {
    const path = tempFile(OLD);
    const before = snapshot(path);
    using file = MmapFile.memory('memory', NEW);
    expect(thrown(() => file.writeToNewFile(path, options))).toMatchObject({ code: 'EEXIST' });
    expect(thrown(() => file.writeToNewFile(path, 0, 5, options))).toMatchObject({
      code: 'EEXIST',
    });
    expect(snapshot(path)).toEqual(before);
    file.writeToNewFile(`${path}.new`, options);
    expect(fs.readFileSync(`${path}.new`).equals(NEW)).toBe(true);
  });

  whereCallsAreTraced.test(
    'is refused before a byte is written where it cannot replace a file',
    async () => {
      const directory = tempDir();
      fs.mkdirSync(join(directory, 'empty'));
      const trace = strace('openat,pwrite64,copy_file_range,renameat,renameat2,linkat');
      const said = await hearProgram('copying/replace#refused', {
        args: [directory],
        through: [...trace.through.slice(0, -1), `${trace.through.at(-1)},write`],
      });
      const codes = [...Array(5).fill('EISDIR'), 'EEXIST', 'EEXIST', 'ENOENT', 'ENOENT'];
      expect(said).toEqual(['from here', ...codes, 'to here', ['empty', 'fifo', 'socket']]);
      const log = trace
        .calls()
        .join('\n')
        .split(/.*(?:from|to) here.*/)[1];
      expect(log).not.toMatch(/O_TMPFILE|O_CREAT|pwrite64|rename|linkat/);
    },
  );

  test.each([null, 0, 1, 'true', [], {}, Buffer.alloc(1), { _mapping: {} }])(
    'refuses %j as `replace`',
    (bad) => {
      const path = tempFile(OLD);
      using file = MmapFile.memory('memory', NEW);
      const options = { replace: bad as never };
      expectArgumentError(() => file.writeToNewFile(path, options), 'replace');
      expectArgumentError(() => file.writeToNewFile(path, 0, 5, options), 'replace');
      expect(fs.readFileSync(path).equals(OLD)).toBe(true);
    },
  );

  test('takes its options in one place only, and refuses unknown ones', () => {
    const path = tempFile();
    using file = MmapFile.memory('memory', NEW);
    const replace = { replace: true };
    expectArgumentError(() => file.writeToNewFile(path, replace as never, 5), 'offset');
    expectArgumentError(() => file.writeToNewFile(path, replace as never, undefined, {}), 'offset');
    expectArgumentError(() => file.writeToNewFile(path, 0, replace as never), 'length');
    expectArgumentError(() => file.writeToNewFile(path, { overwrite: true } as never), 'overwrite');
    expectArgumentError(() => file.writeToNewFile(path, 0, 1, 5 as never), 'options');
    expect(fs.existsSync(path)).toBe(false);
  });
});

describe('a copy that may replace only one particular file', () => {
  whereOpenFilesAreReplaced.test(
    'replaces it, whatever its kind, even if it is the source itself',
    () => {
      const path = tempFile(OLD);
      for (const open of [MmapFileMut.openExisting, MmapFileMut.openCow, MmapFile.open]) {
        using old = open(path);
        using file = MmapFile.memory('memory', NEW);
        file.writeToNewFile(path, { replace: old });
        expect(fs.readFileSync(path).equals(NEW)).toBe(true);
        expect(thrown(() => old.writeToNewFile(path, { replace: old }))).toMatchObject({
          reason: 'replaced',
        });
      }
      using itself = MmapFileMut.openExisting(path);
      itself.writeUInt8(7, 0);
      itself.writeToNewFile(path, { replace: itself });
      expect(fs.readFileSync(path)[0]).toBe(7);
      expect(thrown(() => itself.remove())).toMatchObject({ reason: 'replaced' });
    },
  );

  const states: [string, (path: string) => void][] = [
    ['missing', (path) => fs.unlinkSync(path)],
    ['missing', (path) => fs.renameSync(path, `${path}.moved`)],
    ['replaced', (path) => replaceBy(path, (at) => fs.writeFileSync(at, OLD))],
    ['replaced', (path) => replaceBy(path, (at) => fs.mkdirSync(at))],
    ['symlink', (path) => replaceBy(path, (at) => fs.symlinkSync(`${path}.old`, at))],
  ];

  // On Windows making links takes a privilege, and a mapped file cannot be unlinked.
  const possible = states.filter(
    ([reason, change]) => !(isWindows && (reason === 'symlink' || change === states[0]?.[1])),
  );

  test.each(possible)('is refused as %s if the path no longer leads there', (reason, change) => {
    const path = tempFile(OLD);
    using old = MmapFile.open(path);
    using file = MmapFile.memory('memory', NEW);
    change(path);
    const names = fs.readdirSync(join(path, '..'));
    const error = thrown(() => file.writeToNewFile(path, { replace: old }));
    expect(error).toBeInstanceOf(MmapIdentityError);
    expect(error).toMatchObject({ reason, dest: path, syscall: 'rename' });
    expect(error.message).toContain(path);
    expect(fs.readdirSync(join(path, '..'))).toEqual(names);
  });

  whereCallsAreTraced.test('checks the path again right before the rename', async () => {
    const path = tempFile(OLD);
    // Stopped in the sync of the copy until the file has been replaced.
    const { through } = strace('fsync', ['fsync:signal=SIGSTOP:when=1']);
    const copying = startProgram('copying/replace#stopped', { args: [path], through });
    const pid = (await copying.said()) as number;
    const isStopped = () => /^State:\s+[Tt]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
    while (!isStopped()) await turn();
    replaceBy(path, (at) => fs.writeFileSync(at, 'other'));
    process.kill(pid, 'SIGCONT');
    expect(await copying.said()).toMatchObject({
      name: 'MmapIdentityError',
      code: 'ERR_MMAP_IDENTITY',
    });
    expect(await copying.said()).toEqual(['file.bin', 'file.bin.old']);
    expect(fs.readFileSync(path, 'utf8')).toBe('other');
  });

  test('requires `replace` to be an open file on disk', () => {
    const path = tempFile(OLD);
    using file = MmapFile.memory('memory', NEW);
    const closed = MmapFile.open(path);
    closed.close();
    const error = thrown(() => file.writeToNewFile(path, { replace: closed }));
    expect(error).toBeInstanceOf(MmapClosedError);
    expect(error).toMatchObject({ path });
    expect(thrown(() => file.writeToNewFile(path, { replace: file }))).toBeInstanceOf(
      MmapUnsupportedError,
    );
    expect(fs.readFileSync(path).equals(OLD)).toBe(true);
  });
});

wherePermissions.describe('a file that replaces another takes over its permissions:', () => {
  test.each([0o600, 0o400, 0o640, 0o666, 0o755, 0o000, 0o1644, 0o2755, 0o4755])('%o', (mode) => {
    const [path, source] = [tempFile(OLD), tempFile(NEW)];
    fs.chmodSync(path, mode);
    fs.chmodSync(source, 0o666);
    using file = MmapFile.open(source);
    using memory = MmapFile.memory('memory', NEW);
    for (const each of [file, memory]) {
      each.writeToNewFile(path, { replace: true });
      expect((fs.statSync(path).mode & 0o7777).toString(8)).toBe(mode.toString(8));
    }
  });

  test('those of its source where it replaces a link or nothing', () => {
    const source = tempFile(NEW);
    fs.chmodSync(source, 0o640);
    fs.symlinkSync('nowhere', `${source}.link`);
    using file = MmapFile.open(source);
    for (const path of [`${source}.link`, `${source}.new`]) {
      file.writeToNewFile(path, { replace: true });
      expect((fs.lstatSync(path).mode & 0o7777).toString(8)).toBe('640');
    }
  });

  const isRoot = process.getuid?.() === 0;
  test.runIf(isRoot)('and its owner, if root replaces it', () => {
    const path = tempFile(OLD);
    fs.chmodSync(path, 0o6755);
    fs.chownSync(path, 1234, 2345);
    fs.chmodSync(path, 0o6755);
    using file = MmapFile.memory('memory', NEW);
    file.writeToNewFile(path, { replace: true });
    expect(fs.statSync(path)).toMatchObject({ uid: 1234, gid: 2345 });
    expect((fs.statSync(path).mode & 0o7777).toString(8)).toBe('6755');
  });

  test.runIf(isRoot).each([
    [0o6775, 0o0755],
    [0o0660, 0o0600],
    [0o0646, 0o0646],
    [0o0664, 0o0644],
  ])('%o of another owner becomes %o, so that nobody gains access', async (mode, expected) => {
    const directory = tempDir();
    fs.chmodSync(directory, 0o777);
    const path = join(directory, 'file');
    fs.writeFileSync(path, OLD);
    fs.chownSync(path, 1234, 2345);
    fs.chmodSync(path, mode);
    await hearProgram('copying/replace#asNobody', { args: [path] });
    expect(fs.readFileSync(path, 'utf8')).toBe('text');
    expect(fs.statSync(path)).toMatchObject({ uid: 65534, gid: 65534 });
    expect((fs.statSync(path).mode & 0o7777).toString(8)).toBe(expected.toString(8));
  });
});

const failed = (code: string, content: Buffer = OLD) => [
  expect.objectContaining({ name: 'MmapError', code }),
  [['file.bin'], createHash('sha1').update(content).digest('hex'), 0],
  [false, false, false],
];

whereCallsAreTraced.describe.each(namesIn('copying/replace#SOURCES'))(
  'a replacement by %s that fails',
  (source) => {
    const fail = (files: string[], through: string[]) =>
      hearProgram('copying/replace#fail', { args: [...files, source], through });
    const renames = ['renameat', 'renameat2'].map((name) => `${name}:error=EXDEV`);

    test.each([
      ['to sync the file', 'fsync:error=EIO:when=1', 'EIO'],
      ['to name it', 'linkat:error=ENOSPC', 'ENOSPC'],
      ['to rename it', renames, 'EXDEV'],
      ['to set its permissions', 'fchmod:error=EIO', 'EIO'],
    ])('%s leaves the old file and nothing else', async (_what, faults, code) => {
      const args = [tempFile(OLD), tempFile(NEW)];
      const { through } = strace('fsync,linkat,renameat,renameat2,fchmod', [faults].flat());
      expect(await fail(args, through)).toEqual(failed(code));
    });

    test('to sync the directory has already taken place, and the error says so', async () => {
      const args = [tempFile(OLD), tempFile(OLD)];
      const { through } = strace('fsync', ['fsync:error=EIO:when=2']);
      const said = await fail(args, through);
      expect(said).toEqual(failed('EIO'));
      expect((said[0] as Error).message).toMatch(/is replaced.*syncParentDirectory/);
    });

    test('to rename it without O_TMPFILE leaves the old file and nothing else', async () => {
      const args = [tempFile(OLD), tempFile(NEW)];
      const faults = ['openat:error=EOPNOTSUPP:when=2', ...renames];
      const { through } = strace('openat,renameat,renameat2', faults, join(args[0] ?? '', '..'));
      expect(await fail(args, through)).toEqual(failed('EXDEV'));
    });

    test('because the disk is full leaves the old file', async () => {
      const directory = tempDir();
      const content = pattern(700 << 10);
      fs.writeFileSync(join(directory, 'content'), content);
      const args = [join(directory, 'mount', 'file.bin'), join(directory, 'content')];
      fs.mkdirSync(join(directory, 'mount'));
      const through = onTmpfs(join(directory, 'mount'), 'size=1m');
      const said = await hearProgram('copying/replace#makeAndFail', {
        args: [...args, source],
        through,
      });
      expect(said).toEqual(failed('ENOSPC', content));
    });
  },
);

whereCallsAreTraced.test(
  'a replacement without O_TMPFILE succeeds, from a hidden file with mode 0600',
  async () => {
    const path = tempFile(OLD);
    fs.chmodSync(path, 0o640);
    const trace = strace('openat', ['openat:error=EOPNOTSUPP:when=2'], join(path, '..'));
    await hearProgram('copying/replace#copy', { args: [path], through: trace.through });
    const made = trace.calls().filter((call) => call.includes('O_CREAT'));
    expect(made).toHaveLength(1);
    expect(made[0]).toMatch(/"\.fmmap-[0-9a-f]{16}".*O_EXCL.*, 0600\)/);
    expect(fs.readFileSync(path, 'utf8')).toBe('text');
    expect(fs.statSync(path).mode & 0o777).toBe(0o640);
  },
);

whereCallsAreTraced.test(
  'a replacement syncs the file, then renames it, then syncs the directory',
  async () => {
    const path = tempFile(OLD);
    const trace = strace('fsync,linkat,renameat,renameat2,copy_file_range,pwrite64');
    await hearProgram('copying/replace#copyItself', {
      args: [path],
      through: trace.through,
    });
    const calls = trace.calls().filter((call) => call.includes(join(path, '..')));
    const [sync, name, rename, directory] = calls.slice(-4);
    expect(sync).toMatch(/^fsync\(.*\(deleted\)\) = 0$/);
    expect(name).toMatch(/^linkat\(.*"\.fmmap-/);
    expect(rename).toMatch(/^renameat2?\(.*"\.fmmap-.*"file\.bin"/);
    expect(directory).toMatch(/^fsync\(\d+<[^>]*>\) = 0$/);
  },
);

// Not on Windows: nothing can be mounted.
describe.runIf(!isWindows && canMount('mount'))('a file that is a mount point', () => {
  test('is not replaced, and nothing is left behind', () => {
    const path = tempFile(OLD);
    const other = tempFile(NEW);
    mountOver(path, '--bind', other);
    using file = MmapFile.memory('memory', 'text');
    expect(thrown(() => file.writeToNewFile(path, { replace: true }))).toMatchObject({
      code: 'EBUSY',
      syscall: 'rename',
      dest: path,
    });
    expect(fs.readFileSync(path).equals(NEW)).toBe(true);
    expect(fs.readdirSync(join(path, '..')).filter((name) => HIDDEN.test(name))).toEqual([]);
  });
});
