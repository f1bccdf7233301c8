import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { binding } from '../../src/binding/binding.js';
import { isAdviceSupported, MmapFile, MmapFileMut, MmapRangeError } from '../../src/index.js';
import { expectBytes } from '../helpers/bytes.js';
import { thrown } from '../helpers/errors.js';
import { anyValue, kinds, read, write } from '../helpers/kinds.js';
import { GIB, isWindowed, onDisk, SIZE, seams, sparseFile } from '../helpers/large.js';
import { lockedKiB } from '../helpers/process.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;

describe.each([
  ['whole', 0],
  ['mapped from an odd offset', 12_345],
  ['mapped from beyond 4 GiB', 2 ** 32 + 777],
])('a file of more than 4 GiB, %s', (_, offset) => {
  /** The mapping, always of 6 GiB, and a way to look at it from outside. */
  function open() {
    const path = sparseFile(offset + SIZE);
    const file = MmapFileMut.openExisting(path, { offset });
    onTestFinished(() => file.close());
    return { path, file, disk: (at: number, length: number) => onDisk(path, offset + at, length) };
  }
  const places = seams(offset, SIZE);

  test('has typed values at any offset', () => {
    const { file, disk } = open();
    expect(file.length).toBe(SIZE);
    const kind = fc.constantFrom(...kinds);
    const cases = kind.chain((drawn) =>
      fc.record({
        kind: fc.constant(drawn),
        value: anyValue(drawn),
        at: fc
          .tuple(fc.constantFrom(...places, SIZE - 20), fc.integer({ min: -17, max: 2 }))
          .map(([place, shift]) => place + shift),
      }),
    );
    fc.assert(
      fc.property(cases, ({ kind, value, at }) => {
        expect(write(file, kind, value, at)).toBe(at + kind.size);
        expect(disk(at, kind.size)).toEqual(kind.encode(value));
        expect(read(file, kind, at)).toBe(kind.decode(kind.encode(value)));
        expect(read(file.reader(at), kind)).toBe(read(file, kind, at));
      }),
      { numRuns: 500 },
    );
    for (const kind of kinds) {
      const beyond = SIZE - kind.size + 1;
      expect(() => read(file, kind, beyond)).toThrow(MmapRangeError);
      expect(() => write(file, kind, kind.of(1n), beyond)).toThrow(MmapRangeError);
    }
  });

  test('has whole values also where another handle has just changed the size', () => {
    const { file, disk } = open();
    const other = MmapFileMut.attach(file.share());
    onTestFinished(() => other.close());
    const resize = (by: number) => other.truncate(offset + SIZE + by);
    for (const kind of kinds) {
      for (const place of places) {
        const at = place - (kind.size >> 1);
        const [first, second] = [kind.of(85n), kind.of(51n)];
        write(other, kind, first, at);
        resize(-PAGE);
        resize(2 ** 31);
        expect(read(file, kind, at)).toBe(first);
        resize(0);
        expect(write(file, kind, second, at)).toBe(at + kind.size);
        expect(disk(at, kind.size)).toEqual(kind.encode(second));
        resize(2 ** 31);
        write(file.writer(at), kind, first);
        expect(disk(at, kind.size)).toEqual(kind.encode(first));
        resize(0);
      }
    }
  });

  test('returns views and copies of any range that a Buffer can hold', () => {
    const { file, disk } = open();
    const spans = fc.record({
      place: fc.constantFrom(...places),
      shift: fc.integer({ min: -9000, max: 100 }),
      source: fc.uint8Array({ minLength: 1, maxLength: 50 }),
      length: fc.integer({ min: 1, max: 18_000 }),
    });
    fc.assert(
      fc.property(spans, ({ place, shift, source, length }) => {
        const start = place + shift;
        file.writeAll(source, place - 10);
        const expected = disk(start, length);
        expectBytes(file.bytes(start, length), expected);
        expectBytes(file.copyBytes(start, length), expected);
        const target = Buffer.alloc(length);
        expect(file.read(target, start)).toBe(length);
        expectBytes(target, expected);
        expectBytes(file.reader(start).peek(length), expected);
      }),
    );
    const end = file.bytes(SIZE - 3, 3);
    file.writeAll('end', SIZE - 3);
    expect(end.toString()).toBe('end');
    expect(file.read(Buffer.alloc(10), SIZE - 3)).toBe(3);
    expect(file.writeSome('0123456789', SIZE - 3)).toBe(3);
    expect(file.bytes(1, GIB)).toHaveLength(GIB);
  });

  test('shows the same memory in a view across a boundary as in views on either side', () => {
    const { file, disk } = open();
    for (const place of places) {
      const across = file.bytes(place - 100, 200);
      const before = file.bytes(place - 100, 100);
      const after = file.bytes(place, 100);
      before[99] = 1;
      after[0] = 2;
      expect(across.readUInt16LE(99)).toBe(0x0201);
      across.writeUInt16LE(0x0403, 99);
      expect([before[99], after[0], file.readUInt16LE(place - 1)]).toEqual([3, 4, 0x0403]);
      // Overlapping views, perhaps at other addresses: still a copy of what was there before.
      file.writeAll(pattern(200), place - 100);
      file.writeAll(across.subarray(0, 150), place - 80);
      expect(disk(place - 80, 150)).toEqual(pattern(200).subarray(0, 150));
    }
  });

  test('is filled, moved and zeroed across every boundary', () => {
    const { file, disk } = open();
    const length = 3 << 20;
    const content = pattern(length);
    for (const place of places) {
      const start = place - (1 << 20) - 5;
      file.writeAll(content, start);
      file.copyWithin(start + 7777, start, start + length); // over itself, up
      expectBytes(disk(start + 7777, length), content);
      file.copyWithin(start + 1, start + 7777, start + 7777 + length); // and down
      expectBytes(disk(start + 1, length), content);
      file.copyWithin(0, place - 50, place + 50);
      expectBytes(disk(0, 100), disk(place - 50, 100));

      file.fill('seven..', place - 20, place + 20);
      expect(disk(place - 21, 42).toString('latin1', 1, 41)).toBe('seven..'.repeat(6).slice(0, 40));
      file.zeroRange(place - 15, place + 15);
      expect(disk(place - 16, 32)).toEqual(Buffer.from(`n${'\0'.repeat(30)}s`));
    }
  });

  test('is searched both ways', () => {
    const { file } = open();
    const multiples = [GIB, 2 * GIB, 3 * GIB, 4 * GIB, 5 * GIB];
    for (const place of new Set([...places, ...multiples])) {
      for (const shift of [-6, -5, -3, 0]) {
        const at = place + shift;
        file.writeAll('needle', at);
        expect(file.indexOf('needle', place - 5000)).toBe(at);
        expect(file.indexOf('needle', at)).toBe(at);
        expect(file.lastIndexOf('needle', place + 5000)).toBe(at);
        expect(file.lastIndexOf('needle', at)).toBe(at);
        expect(file.lastIndexOf('l', place + 5000)).toBe(at + 4);
        expect(file.indexOf(0x6c, place - 5000)).toBe(at + 4);
        expect(file.includes('needle', place - 100)).toBe(true);
        file.zeroRange(at, at + 6);
      }
    }
    file.writeAll('needle', SIZE - 6);
    expect(file.lastIndexOf('needle')).toBe(SIZE - 6);
    expect(file.indexOf('needle', SIZE - 5)).toBe(-1);
    expect(file.indexOf('', SIZE + 1)).toBe(SIZE);
  });

  test('is searched from far away, across window boundaries', () => {
    const { file } = open();
    // Searching cold gigabytes takes seconds, so pretend that only seams can match.
    const pieces: number[] = [];
    const isSeam = (bytes: Uint8Array) => bytes.length < 100 || pieces.push(bytes.length) < 0;
    const { find, findAll } = binding;
    const spies = [
      vi
        .spyOn(binding, 'find')
        .mockImplementation((bytes, needle) => (isSeam(bytes) ? find(bytes, needle) : -1)),
      vi
        .spyOn(binding, 'findAll')
        .mockImplementation((bytes, ...rest) => (isSeam(bytes) ? findAll(bytes, ...rest) : 0)),
    ];
    onTestFinished(() => {
      for (const spy of spies) spy.mockRestore();
    });
    expect(file.indexOf('needle')).toBe(-1);
    expect(pieces.reduce((sum, length) => sum + length)).toBe(SIZE);
    const cuts: number[] = [];
    for (const length of pieces.slice(0, -1)) cuts.push((cuts.at(-1) ?? 0) + length);
    const offsets = new BigUint64Array(10);
    expect(file.indexesOf('needle', offsets)).toBe(0);
    for (const cut of cuts) {
      for (const at of [cut - 5, cut - 1]) {
        file.writeAll('needle', at);
        expect(file.indexOf('needle')).toBe(at);
        expect([file.indexesOf('needle', offsets), offsets[0]]).toEqual([1, BigInt(at)]);
        expect(file.indexesOf('needle', offsets, 0, at + 5)).toBe(0);
        expect(file.indexesOf('needle', offsets, at + 1)).toBe(0);
        file.zeroRange(at, at + 6);
      }
    }
  });

  test('has its elements gathered from either side of every boundary, and from across', () => {
    const { file } = open();
    const offsets = places.flatMap((place) => [
      place - 1000,
      place - 8,
      place - 3,
      place,
      place + 5,
    ]);
    for (const [index, at] of offsets.entries()) file.writeDoubleLE(index + 0.5, at);
    const target = new Float64Array(offsets.length);
    for (const each of [Float64Array.from(offsets), BigUint64Array.from(offsets, BigInt)]) {
      file.gather(target.fill(0), each);
      for (const [index, at] of offsets.entries())
        expect(target[index]).toBe(file.readDoubleLE(at));
    }
    expect(thrown(() => file.gather(target, Float64Array.of(SIZE - 7))).name).toBe(
      'MmapRangeError',
    );
  });

  test('is read and written through readers and writers', () => {
    const { file, disk } = open();
    for (const place of places) {
      const writer = file.writer(place - 30);
      writer.writeAll('a line that ends far on, at 4 GiB\r\n');
      writer.writeAll('and one more\n');
      expect(writer.writeDoubleBE(Math.PI)).toBe(56);
      writer.flush();
      expect(disk(place - 30, 8).toString()).toBe('a line t');

      const reader = file.reader(1);
      expect(reader.seek(place - 31)).toBe(place - 31);
      expect(reader.readLine()).toBe('a line that ends far on, at 4 GiB');
      expect(reader.readLine()).toBe('and one more');
      expect(reader.readDoubleBE()).toBe(Math.PI);
      expect(reader.position).toBe(place + 25);
      reader.seek(-(SIZE - 1 - place + 20), 'end');
      expect(Buffer.concat([...file.reader(place - 30, 48).chunks(7)])).toEqual(
        disk(place - 30, 48),
      );
      expect(reader.skip(2 ** 53 - 1)).toBe(SIZE - 1 - place + 20);
      file.zeroRange(place - 30, place + 30);
    }
  });

  test('is flushed, advised, prefetched and locked in small ranges', () => {
    const { file } = open();
    for (const place of places) {
      const from = place - 2 * PAGE - 100;
      file.writeUInt8(1, from);
      for (const wait of [true, false]) {
        if (wait) file.flush(from, 4 * PAGE);
        else file.startFlush(from, 4 * PAGE);
      }
      const pages = (((offset + from) % PAGE) + 4 * PAGE + PAGE - 1) >> 12;
      expect(file.residency(from, 4 * PAGE)).toHaveLength(pages);
      file.prefetch(from, 4 * PAGE);
      expect(file.residency(from, 4 * PAGE)).toEqual(new Uint8Array(pages).fill(1));
      if (isAdviceSupported('random')) file.advise('random', from, 4 * PAGE);
      file.advise('dontneed', from, 4 * PAGE);
      expect(file.readUInt8(from)).toBe(1);
      const before = lockedKiB();
      file.lockMemory(from, 4 * PAGE);
      if (before !== undefined) expect(lockedKiB()).toBe(before + pages * 4);
      file.unlockMemory(from, 4 * PAGE);
      expect(lockedKiB()).toBe(before);
    }
    file.flush();
    expect(file.residency(SIZE - 1, 1)).toHaveLength(1);
  });

  test('is copied in part to a new file', () => {
    const { file, disk } = open();
    for (const place of places) {
      file.writeAll(pattern(10_000), place - 5000);
      const copy = tempFile();
      file.writeToNewFile(copy, place - 4999, 9998);
      expectBytes(fs.readFileSync(copy), disk(place - 4999, 9998));
    }
  });
});

describe('what does not fit in one Buffer', () => {
  test('throws MmapRangeError when requested, where this Node has such a limit', () => {
    using file = MmapFile.open(sparseFile());
    const calls = [
      () => file.asBuffer(),
      () => file.bytes(0, 5 * GIB),
      () => file.bytes(7, 2 ** 32),
    ];
    for (const call of calls) {
      if (isWindowed)
        expect(thrown(call)).toMatchObject({ name: 'MmapRangeError', argument: 'length' });
      else expect(call().length).toBeGreaterThanOrEqual(2 ** 32);
    }
    if (isWindowed) expect(() => file.copyBytes()).toThrow(MmapRangeError);
    expect(file.bytes(100, 3 * GIB)).toHaveLength(3 * GIB);
    expect(file.bytes(2 * GIB, 3 * GIB)).toHaveLength(3 * GIB);
  });

  test('can still be a source, of which only what fits is copied', () => {
    using file = MmapFileMut.open(sparseFile());
    file.writeAll('0123456789', 2 * GIB);
    const before = process.memoryUsage().arrayBuffers;
    expect(file.writeSome(file.bytes(2 * GIB, 3 * GIB), SIZE - 7)).toBe(7);
    expect(file.copyBytes(SIZE - 7).toString()).toBe('0123456');
    expect(file.read(file.bytes(2 * GIB, 3 * GIB), SIZE - 6)).toBe(6);
    expect(file.copyBytes(2 * GIB, 10).toString()).toBe('1234566789');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });

  test('takes no memory to map and look at', () => {
    const path = sparseFile();
    const before = process.memoryUsage.rss();
    using file = MmapFileMut.open(path);
    for (let at = 7; at < SIZE; at += SIZE / 16) file.writeUInt8(1, Math.floor(at));
    file.writeUInt8(1, SIZE - 5000);
    expect(file.lastIndexOf('\x01')).toBe(SIZE - 5000);
    expect(file.bytes(2 * GIB, 3 * GIB)[3]).toBe(0);
    file.reader(5 * GIB).read(Buffer.alloc(1000));
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 << 20);
  });
});
