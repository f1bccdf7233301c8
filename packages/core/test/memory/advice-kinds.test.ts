import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type Advice,
  isAdviceSupported,
  MmapFaultError,
  MmapFile,
  MmapFileMut,
  MmapUnsupportedError,
  pageSize,
} from '../../src/index.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import {
  isWindows,
  whereCallsAreTraced,
  whereFilesAreCut,
  whereMounts,
  whereProc,
} from '../helpers/platform.js';
import { preloading } from '../helpers/preload.js';
import { hearProgram } from '../helpers/program.js';
import { onTmpfs } from '../helpers/strace.js';
import { pattern, snapshot, tempDir, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10 * pageSize + 100);

/** All kinds of advice, from the error message that lists them: there is no other list. */
const ALL = [...thrown(() => isAdviceSupported('?' as never)).message.matchAll(/'([a-z-]+)'/g)].map(
  ([, word]) => word as Advice,
);

const mappings: Record<string, () => MmapFile> = {
  'a file that may be read': () => MmapFile.open(tempFile(CONTENT)),
  'a file that may be executed': () => MmapFile.openExec(tempFile(CONTENT)),
  'a file that may be written': () => MmapFileMut.openExisting(tempFile(CONTENT)),
  'a part of a file': () =>
    MmapFileMut.openExisting(tempFile(CONTENT), { offset: 77, length: 5 * pageSize }),
  'a frozen file': () => MmapFileMut.openExisting(tempFile(CONTENT)).freeze(),
  'a private copy': () => changed(MmapFileMut.openCow(tempFile(CONTENT))),
  'a frozen private copy': () => changed(MmapFileMut.openCow(tempFile(CONTENT))).freeze(),
  memory: () => MmapFile.memory('memory', CONTENT),
  'memory that may be written': () => MmapFileMut.memory('memory', CONTENT),
};

function changed(file: MmapFileMut): MmapFileMut {
  file.writeAll('private', pageSize);
  return file;
}

/** Advice that loses the content of a file: never by accident. */
const EMPTIES: readonly Advice[] = ['remove'];
const isWritable = (name: string) => name.includes('may be written') || name.includes('a part');

test('there are as many kinds of advice as madvise(2) has for mapped files', () => {
  expect(ALL.length).toBeGreaterThan(15);
  expect(new Set(ALL).size).toBe(ALL.length);
});

describe.each(ALL)('%s', (advice) => {
  test.each(Object.keys(mappings))('keeps the content of %s', (name) => {
    using file = mappings[name]?.() as MmapFile;
    const before = file.copyBytes();
    const onDisk = file.path === 'memory' ? undefined : snapshot(file.path);
    const ranges = [[], [0, pageSize], [1, 3 * pageSize], [pageSize - 1, 2], [5, 0]] as const;
    for (const range of ranges) {
      const empties = EMPTIES.includes(advice) && isWritable(name);
      if (empties && (range[1] ?? pageSize) >= pageSize) continue;
      let error: unknown;
      try {
        file.advise(advice, ...range);
      } catch (caught) {
        error = caught;
        expect(error).toBeInstanceOf(MmapUnsupportedError);
        expect((error as Error).message.length).toBeGreaterThan(20);
      }
      if (!isAdviceSupported(advice)) expect(error).toBeInstanceOf(MmapUnsupportedError);
      expect(file.copyBytes().equals(before)).toBe(true);
    }
    if (onDisk && advice !== 'populate-write') expect(snapshot(file.path)).toEqual(onDisk);
    expect(file.isFaulted || file.isPoisoned).toBe(false);
  });
});

test.each(
  ALL.filter((advice) => advice !== 'collapse' && isAdviceSupported(advice)).flatMap((advice) =>
    Object.keys(mappings).map((name) => [advice, name] as const),
  ),
)('%s for %s is refused only if it would lose something or is impossible', (advice, name) => {
  using file = mappings[name]?.() as MmapFile;
  const isPrivate = name.includes('private');
  const isReadOnly = !isWritable(name) && name !== 'a private copy';
  const isRefused =
    (advice === 'dontneed' && isPrivate) ||
    (advice === 'remove' && (isPrivate || isReadOnly)) ||
    (advice === 'populate-write' && isReadOnly);
  if (isRefused) expect(thrown(() => file.advise(advice))).toBeInstanceOf(MmapUnsupportedError);
  else file.advise(advice);
});

describe('isAdviceSupported', () => {
  whereCallsAreTraced.test('returns what the kernel says', async () => {
    // Asked for an empty range.
    const numbers: Partial<Record<Advice, number>> = {
      random: 1,
      willneed: 3,
      remove: 9,
      dontfork: 10,
      mergeable: 12,
      hugepage: 14,
      dontdump: 16,
      cold: 20,
      'populate-write': 23,
      collapse: 25,
    };
    const source = `import ctypes, sys; madvise = ctypes.CDLL(None).madvise
print(' '.join(str(madvise(None, 0, int(each))) for each in sys.argv[1:]))`;
    const said = execFileSync('python3', ['-c', source, ...Object.values(numbers).map(String)]);
    const found = String(said).trim().split(' ');
    for (const [index, advice] of Object.keys(numbers).entries()) {
      expect(isAdviceSupported(advice as Advice), advice).toBe(found[index] === '0');
    }
  });

  whereCallsAreTraced.test(
    'is false for advice that an older kernel lacks, and such advice is refused',
    async () => {
      const said = await hearProgram('memory/advice-kinds#unsupported', {
        through: preloading('failing.c', { FMMAP_ADVICE: 20 }),
      });
      const refusal = {
        name: 'MmapUnsupportedError',
        message: expect.stringContaining('isAdviceSupported'),
      };
      expect(said).toEqual([false, expect.objectContaining(refusal), true, 'no error']);
    },
  );

  test.each(['free', 'wipeonfork', 'hwpoison', 'guard-install', 'dontneed-locked'])(
    'is false for %s, which no mapping takes',
    (advice) => {
      expect(isAdviceSupported(advice as Advice)).toBe(false);
      for (const open of Object.values(mappings)) {
        using file = open();
        const error = thrown(() => file.advise(advice as Advice));
        expect(error).toBeInstanceOf(MmapUnsupportedError);
        expect(error).toMatchObject({ argument: 'advice', syscall: 'madvise' });
        expect(error.message).toContain(`'${advice}'`);
      }
    },
  );

  test('refuses anything else', () => {
    for (const bad of ['', 'COLD', 'toString', 0, undefined, null, ['cold'], Symbol('cold')]) {
      expectArgumentError(() => isAdviceSupported(bad as never), 'advice');
    }
  });
});

describe.runIf(isAdviceSupported('remove'))('remove', () => {
  const zeroed = (from: number, to: number) =>
    Buffer.concat([CONTENT.subarray(0, from), Buffer.alloc(to - from), CONTENT.subarray(to)]);

  test.each([
    [0, CONTENT.length, 0, 10 * pageSize],
    [0, pageSize, 0, pageSize],
    [1, 3 * pageSize, pageSize, 3 * pageSize],
    [pageSize - 1, pageSize + 1, pageSize, 2 * pageSize],
    [pageSize, 2 * pageSize - 1, pageSize, 2 * pageSize],
    [1, pageSize - 1, 0, 0],
    [1, 2 * pageSize - 2, 0, 0],
    [10 * pageSize, 100, 0, 0],
    [5, 0, 0, 0],
  ])('of %i, %i empties only the whole pages of the range', (offset, length, from, to) => {
    const path = tempFile(CONTENT);
    using file = MmapFileMut.openExisting(path);
    using memory = MmapFileMut.memory('memory', CONTENT);
    for (const each of [file, memory]) {
      const view = each.asBuffer();
      each.advise('remove', offset, length);
      expect(view.equals(zeroed(from, to))).toBe(true);
      expect(each.copyBytes().equals(zeroed(from, to))).toBe(true);
    }
    expect(fs.readFileSync(path).equals(zeroed(from, to))).toBe(true);
  });

  test('leaves the file around a mapped part alone', () => {
    const path = tempFile(CONTENT);
    using file = MmapFileMut.openExisting(path, { offset: 77, length: 3 * pageSize });
    file.advise('remove');
    expect(fs.readFileSync(path).equals(zeroed(pageSize, 3 * pageSize))).toBe(true);
  });

  test('frees the blocks and the memory', () => {
    using file = MmapFileMut.create(tempFile(), { maxSize: 2 ** 22, allocate: true });
    using memory = MmapFileMut.memory('memory', pattern(2 ** 22));
    for (const each of [file, memory]) {
      expect(each.stat().blocks * 512).toBeGreaterThanOrEqual(2 ** 22);
      each.advise('remove', 0, 2 ** 21);
      expect(each.stat().blocks * 512).toBeLessThan(2 ** 22 - 2 ** 20);
      expect(each.length).toBe(2 ** 22);
    }
  });

  test('is refused while the memory is locked, and the error says so', () => {
    using file = MmapFileMut.memory('memory', CONTENT);
    file.lockMemory();
    expect(thrown(() => file.advise('remove')).message).toContain('lockMemory');
    expect(file.copyBytes().equals(CONTENT)).toBe(true);
    file.unlockMemory();
    file.advise('remove');
    expect(file.readUInt8(1)).toBe(0);
  });
});

test.runIf(isAdviceSupported('populate-read'))('populating makes pages present', () => {
  using file = MmapFile.open(tempFile(CONTENT));
  file.advise('populate-read', pageSize + 1, 1);
  expect(file.residency(pageSize, 1)).toEqual(Uint8Array.of(1));
});

describe.runIf(isAdviceSupported('populate-write'))('populating for stores', () => {
  test('makes pages of a private mapping private', () => {
    const path = tempFile(CONTENT);
    using cow = MmapFileMut.openCow(path);
    cow.advise('populate-write', 0, pageSize);
    fs.writeFileSync(path, Buffer.alloc(CONTENT.length, 0xee), { flag: 'r+' });
    expect(cow.copyBytes(0, pageSize).equals(CONTENT.subarray(0, pageSize))).toBe(true);
    expect(cow.readUInt8(pageSize)).toBe(0xee);
  });

  whereFilesAreCut.test('of vanished pages is a fault', () => {
    const path = tempFile(CONTENT);
    for (const advice of ['populate-read', 'populate-write'] as const) {
      fs.writeFileSync(path, CONTENT);
      using file = MmapFileMut.openExisting(path);
      fs.truncateSync(path, pageSize);
      const error = thrown(() => file.advise(advice));
      expect(error).toBeInstanceOf(MmapFaultError);
      expect(error).toMatchObject({ offset: pageSize });
    }
  });

  whereMounts.test('throws ENOSPC on a full disk, and loses nothing', async () => {
    const directory = tempDir();
    const [error, state] = await hearProgram('memory/advice-kinds#fullDisk', {
      args: [directory],
      through: onTmpfs(directory, 'size=1m'),
    });
    expect(error).toMatchObject({ name: 'MmapError', code: 'ENOSPC', syscall: 'madvise' });
    expect(state).toEqual([false, false, 'stored']);
  });
});

whereProc.describe('advice that the kernel records for pages', () => {
  /** Flags of the area at the first page of the file, as in /proc/self/smaps. */
  const flagsOf = (path: string): string[] => {
    const areas = fs.readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-)/m);
    const area = areas.find((text) => text.split('\n', 1)[0]?.includes(path));
    return (
      /^VmFlags: (.*)$/m
        .exec(area ?? '')?.[1]
        ?.trim()
        .split(' ') ?? []
    );
  };

  test.each([
    ['dontfork', 'dofork', 'dc'],
    ['dontdump', 'dodump', 'dd'],
    ['random', 'normal', 'rr'],
    ['sequential', 'normal', 'sr'],
    ['hugepage', 'nohugepage', 'hg'],
    ['mergeable', 'unmergeable', 'mg'],
  ] as const)('is set by %s and cleared by %s', (advice, opposite, flag) => {
    if (!isAdviceSupported(advice)) return;
    const path = tempFile(CONTENT);
    using file = MmapFileMut.openCow(path);
    file.advise(advice);
    expect(flagsOf(path)).toContain(flag);
    file.advise(opposite);
    expect(flagsOf(path)).not.toContain(flag);
  });
});

test.each([2 ** 16, 2 ** 21, 2 ** 30])(
  'hugePages with a size, %i, is refused, and the error says what to use instead',
  (hugePages) => {
    const options = { hugePages: hugePages as never };
    for (const open of [
      () => MmapFileMut.anonymous(2 ** 21, options),
      () => MmapFile.memory('memory', 'text', options),
      () => MmapFile.open(tempFile('text'), options),
    ]) {
      const error = thrown(open);
      expect(error).toBeInstanceOf(MmapUnsupportedError);
      expect(error).toMatchObject({ argument: 'hugePages' });
      expect(error.message).toMatch(/hugetlbfs.*true/);
    }
    for (const bad of [0, 1, 3, 1.5, Number.NaN, -hugePages, hugePages + 1, pageSize, '2M']) {
      expectArgumentError(() => MmapFileMut.anonymous(1, { hugePages: bad as never }), 'hugePages');
    }
  },
);

describe('pageSize', () => {
  test('is that of the system, and the unit of residency', () => {
    if (!isWindows) expect(pageSize).toBe(Number(execFileSync('getconf', ['PAGESIZE'])));
    using file = MmapFile.memory('memory', CONTENT);
    expect(file.residency()).toHaveLength(Math.ceil(CONTENT.length / pageSize));
  });
});
