import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type Advice,
  isAdviceSupported,
  MmapFile,
  MmapFileMut,
  MmapUnsupportedError,
} from '../../src/index.js';
import { expectBytes } from '../helpers/bytes.js';
import { expectArgumentError } from '../helpers/errors.js';
import {
  isWindows,
  pagesComeAlone,
  whereProc,
  whereUnlinkedFilesAreMapped,
} from '../helpers/platform.js';
import { lockedKiB } from '../helpers/process.js';
import { hearProgram } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(10 * PAGE);
const ADVICE: Advice[] = [
  'normal',
  'random',
  'sequential',
  'willneed',
  'dontneed',
  'hugepage',
  'nohugepage',
  'cold',
  'pageout',
];

/** On Windows, only those that it has. */
const advices = ADVICE.filter((advice) => isAdviceSupported(advice) || !isWindows);

/** A file of ten pages, none of which was ever in memory or on the disk. */
function sparseFile(): string {
  const path = tempFile('');
  fs.truncateSync(path, 10 * PAGE);
  return path;
}

describe('advise', () => {
  test.each(advices)('%s leaves the content unchanged, in any range', (advice) => {
    const path = tempFile(CONTENT);
    using file = MmapFileMut.openExisting(path, { offset: 1 });
    file.writeAll('changed', 5000);
    const expected = file.copyBytes();
    try {
      file.advise(advice);
    } catch (error) {
      // A kernel may be built without huge pages, and then reports it in one way only.
      expect(error).toBeInstanceOf(MmapUnsupportedError);
      expect(advice).toMatch(/hugepage/);
    }
    for (const range of [[0], [4999, 3], [10 * PAGE - 1], [7, 0]] as const) {
      if (!/hugepage/.test(advice)) file.advise(advice, ...range);
      expectBytes(file.copyBytes(), expected);
    }
    expectBytes(fs.readFileSync(path).subarray(1), expected);
  });

  test('takes every advice for read-only and memory mappings too', () => {
    using disk = MmapFile.open(tempFile(CONTENT));
    using memory = MmapFile.memory('memory', CONTENT);
    for (const file of [disk, memory]) {
      for (const advice of advices.filter((name) => !name.includes('hugepage')))
        file.advise(advice);
      expectBytes(file.copyBytes(), CONTENT);
    }
  });

  test('does not discard the content of a private copy, frozen or not', () => {
    using cow = MmapFileMut.openCow(tempFile(CONTENT));
    cow.writeAll('private');
    expect(() => cow.advise('dontneed')).toThrow(MmapUnsupportedError);
    for (const advice of ['normal', 'cold', 'pageout', 'willneed'] as const)
      if (advices.includes(advice)) cow.advise(advice);
    using frozen = cow.freeze();
    expect(() => frozen.advise('dontneed', 0, 1)).toThrow(MmapUnsupportedError);
    expect(frozen.copyBytes(0, 7).toString()).toBe('private');
  });

  test('must be a known one, for a range within the file', () => {
    using file = MmapFile.memory('memory', CONTENT);
    for (const advice of ['WILLNEED', '', 'toString', 0, undefined, null]) {
      expectArgumentError(() => file.advise(advice as never), 'advice');
    }
    expectArgumentError(() => file.advise('normal', CONTENT.length + 1), 'offset');
    expectArgumentError(() => file.advise('normal', -1), 'offset');
    expectArgumentError(() => file.advise('normal', 0, 1.5), 'length');
    using empty = MmapFileMut.anonymous(0);
    empty.advise('willneed');
  });
});

describe('prefetch and residency', () => {
  /** Expects these pages to be in memory, and no others where pages come alone. */
  const expectPages = (found: Uint8Array, ...expected: number[]) => {
    const others = pagesComeAlone ? found : found.map((page, at) => page & (expected[at] ?? 1));
    expect(others).toEqual(Uint8Array.from(expected));
  };

  test('bring pages in, and report which pages are in memory', () => {
    using file = MmapFile.open(sparseFile());
    if (!isWindows) file.advise('random'); // no page is read ahead
    expect(file.residency()).toEqual(new Uint8Array(10));
    file.prefetch(3 * PAGE + 1, PAGE);
    expectPages(file.residency(), 0, 0, 0, 1, 1, 0, 0, 0, 0, 0);
    expectPages(file.residency(2 * PAGE, 2 * PAGE), 0, 1);
    file.readUInt8(7 * PAGE);
    expect(file.residency(7 * PAGE + 9, 1)).toEqual(Uint8Array.of(1));
    file.prefetch();
    expect(file.residency()).toEqual(new Uint8Array(10).fill(1));
  });

  test('count every page that a range touches', () => {
    using file = MmapFile.open(tempFile(CONTENT), { offset: PAGE + 100 });
    const touched = (offset: number, length: number) => file.residency(offset, length).length;
    expect(touched(0, 1)).toBe(1);
    expect(touched(0, PAGE - 100)).toBe(1);
    expect(touched(0, PAGE - 99)).toBe(2);
    expect(touched(PAGE - 101, 2)).toBe(2);
    expect(touched(PAGE - 100, PAGE)).toBe(1);
    expect(touched(17, 0)).toBe(0);
    expect(file.residency()).toHaveLength(9);
    expect(file.residency(file.length)).toHaveLength(0);
    expectArgumentError(() => file.residency(file.length + 1), 'offset');
    expectArgumentError(() => file.prefetch(0, file.length + 1), 'length');
  });

  test('work for memory, private copies and empty files', () => {
    using memory = MmapFileMut.anonymous(3 * PAGE);
    expect(memory.residency()).toEqual(new Uint8Array(3));
    memory.writeUInt8(1, PAGE);
    expect(memory.residency()[1]).toBe(1);
    memory.prefetch();
    expect(memory.residency()).toEqual(new Uint8Array(3).fill(1));
    using cow = MmapFileMut.openCow(sparseFile());
    cow.fill(1);
    expect(cow.residency()).toEqual(new Uint8Array(10).fill(1));
    using empty = MmapFile.open(tempFile(''));
    empty.prefetch();
    expect(empty.residency()).toHaveLength(0);
  });
});

describe('lockMemory', () => {
  whereProc.test('keeps the pages of a range in memory until unlockMemory or close', () => {
    const before = lockedKiB() as number;
    const file = MmapFile.open(tempFile(CONTENT), { offset: 100 });
    file.lockMemory(PAGE - 101, 2);
    expect(lockedKiB()).toBe(before + 8);
    file.lockMemory();
    expect(lockedKiB()).toBe(before + 40);
    file.unlockMemory(0, PAGE);
    expect(lockedKiB()).toBe(before + 32);
    file.unlockMemory();
    expect(lockedKiB()).toBe(before);
    file.lockMemory(0, 0);
    expect(lockedKiB()).toBe(before);
    file.lockMemory();
    file.close();
    expect(lockedKiB()).toBe(before);
  });

  whereProc.test('is undone for every window that the file has been mapped in', () => {
    const before = lockedKiB() as number;
    using file = MmapFileMut.open(tempFile(CONTENT));
    const view = file.asBuffer();
    file.lockMemory();
    for (const pages of [100, 1000, 10]) {
      file.truncate(pages * PAGE);
      file.lockMemory(0, 2 * PAGE);
    }
    file.unlockMemory();
    expect(lockedKiB()).toBe(before);
    expect(view.length).toBe(CONTENT.length);
  });

  whereProc.test('fails beyond RLIMIT_MEMLOCK without privileges, and locks nothing', async () => {
    const through = ['prlimit', '--memlock=16384:16384'];
    if (process.getuid?.() === 0) through.unshift('setpriv', '--reuid=65534', '--clear-groups');
    const path = tempFile(CONTENT);
    const [atLimit, error, after] = await hearProgram('memory/advice#lock', {
      args: [path],
      through,
    });
    expect(atLimit).toBe('16');
    expect(error).toMatchObject({
      name: 'MmapError',
      code: 'ENOMEM',
      errno: -12,
      syscall: 'mlock',
      path,
    });
    expect(after).toEqual(['0', CONTENT[1]]);
  });
});

describe('stat', () => {
  /** Without the symbols under which Node 26 keeps parts of the times. */
  const statOf = (path: string) => {
    const stats = fs.statSync(path);
    for (const symbol of Object.getOwnPropertySymbols(stats)) Reflect.deleteProperty(stats, symbol);
    return stats;
  };

  test('returns what fs.fstat returns for the file', () => {
    const path = tempFile(CONTENT);
    using file = MmapFileMut.openExisting(path, { offset: 10 });
    expect(file.stat()).toEqual(statOf(path));
    expect(file.stat({})).toBeInstanceOf(fs.Stats);
    expect(file.stat({ bigint: false }).mtime).toEqual(statOf(path).mtime);
    expect(file.stat({ bigint: true })).toEqual(fs.statSync(path, { bigint: true }));
    expect(typeof file.stat({ bigint: true }).mtimeNs).toBe('bigint');
    file.truncate(123_456);
    expect(file.stat().size).toBe(123_456);
  });

  test.each([false, true])('has the times that Node makes on demand, with bigint: %s', (bigint) => {
    const path = tempFile(CONTENT);
    using file = MmapFile.open(path);
    const [found, expected] = [file.stat({ bigint } as object), fs.statSync(path, { bigint })].map(
      (stats) => stats as unknown as Record<string, unknown>,
    ) as [Record<string, unknown>, Record<string, unknown>];
    const names = ['atime', 'mtime', 'ctime', 'birthtime'].flatMap((n) => [n, `${n}Instant`]);
    for (const name of names) {
      expect(name in found, name).toBe(name in expected);
      expect(String(found[name]), name).toBe(String(expected[name]));
      expect(found[name]).toBe(found[name]);
    }
    found.mtime = 5;
    expect(found.mtime).toBe(5);
  });

  test('describes the open file, whatever is at its path now', () => {
    const path = tempFile(CONTENT);
    using file = MmapFile.open(path);
    const { ino } = statOf(path);
    fs.renameSync(path, `${path}.moved`);
    fs.writeFileSync(path, 'another');
    expect(file.stat().ino).toBe(ino);
    const moved = statOf(`${path}.moved`); // before: under Wine, asking for it counts as an access
    expect(file.stat()).toEqual(moved);
    expect(statOf(path).size).toBe(7);
  });

  whereUnlinkedFilesAreMapped.test(
    'describes the open file even if it has no name any more',
    () => {
      const path = tempFile(CONTENT);
      using file = MmapFile.open(path);
      const { ino } = statOf(path);
      fs.unlinkSync(path);
      fs.writeFileSync(path, 'another');
      expect(file.stat()).toMatchObject({ ino, nlink: 0, size: CONTENT.length });
      expect(statOf(path).size).toBe(7);
    },
  );

  test('reports the size of memory', () => {
    using file = MmapFileMut.memory('memory', CONTENT);
    expect(file.stat().size).toBe(CONTENT.length);
    expect(file.stat({ bigint: true }).size).toBe(BigInt(CONTENT.length));
  });
});
