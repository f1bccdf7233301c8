import * as fs from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MmapFaultError, MmapRangeError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { whereFilesAreCut } from '../../test/helpers/platform.js';
import { pattern } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { coldFile } from './cold.js';
import { rejected } from './rejections.js';

const PAGE = 4096;
const CONTENT = pattern(2 ** 20 + 77);

/** Each in a page of its own. */
const OFFSETS = Array.from({ length: 200 }, (_, index) => (index * 7919 * PAGE) % 2 ** 20);

const expectAt = (offset: number, found: Uint8Array) =>
  expectBytes(found, CONTENT.subarray(offset, offset + found.length));

test('reads at once, of any sizes, each get their bytes', async () => {
  const read = fc.record({
    offset: fc.integer({ min: 0, max: CONTENT.length + PAGE }),
    length: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 ** 16 + PAGE })),
    isExact: fc.boolean(),
    isShared: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(read, { minLength: 1, maxLength: 100 }),
      fc.integer({ min: 0, max: 5000 }),
      async (reads, start) => {
        await using file = await AsyncMmapFile.open(coldFile(CONTENT), { offset: start });
        const content = CONTENT.subarray(start);
        await Promise.all(
          reads.map(async ({ offset, length, isExact, isShared }) => {
            const Memory = isShared ? SharedArrayBuffer : ArrayBuffer;
            const target = new Uint8Array(new Memory(length)).fill(0xaa);
            const expected = content.subarray(offset, offset + length);
            if (!isExact) expect(await file.read(target, offset)).toBe(expected.length);
            else if (offset + length <= content.length) await file.readExact(target, offset);
            else {
              const error = await rejected(file.readExact(target, offset));
              expect(error).toBeInstanceOf(MmapRangeError);
              return expectBytes(target, Buffer.alloc(length, 0xaa));
            }
            expectBytes(target.subarray(0, expected.length), expected);
            const rest = target.subarray(expected.length);
            return expectBytes(rest, Buffer.alloc(rest.length, 0xaa));
          }),
        );
      },
    ),
    { numRuns: 20 },
  );
});

test('a target that is taken away meanwhile fails its own read, and no other', async () => {
  await using file = await AsyncMmapFile.open(coldFile(CONTENT));
  const reads = OFFSETS.map((offset, index) => {
    const target = new Uint8Array(PAGE);
    const reading = file.read(target, offset);
    const moved = index % 2 === 1 ? structuredClone(target, { transfer: [target.buffer] }) : target;
    return { offset, target, reading, moved };
  });
  const found = await Promise.allSettled(reads.map(({ reading }) => reading));
  for (const [index, { offset, target, moved }] of reads.entries()) {
    const { status } = found[index] as PromiseSettledResult<number>;
    // What is in memory is copied during the call.
    if (status === 'fulfilled') expectAt(offset, moved);
    else expect([target.length, moved]).toEqual([0, new Uint8Array(PAGE)]);
    if (index % 2 === 0) expect(status).toBe('fulfilled');
  }
});

test('a close waits for the reads before it', async () => {
  const file = await AsyncMmapFile.open(coldFile(CONTENT));
  const reads = OFFSETS.map(async (offset) => {
    const target = new Uint8Array(PAGE);
    expect(await file.read(target, offset)).toBe(PAGE);
    expectAt(offset, target);
  });
  await Promise.all([...reads, file.close()]);
});

test('reads after a change that is not waited for see what it leaves', async () => {
  await using file = await AsyncMmapFileMut.open(coldFile(CONTENT));
  const read = async (offset: number) => {
    const target = new Uint8Array(PAGE);
    const count = await file.read(target, offset);
    expectAt(offset, target.subarray(0, count));
    return count;
  };
  const all = await Promise.all([...OFFSETS.map(read), file.truncate(0), ...OFFSETS.map(read)]);
  for (const count of all) expect([undefined, 0, PAGE]).toContain(count);
  expect(await read(0)).toBe(0);
});

whereFilesAreCut.test('reads of what another process cuts meanwhile make up no byte', async () => {
  for (const size of [0, PAGE, 2 ** 19]) {
    const path = coldFile(CONTENT);
    await using file = await AsyncMmapFile.open(path);
    const reads = OFFSETS.map(async (offset) => {
      const target = new Uint8Array(PAGE);
      expect(await file.read(target, offset)).toBe(PAGE);
      expectAt(offset, target);
    });
    fs.truncateSync(path, size);
    for (const one of await Promise.allSettled(reads)) {
      if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(MmapFaultError);
    }
  }
});
