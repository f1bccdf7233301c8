import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeDisk } from '../../core/test/helpers/file-systems.js';
import { canMount } from '../../core/test/helpers/mounting.js';
import { whereMounts } from '../../core/test/helpers/platform.js';
import { hearProgram, namesIn, runProgram, startProgram } from '../../core/test/helpers/program.js';
import { onTmpfs } from '../../core/test/helpers/strace.js';
import { tempDir, tempFile } from '../../core/test/helpers/temp.js';

const MIB = 2 ** 20;

/** A program of `programs/room.cjs`. */
const program = (name: string): URL => new URL(`programs/room.cjs#${name}`, import.meta.url);

function expectWhole(path: string, bytes = 5 * MIB): void {
  const content = fs.readFileSync(path);
  expect(content.length).toBe(bytes);
  expect(content.every((byte) => byte === 120)).toBe(true);
}

describe('no room that was made and not used is left in the file after', () => {
  test.each(namesIn(program('ENDS')))('%s', async (end) => {
    const path = tempFile();
    await hearProgram(program('end'), { args: [end, path] });
    expectWhole(path);
  });

  test('an error that nobody catches', async () => {
    const path = tempFile();
    expect((await runProgram(program('uncaught'), { args: [path] })).code).toBe(1);
    expectWhole(path);
  });

  test.each(['process.exit()', 'terminate'])('the end of a thread, by %s', async (how) => {
    const path = tempFile();
    await hearProgram(program('thread'), { args: [how, path] });
    expectWhole(path);
  });

  test('a stream that was dropped with its file', async () => {
    const path = tempFile();
    await hearProgram(program('dropped'), { args: [path] });
    expectWhole(path);
  });

  whereMounts.test('a fault', async () => {
    const directory = tempDir();
    const said = await hearProgram(program('fault'), {
      args: [directory],
      through: onTmpfs(directory, 'size=8m'),
    });
    const length = MIB + 100_000;
    expect(said).toEqual([true, 'no-space', 'no-space', [true, length], [length, true]]);
  });

  test('the length that somebody else has given the file stays', async () => {
    const path = tempFile();
    await hearProgram(program('lengthened'), { args: [path] });
    expect(fs.statSync(path).size).toBe(20 * MIB);
  });

  test('and little of it after SIGKILL', async () => {
    const path = tempFile();
    const child = startProgram(program('killed'), { args: [path] });
    const acknowledged = (await child.said()) as number;
    child.process.kill('SIGKILL');
    await child.done;
    const content = fs.readFileSync(path);
    expect(content.subarray(0, acknowledged).every((byte) => byte === 120)).toBe(true);
    expect(content.subarray(acknowledged).every((byte) => byte === 0)).toBe(true);
    expect(content.length).toBeLessThanOrEqual(acknowledged + 16 * MIB);
  });
});

/** Where there is room for some 20 MiB. */
const DISKS = {
  tmpfs: () => {
    const directory = tempDir();
    return { directory, through: onTmpfs(directory, 'size=20m') };
  },
  ext4: () => ({ directory: makeDisk('ext4', 24 * MIB).directory, through: [] }),
  xfs: () => ({ directory: makeDisk('xfs', 300 * MIB).directory, through: [] }),
};

test.runIf(canMount('mount', 'mkfs.ext4', 'mkfs.xfs')).each(Object.entries(DISKS))(
  'a full disk rejects a write with ENOSPC, and the file has what was written before, on %s',
  async (_, make) => {
    const { directory, through } = make();
    const [failed, written, size, isWhole, again] = await hearProgram(program('fullDisk'), {
      args: [join(directory, 'file.bin')],
      through,
    });
    expect(failed).toEqual(['MmapError', 'ENOSPC', 'fallocate']);
    expect(written).toBeGreaterThan(5 * MIB);
    expect([size, isWhole, again]).toEqual([written, true, written]);
  },
  60_000,
);
