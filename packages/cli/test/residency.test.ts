import * as fs from 'node:fs';
import { MmapFile, pageSize } from '@fmmap/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pattern } from '../../core/test/helpers/temp.js';
import { residentRuns } from '../src/residency.js';
import { fileOnDisk } from './helpers/files.js';
import { fmmap, objects, preload, said } from './helpers/run.js';

const PAGES = 64;
const CONTENT = pattern(PAGES * pageSize + 17);

/** A file of which only some parts, each a multiple of 16 pages, are in memory. */
async function partlyRead(...parts: readonly [page: number, pages: number][]): Promise<string> {
  const path = fileOnDisk(CONTENT);
  await said('evict', path);
  for (const [page, pages] of parts) {
    const args = ['-o', String(page * pageSize), '-l', String(pages * pageSize)];
    await said('prefetch', ...args, path);
  }
  return path;
}

/** Which pages are in memory, according to the library. */
function pagesOf(path: string): number[] {
  using file = MmapFile.open(path);
  return [...file.residency()];
}

describe('evict and prefetch', () => {
  test('leave nothing of a file in memory, or all of it', async () => {
    const path = fileOnDisk(CONTENT); // and not yet on the disk
    const bytes = CONTENT.length;
    expect(await objects('evict', '--json', path)).toEqual([
      { path, offset: 0, length: bytes, residentBytesBefore: bytes, residentBytes: 0 },
    ]);
    expect(pagesOf(path)).not.toContain(1);
    expect(await objects('prefetch', '--json', path)).toEqual([
      { path, offset: 0, length: bytes, residentBytesBefore: 0, residentBytes: bytes },
    ]);
    expect(pagesOf(path)).not.toContain(0);
    expect(await said('evict', path)).toBe(
      `${path}: 256 KiB evicted; 0 B of 256 KiB in memory (0 %)\n`,
    );
    expect(await said('prefetch', path)).toBe(
      `${path}: 256 KiB read in; 256 KiB of 256 KiB in memory (100 %)\n`,
    );
    expect(await said('prefetch', path)).toBe(
      `${path}: 0 B read in; 256 KiB of 256 KiB in memory (100 %)\n`,
    );
  });

  test('evict what another processor has just written, every time', async () => {
    const path = fileOnDisk('x');
    const options = { flags: preload('written-elsewhere'), env: { FMMAP_FILE: path } };
    const ran = await fmmap(['evict', ...new Array(40).fill(path)], options);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toBe(
      `${path}: 160 KiB evicted; 0 B of 160 KiB in memory (0 %)\n`.repeat(40),
    );
  });

  test('do it with a part of a file', async () => {
    const path = fileOnDisk(CONTENT);
    await said('prefetch', path);
    await said('evict', '-o', String(16 * pageSize), '-l', String(16 * pageSize), path);
    const pages = pagesOf(path);
    expect(pages.slice(16, 32)).not.toContain(1);
    expect([...pages.slice(0, 16), ...pages.slice(32)]).not.toContain(0);
  });

  test('take several files, empty ones, and go on after an error', async () => {
    const [one, two] = [fileOnDisk('one'), fileOnDisk('')];
    const missing = `${one}.missing`;
    const { code, stdout, stderr } = await fmmap(['prefetch', one, missing, two]);
    expect(code).toBe(2);
    expect(stderr).toBe(`fmmap: ${missing}: no such file or directory\n`);
    expect(stdout).toMatch(/3 B of 3 B.*\(100 %\)\n.*0 B of 0 B in memory \(0 %\)\n$/);
    expect(await fmmap(['evict', two])).toMatchObject({ code: 0 });
  });

  test('evict ends with 1 if a part stays, as what is locked in memory does', async () => {
    const path = fileOnDisk(CONTENT);
    using file = MmapFile.open(path);
    file.lockMemory(0, 4 * pageSize);
    const { code, stdout, stderr } = await fmmap(['evict', path]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/evicted; \d+ KiB of 256 KiB in memory/);
    expect([...file.residency(0, 4 * pageSize)]).toEqual([1, 1, 1, 1]);
  });

  test('prefetch ends with 1 if a part does not stay', async () => {
    const path = fileOnDisk(CONTENT);
    await said('evict', path);
    const ran = await fmmap(['prefetch', path], { flags: preload('forgetful') });
    expect(ran).toMatchObject({ code: 1, stderr: '' });
    expect(ran.stdout).toContain('0 B read in; 0 B of 256 KiB in memory (0 %)');
  });
});

describe('residency', () => {
  test('draws what is in memory, and changes nothing of it', async () => {
    const path = await partlyRead([0, 16], [32, 16]);
    const before = pagesOf(path);
    const part = before.reduce((sum, page) => sum + page, 0);
    const { stdout } = await fmmap(['residency', path], { env: { COLUMNS: '76' } });
    const [name, bar = '', sentence] = stdout.split('\n');
    expect(name).toBe(path);
    // 65 cells for 64 pages and a bit: almost one for each.
    const cells = /^\[(.{65})\] \d+(\.\d)? %$/.exec(bar)?.[1] ?? '';
    expect(cells.length).toBe(65);
    for (const [page, isThere] of before.slice(0, 64).entries()) {
      if (isThere === before[page + 1])
        expect(cells.charAt(page), `${page}`).toMatch(isThere ? /█/ : / /);
    }
    expect(sentence).toMatch(new RegExp(`^${part} of 65 pages, \\d+ KiB of 256 KiB in memory$`));
    expect(pagesOf(path)).toEqual(before);
  });

  test('tells runs in JSON, exactly', async () => {
    const path = await partlyRead([16, 16], [48, 8]);
    const [found] = await objects('residency', '--json', path);
    const pages = new Array(PAGES + 1).fill(0);
    const runs = found?.resident as { offset: number; length: number }[];
    for (const { offset, length } of runs) {
      pages.fill(1, offset / pageSize, Math.ceil((offset + length) / pageSize));
    }
    expect(pages).toEqual(pagesOf(path));
    expect(found).toMatchObject({
      path,
      size: CONTENT.length,
      offset: 0,
      length: CONTENT.length,
      pageSize,
      pages: PAGES + 1,
      residentPages: pages.reduce((sum, page) => sum + page),
      residentBytes: runs.reduce((sum, { length }) => sum + length, 0),
    });
  });

  test('looks at a part, whose ends may lie within pages', async () => {
    const path = fileOnDisk(CONTENT);
    const [found] = await objects('residency', '--json', '-o', '100', '-l', '5000', path);
    expect(found).toMatchObject({
      offset: 100,
      length: 5000,
      pages: 2,
      residentPages: 2,
      residentBytes: 5000,
      resident: [{ offset: 100, length: 5000 }],
    });
    const [end] = await objects('residency', '--json', '-o', String(CONTENT.length - 5), path);
    expect(end).toMatchObject({ length: 5, pages: 1, residentBytes: 5 });
  });

  test('draws in ASCII where there is nothing else', async () => {
    const path = fileOnDisk(CONTENT);
    const { stdout } = await fmmap(['residency', path], { env: { LANG: 'C' } });
    expect(stdout).toContain(`[${'O'.repeat(69)}] 100 %\n`);
  });

  test('takes empty files, and those of any size', async () => {
    const empty = await fmmap(['residency', fileOnDisk('')]);
    expect(empty).toMatchObject({ code: 0, stderr: '' });
    expect(empty.stdout).toMatch(/^\[ +\] 0 %\n0 of 0 pages, 0 B of 0 B in memory$/m);
    const path = fileOnDisk('x');
    fs.truncateSync(path, 2 ** 35);
    const [found] = await objects('residency', '--json', path);
    expect(found).toMatchObject({ pages: 2 ** 35 / pageSize, resident: [{ offset: 0 }] });
  });

  test('says so where the system tells it only to others', async () => {
    // Of root, and readable by everyone.
    const path = '/etc/passwd';
    const ran = await fmmap(['residency', path], { asNobody: true });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/^fmmap: \/etc\/passwd: the system tells only those who own it/);
    const evicted = await fmmap(['evict', path], { asNobody: true });
    expect(evicted).toMatchObject({ code: 2, stdout: '' });
    expect(evicted.stderr).toMatch(/only they may evict it\n$/);
    const fetched = await fmmap(['prefetch', path], { asNobody: true });
    expect(fetched).toMatchObject({ code: 0, stderr: '' });
    expect(fetched.stdout).toMatch(/^\/etc\/passwd: \d.* read in\n$/);
    const json = await fmmap(['prefetch', '--json', path], { asNobody: true });
    expect(JSON.parse(json.stdout)).toMatchObject({
      residentBytesBefore: null,
      residentBytes: null,
    });
    const facts = await fmmap(['stat', '--json', path], { asNobody: true });
    expect(JSON.parse(facts.stdout)).toMatchObject({ residentPages: null, residentBytes: null });
    const lines = await fmmap(['stat', path], { asNobody: true });
    expect(lines.stdout).toMatch(/resident +unknown: the system tells only/);
  });

  test('says that Windows does not tell', async () => {
    const elsewhere = { flags: preload('elsewhere'), env: { FMMAP_PLATFORM: 'win32' } };
    const path = fileOnDisk('x');
    for (const command of ['residency', 'evict']) {
      const ran = await fmmap([command, path], elsewhere);
      expect(ran).toMatchObject({ code: 2, stdout: '' });
      expect(ran.stderr).toContain('Windows tells only what a process itself has in memory');
    }
    expect(await fmmap(['prefetch', path], elsewhere)).toMatchObject({
      code: 0,
      stdout: `${path}: 1 B read in\n`,
    });
  });
});

test('runs are those of the pages, however they are spread over pieces', () => {
  const page = fc.constantFrom(0, 1);
  const lengths = fc.tuple(fc.nat(3 * pageSize), fc.nat(12 * pageSize));
  fc.assert(
    fc.property(
      fc.array(page, { minLength: 16, maxLength: 16 }),
      lengths,
      (pages, [offset, length]) => {
        const first = (at: number) => Math.floor(at / pageSize);
        const fake = {
          residency: (at: number, size: number) =>
            Uint8Array.from(pages.slice(first(at), Math.ceil((at + size) / pageSize))),
        };
        const runs = [
          ...residentRuns(fake as unknown as MmapFile, { offset, length }, 4 * pageSize),
        ];
        const bytes = Array.from({ length: length }, (_, at) => pages[first(offset + at)]);
        const shown = new Array(length).fill(0);
        for (const run of runs)
          shown.fill(1, run.offset - offset, run.offset - offset + run.length);
        expect(shown).toEqual(bytes);
        for (const [index, run] of runs.entries()) {
          expect(run.length).toBeGreaterThan(0);
          const before = runs[index - 1];
          if (before) expect(run.offset).toBeGreaterThan(before.offset + before.length);
        }
      },
    ),
    { numRuns: 50 },
  );
});
