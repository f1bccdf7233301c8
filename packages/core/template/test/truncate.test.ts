import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapRangeError, MmapUnsupportedError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { turn } from '../../test/helpers/process.js';
import { pattern, snapshot, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { coldFile } from './cold.js';
import { expectArgumentRejection, rejected } from './rejections.js';

const PAGE = 4096;
/** Without a zero in it. */
const CONTENT = pattern(10 * PAGE + 100).map((byte) => byte || 1) as Buffer;
const content = (length: number) =>
  Buffer.concat([CONTENT.subarray(0, length), Buffer.alloc(Math.max(length - CONTENT.length, 0))]);

const open = () => AsyncMmapFileMut.openExisting(tempFile(CONTENT));

test.each([1, PAGE, PAGE + 1, 10 * PAGE + 99, 10 * PAGE + 101, 20 * PAGE, 5_000_000])(
  'truncate to %i bytes makes the file and the mapping so long',
  async (size) => {
    await using file = await open();
    expect(await file.truncate(size)).toBeUndefined();
    expect(file.length).toBe(size);
    expectBytes(file.asBuffer(), content(size));
    expect(file.lockState).toBe('exclusive');
    file.writeUInt8(77, size - 1);
    expect(fs.readFileSync(file.path)[size - 1]).toBe(77);
    expect(fs.statSync(file.path).size).toBe(size);
  },
);

test('truncate to nothing and back again leaves zeroes', async () => {
  await using file = await open();
  await file.truncate(0);
  expect(file.isEmpty).toBe(true);
  await file.truncate(PAGE);
  expectBytes(file.asBuffer(), Buffer.alloc(PAGE));
});

test('truncate counts from the begin of the file, not of the mapping', async () => {
  await using file = await AsyncMmapFileMut.openExisting(tempFile(CONTENT), { offset: 5000 });
  await file.truncate(6000);
  expectBytes(file.asBuffer(), CONTENT.subarray(5000, 6000));
  expect(await rejected(file.truncate(4999))).toBeInstanceOf(MmapRangeError);
  expect(file.length).toBe(1000);
});

test('views stay valid: what is gone shows zeroes, what stays goes on showing the file', async () => {
  await using file = await open();
  const view = file.asBuffer();
  await file.truncate(1_000_000);
  file.writeUInt8(200, 10);
  expect(view[10]).toBe(200);
  view[11] = 201;
  expect(file.readUInt8(11)).toBe(201);
  await file.truncate(PAGE + 50);
  expectBytes(view.subarray(PAGE + 50), Buffer.alloc(9 * PAGE + 50));
  file.writeUInt8(202, PAGE + 49);
  expect(view[PAGE + 49]).toBe(202);
  const late = file.asBuffer();
  await file.close();
  for (const stale of [view, late]) expectBytes(stale, Buffer.alloc(stale.length));
});

describe('while a shrink is under way', () => {
  /** Reads until `done`, and never sees what the file has not had. */
  async function watch(file: AsyncMmapFileMut, offset: number, until: Promise<unknown>) {
    let isDone = false;
    void until.then(() => {
      isDone = true;
    });
    for (;;) {
      for (const read of [
        () => file.readUInt8(offset),
        () => file.copyBytes(offset, 1)[0],
        () => file.indexOf(CONTENT.subarray(offset, offset + 50)) >= 0 && CONTENT[offset],
      ]) {
        let found: unknown;
        try {
          found = read();
        } catch (error) {
          expect(error).toBeInstanceOf(MmapRangeError);
          continue;
        }
        if (found !== false) expect(found).toBe(CONTENT[offset]);
      }
      if (isDone) return;
      await turn();
    }
  }

  test('what is read of its end is what was there, or an error, and never zero', async () => {
    await using file = await open();
    const shrinking = file.truncate(PAGE);
    await watch(file, 9 * PAGE, shrinking);
    expect(() => file.readUInt8(PAGE)).toThrow(MmapRangeError);
    expect(file.readUInt8(PAGE - 1)).toBe(CONTENT[PAGE - 1]);
  });

  test('a read into a target is short, or of what was there', async () => {
    await using file = await AsyncMmapFileMut.openExisting(coldFile(CONTENT));
    const shrinking = file.truncate(PAGE + 7);
    for (const [offset, rest] of [
      [5, PAGE + 2],
      [2 * PAGE, 0],
    ] as const) {
      const target = Buffer.alloc(8 * PAGE);
      const count = await file.read(target, offset);
      expect([rest, 8 * PAGE]).toContain(count);
      expectBytes(target.subarray(0, count), CONTENT.subarray(offset, offset + count));
    }
    await shrinking;
  });
});

test('of two truncates at once the later one counts', async () => {
  for (const [first, second] of [
    [PAGE, 20 * PAGE],
    [20 * PAGE, PAGE],
    [5000, 5001],
  ] as const) {
    await using file = await open();
    const order: string[] = [];
    await Promise.all([
      file.truncate(first).then(() => order.push('first')),
      file.truncate(second).then(() => order.push('second')),
    ]);
    expect(order).toEqual(['first', 'second']);
    const expected = content(first).subarray(0, second);
    expectBytes(file.asBuffer(), Buffer.concat([expected, Buffer.alloc(second - expected.length)]));
    expect(fs.statSync(file.path).size).toBe(second);
  }
});

describe('a truncate that is rejected leaves all as it was', () => {
  test('because of its argument', async () => {
    await using file = await open();
    const before = snapshot(file.path);
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 53, '5', 5n, undefined, null])
      await expectArgumentRejection(() => file.truncate(bad as never), 'size');
    expect(snapshot(file.path)).toEqual(before);
    expectBytes(file.asBuffer(), CONTENT);
  });

  test('because the file cannot be so long', async () => {
    await using file = await open();
    const before = snapshot(file.path);
    expect((await rejected(file.truncate(Number.MAX_SAFE_INTEGER))).name).toMatch(/^Mmap/);
    expect(snapshot(file.path)).toEqual(before);
    expect(file.isPoisoned).toBe(false);
    expectBytes(file.asBuffer(), CONTENT);
    await file.truncate(5);
  });

  test('because the mapping is a private copy', async () => {
    await using file = await AsyncMmapFileMut.openCow(tempFile(CONTENT));
    expect(await rejected(file.truncate(5))).toBeInstanceOf(MmapUnsupportedError);
    expectBytes(file.asBuffer(), CONTENT);
  });
});
