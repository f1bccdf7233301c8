import { describe, expect, test } from 'vitest';
import { faultError, inPages, within } from '../helpers/faults.js';
import { makeFailingDisk } from '../helpers/file-systems.js';
import { canMount, FAILING_DISK } from '../helpers/mounting.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { tempDir } from '../helpers/temp.js';

const PAGE = 4096;
const FROM = 5 * PAGE + 100;
const SIZE = 40 * PAGE;

const OPENERS = [
  'MmapFile.open',
  'MmapFile.openExec',
  'MmapFileMut.openCow',
  'MmapFileMut.openExisting',
];

/** Where each operation meets the fault. */
const OFFSETS: Record<string, unknown> = {
  'a typed read': FROM,
  'a typed read across pages': within(6 * PAGE - 4, 6 * PAGE),
  'a view': FROM,
  'a view given to crypto': inPages(FROM, FROM + 8999),
  'a view given to Buffer.compare': inPages(FROM, FROM + 8999),
  'a view given to fs.writeSync': FROM,
  copyBytes: inPages(FROM, FROM + 8999),
  'copyBytes of less than a page': inPages(FROM),
  read: inPages(FROM),
  readExact: inPages(FROM, FROM + 8999),
  indexOf: inPages(PAGE),
  'indexOf from there on': inPages(FROM),
  lastIndexOf: inPages(SIZE - 1),
  'a reader': within(PAGE - 1, PAGE),
  'the lines of a reader': inPages(FROM, SIZE - 1),
  prefetch: FROM,
  'prefetch of what is partly there': PAGE,
  'writeToNewFile on another file system': FROM,
  'writeToNewFile on the same file system': FROM,
};

/** The second page is the first to be missing; for executable memory, it is read together with the first. */
const NOT_EXEC = ['indexOf', 'a reader', 'prefetch of what is partly there'];

describe.runIf(canMount(...FAILING_DISK))('a device that cannot be read', () => {
  test.each(OPENERS)('is a fault of %s, from which it recovers with the device', async (open) => {
    const disk = await makeFailingDisk(32 << 20);
    const path = `${disk.directory}/file.bin`;
    const acts = Object.entries(OFFSETS).filter(
      ([act]) => open !== 'MmapFile.openExec' || !NOT_EXEC.includes(act),
    );
    const said = await hearProgram('disks/io-error#read', {
      args: [path, disk.control, tempDir(), open, acts.map(([act]) => act)],
    });
    expect.soft(said.splice(-2)).toEqual([['file.bin', 'lost+found'], false]);
    expect(said.length).toBe(acts.length);
    expect(Object.keys(OFFSETS)).toEqual(namesIn('disks/io-error#ACTS'));
    for (const [index, [act, offset]] of acts.entries()) {
      const { found, after, isBack } = said[index] as Record<string, unknown>;
      expect.soft({ act, found }).toEqual({ act, found: faultError('io', offset, path) });
      expect.soft({ act, after, isBack }).toEqual({ act, after: found, isBack: true });
    }
  });

  test('does not block lockMemory', async () => {
    const disk = await makeFailingDisk(32 << 20);
    const said = await hearProgram('disks/io-error#lockMemory', {
      args: [`${disk.directory}/file.bin`, disk.control, tempDir()],
      timeout: 10_000,
    });
    const found = faultError('io', FROM, `${disk.directory}/file.bin`);
    expect(said).toEqual([{ found, after: found, isBack: true }]);
  });

  test('makes a store fault, with another cause than a full disk', async () => {
    const disk = await makeFailingDisk(32 << 20);
    const path = `${disk.directory}/file.bin`;
    const said = await hearProgram('disks/io-error#store', {
      args: [path, disk.control, tempDir()],
    });
    const found = faultError('io', FROM, path);
    const inPage = faultError('io', inPages(FROM), path);
    const all = { found, after: found, isBack: true };
    expect(said).toEqual([all, all, { ...all, found: inPage, after: inPage }, all, true]);
  });
});
