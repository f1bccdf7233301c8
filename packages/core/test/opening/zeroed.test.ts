import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MmapFileMut } from '../../src/index.js';
import { expectBytes } from '../helpers/bytes.js';
import { expectArgumentError } from '../helpers/errors.js';
import {
  whereBlocksAreReserved,
  whereCallsAreTraced,
  whereFlagsOfOpen,
  whereMounts,
} from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { onTmpfs, strace } from '../helpers/strace.js';
import { pattern, tempDir, tempFile } from '../helpers/temp.js';

const SIZE = 600_001;
const ZEROED = { allocate: 'zeroed' } as const;
const allocated = (path: string) => fs.statSync(path).blocks * 512;

describe("with allocate: 'zeroed'", () => {
  whereBlocksAreReserved.test('a new file has its blocks, and so has what truncate adds', () => {
    const path = tempFile();
    using file = MmapFileMut.create(path, { ...ZEROED, maxSize: SIZE });
    expect(allocated(path)).toBeGreaterThanOrEqual(SIZE);
    file.writeUInt8(1, SIZE - 1);
    file.truncate(2 * SIZE);
    expect(allocated(path)).toBeGreaterThanOrEqual(2 * SIZE);
    const expected = Buffer.alloc(2 * SIZE);
    expected[SIZE - 1] = 1;
    expectBytes(file.asBuffer(), expected);
    expectBytes(fs.readFileSync(path), expected);
  });

  test.each([
    ['minSize', { minSize: SIZE }],
    ['truncate', { truncate: true, maxSize: SIZE }],
    ['neither', {}],
  ])('an existing file keeps its bytes: %s', (name, options) => {
    const content = pattern(1001);
    const path = tempFile(content);
    using file = MmapFileMut.openExisting(path, { ...ZEROED, ...options });
    const expected = Buffer.alloc(name === 'neither' ? 1001 : SIZE);
    if (name !== 'truncate') content.copy(expected);
    expectBytes(file.asBuffer(), expected);
    expectBytes(fs.readFileSync(path), expected);
  });

  // Whose writes go to the end, wherever they should.
  whereFlagsOfOpen.test('so does one that is opened to append', () => {
    const path = tempFile(pattern(1001));
    const expected = Buffer.alloc(2 * SIZE);
    using file = MmapFileMut.openExisting(path, { ...ZEROED, append: true, minSize: SIZE });
    file.truncate(2 * SIZE);
    pattern(1001).copy(expected);
    expectBytes(fs.readFileSync(path), expected);
    file.truncate(500);
    file.truncate(1000);
    expect(fs.readFileSync(path)).toEqual(Buffer.concat([pattern(500), Buffer.alloc(500)]));
  });

  whereCallsAreTraced.test('zeroes are written, once', async () => {
    const path = join(tempDir(), 'file.bin');
    const trace = strace('pwrite64', [], path);
    await hearProgram('opening/zeroed#growing', { args: [path], through: trace.through });
    const written = trace.calls().map((call) => Number(/= (\d+)$/.exec(call)?.[1]));
    expect(written.reduce((sum, count) => sum + count, 0)).toBe(2 * SIZE);
  });

  whereMounts.test('a disk without room leaves everything as it was', async () => {
    const directory = tempDir();
    const said = await hearProgram('opening/zeroed#full', {
      args: [directory],
      through: onTmpfs(directory, 'size=1m'),
    });
    expect(said).toEqual(['ENOSPC', false, 'ENOSPC', SIZE, 'ENOSPC', SIZE, SIZE, 7]);
  });

  test('another word is refused', () => {
    const options = { allocate: 'zeroes' as 'zeroed' };
    expectArgumentError(() => MmapFileMut.create(tempFile(), options), 'allocate');
  });
});
