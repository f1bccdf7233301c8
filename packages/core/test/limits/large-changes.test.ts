import * as fs from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MmapFileMut, MmapRangeError, MmapUnsupportedError } from '../../src/index.js';
import { MAX_WINDOW } from '../../src/mapping/window.js';
import { expectBytes } from '../helpers/bytes.js';
import { GIB, isWindowed, onDisk, SIZE, seams, sparseFile } from '../helpers/large.js';
import { collectGarbage, countMappings } from '../helpers/process.js';
import { pattern, tempFile } from '../helpers/temp.js';

describe.each([
  ['whole', 0],
  ['mapped from an odd offset', 12_345],
])('a private copy of a file of more than 4 GiB, %s', (_, offset) => {
  const places = seams(offset, SIZE);
  /** The one place that no view can cover on a Node that needs two windows. */
  const windowEnd = isWindowed ? MAX_WINDOW - (offset % 4096) : undefined;

  /** A private mapping of zeroes, with a pattern around each place. */
  function open() {
    const path = sparseFile(offset + SIZE);
    const original = pattern(400);
    const file = fs.openSync(path, 'r+');
    for (const place of places) fs.writeSync(file, original, 0, 400, offset + place - 200);
    fs.closeSync(file);
    const cow = MmapFileMut.openCow(path, { offset });
    onTestFinished(() => cow.close());
    const expectUnchanged = () => {
      for (const place of places) {
        expectBytes(onDisk(path, offset + place - 200, 400), original);
      }
    };
    return { path, cow, original, expectUnchanged };
  }

  test('is read and written anywhere, and the file is unchanged', () => {
    const { cow, original, expectUnchanged } = open();
    for (const place of places) {
      expect(cow.copyBytes(place - 200, 400)).toEqual(original);
      expect(cow.writeBigUInt128LE(2n ** 100n, place - 7)).toBe(place + 9);
      expect(cow.readBigUInt128LE(place - 7)).toBe(2n ** 100n);
      cow.fill('abc', place - 50, place - 20);
      cow.copyWithin(place + 20, place - 50, place - 20);
      cow.copyWithin(place - 15, place - 50, place - 20);
      expect(cow.copyBytes(place - 15, 30).toString()).toBe('abc'.repeat(10));
      cow.writer(place - 4).writeAll('A needle\n');
      expect(cow.indexOf('A needle', place - 200)).toBe(place - 4);
      expect(cow.lastIndexOf('A needle', place + 200)).toBe(place - 4);
      expect(cow.reader(place - 4).readLine()).toBe('A needle');
      cow.flush(place - 100, 200);
      cow.startFlush(place - 100, 200);
      cow.prefetch(place - 5000, 10_000);
    }
    expectUnchanged();
  });

  test('has views on both sides of the boundary, which see each store', () => {
    const { cow, expectUnchanged } = open();
    for (const place of places) {
      const before = cow.bytes(place - 100, 100);
      const after = cow.bytes(place, 100);
      cow.writeUInt32BE(0x01020304, place - 2);
      expect([before[98], before[99], after[0], after[1]]).toEqual([1, 2, 3, 4]);
      before[99] = 0x77;
      after[0] = 0x88;
      expect(cow.readUInt16BE(place - 1)).toBe(0x7788);
    }
    expectUnchanged();
  });

  test('has no views across it where they would show the file instead', () => {
    const { path, cow, expectUnchanged } = open();
    for (const place of places) {
      cow.writeAll('private', place - 3);
      if (place === windowEnd) {
        expect(() => cow.bytes(place - 3, 7)).toThrow(MmapUnsupportedError);
        expect(() => cow.reader(place - 3).bytes(7)).toThrow(MmapUnsupportedError);
      } else expect(cow.bytes(place - 3, 7).toString()).toBe('private');
      expect(cow.copyBytes(place - 3, 7).toString()).toBe('private');
      const copy = tempFile();
      cow.writeToNewFile(copy, place - 3, 7);
      expect(fs.readFileSync(copy, 'utf8')).toBe('private');
    }
    const frozen = cow.freeze();
    onTestFinished(() => frozen.close());
    expect(frozen.isCow).toBe(true);
    for (const place of places) {
      expect(frozen.copyBytes(place - 3, 7).toString()).toBe('private');
      const copy = tempFile();
      frozen.writeToNewFile(copy, place - 3, 7);
      expect(fs.readFileSync(copy, 'utf8')).toBe('private');
      if (place === windowEnd) {
        expect(() => frozen.bytes(place - 3, 7)).toThrow(MmapUnsupportedError);
      } else expect(frozen.bytes(place - 3, 7).toString()).toBe('private');
    }
    expectUnchanged();
    expect(fs.statSync(path).size).toBe(offset + SIZE);
  });
});

describe('truncate across 4 GiB', () => {
  /** A file of 3 GiB, which grows into a window of its own. */
  function open() {
    const path = sparseFile(3 * GIB);
    const file = MmapFileMut.openExisting(path);
    onTestFinished(() => file.close());
    return { path, file };
  }

  test('grows and shrinks a file whose views stay valid', () => {
    const { path, file } = open();
    const low = file.bytes(GIB, 100);
    const top = file.bytes(3 * GIB - 100, 100);
    file.writeAll('low', GIB);
    file.writeAll('top', 3 * GIB - 3);

    file.truncate(SIZE);
    expect([file.length, fs.statSync(path).size]).toEqual([SIZE, SIZE]);
    expect([low.toString('utf8', 0, 3), top.toString('utf8', 97)]).toEqual(['low', 'top']);
    const across = file.bytes(2 ** 32 - 5000, 10_000);
    const high = file.bytes(SIZE - 100, 100);
    for (const place of seams(0, SIZE)) {
      file.writeDoubleLE(place, place - 4);
      expect(file.readDoubleLE(place - 4)).toBe(place);
      expect(onDisk(path, place - 4, 8).readDoubleLE()).toBe(place);
    }
    file.writeUInt8(9, SIZE - 1);
    low[0] = 'L'.charCodeAt(0);
    expect(file.copyBytes(GIB, 3).toString()).toBe('Low');
    expect([across.readDoubleLE(4996), high[99]]).toEqual([2 ** 32, 9]);

    file.truncate(3 * GIB);
    expect([file.length, fs.statSync(path).size]).toEqual([3 * GIB, 3 * GIB]);
    expect([low.toString('utf8', 0, 3), top.toString('utf8', 97)]).toEqual(['Low', 'top']);
    expectBytes(across, Buffer.alloc(10_000));
    expectBytes(high, Buffer.alloc(100));
    expect(() => file.readUInt8(3 * GIB)).toThrow(MmapRangeError);
    expect(() => file.bytes(2 ** 32 - 1, 2)).toThrow(MmapRangeError);

    file.truncate(SIZE);
    expect(file.readUInt8(SIZE - 1)).toBe(0);
    expect(file.readDoubleLE(2 ** 32 - 4)).toBe(0);
    file.writeAll('again', 2 ** 32 - 2);
    file.writeUInt8(5, SIZE - 1);
    expect(file.copyBytes(2 ** 32 - 2, 5).toString()).toBe('again');
    expect(across.toString('utf8', 4998, 5003)).toBe('again');
    expect(high[99]).toBe(5);

    file.truncate(0);
    for (const view of [low, top, across, high]) expectBytes(view, Buffer.alloc(view.length));
    file.truncate(10);
    expect(file.asBuffer()).toEqual(Buffer.alloc(10));
  });

  test('takes no more address space in each round', async () => {
    const { path, file } = open();
    const rounds = (count: number) => {
      for (let round = 0; round < count; ++round) {
        file.truncate(SIZE);
        file.writeUInt8(1, SIZE - 1);
        file.truncate(3 * GIB);
      }
    };
    rounds(5);
    await collectGarbage();
    const before = countMappings(path);
    rounds(50);
    await collectGarbage();
    expect(countMappings(path)).toBeLessThanOrEqual(before + 2);
  });

  test('does not map a range again for each view across the boundary', async () => {
    const file = MmapFileMut.openExisting(sparseFile());
    onTestFinished(() => file.close());
    const before = countMappings(file.path);
    for (let round = 1; round <= 100; ++round) {
      expect(file.bytes((MAX_WINDOW % SIZE) - 100 * round, 200 * round)[0]).toBe(0);
    }
    await collectGarbage();
    expect(countMappings(file.path)).toBeLessThanOrEqual(before + 10);
  });

  test('leaves nothing mapped once it is closed', async () => {
    const { path, file } = open();
    const view = file.bytes(GIB, 100);
    file.truncate(SIZE);
    const across = file.bytes(2 ** 32 - 5000, 10_000);
    file.writeAll('text', 2 ** 32 - 2);
    file.close();
    expect(countMappings(path)).toBe(0);
    expectBytes(view, Buffer.alloc(100));
    expectBytes(across, Buffer.alloc(10_000));
  });
});

test('anonymous memory of 6 GiB works like a file', () => {
  using file = MmapFileMut.anonymous(SIZE);
  for (const place of seams(0, SIZE)) {
    file.writeBigInt64BE(-2n, place - 3);
    expect(file.readBigInt64BE(place - 3)).toBe(-2n);
    const across = file.bytes(place - 10, 20);
    expect(across.readBigInt64BE(7)).toBe(-2n);
    file.fill('xyz', place - 10, place + 10);
    expect(across.toString()).toBe('xyzxyzxyzxyzxyzxyzxy');
    expect(file.indexOf('zxyzx', place - 10)).toBe(place - 8);
  }
  file.truncate(GIB);
  file.truncate(SIZE);
  expect(file.copyBytes(2 ** 32 - 10, 20)).toEqual(Buffer.alloc(20));
});
