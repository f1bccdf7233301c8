import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { MmapFileMut, MmapFileWriter, MmapRangeError } from '../../src/index.js';
import { expectBytes } from '../helpers/bytes.js';
import { expectArgumentError } from '../helpers/errors.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

/** The content with `bytes` at `offset`. */
function patched(bytes: Uint8Array | string, offset: number): Buffer {
  const copy = Buffer.from(CONTENT);
  copy.set(Buffer.from(bytes as string), offset);
  return copy;
}

describe('a writer', () => {
  test('starts at its offset and ends with its length', () => {
    const path = tempFile(CONTENT);
    using file = MmapFileMut.openExisting(path, { offset: 1000 });
    const writer = file.writer(500, 10);
    expect(writer).toBeInstanceOf(MmapFileWriter);
    expect([writer.offset, writer.length, writer.position, writer.remaining]).toEqual([
      500, 10, 0, 10,
    ]);
    expect(writer.writeSome('0123456789abc')).toBe(10);
    expect([writer.position, writer.remaining, writer.writeSome('x')]).toEqual([10, 0, 0]);
    expect(fs.readFileSync(path)).toEqual(patched('0123456789', 1500));
  });

  test('covers the rest of the file by default', () => {
    using file = MmapFileMut.memory('file', CONTENT);
    expect([file.writer().length, file.writer(10).length, file.writer(10_000).length]).toEqual([
      10_000, 9990, 0,
    ]);
    expectArgumentError(() => file.writer(10_001), 'offset');
    expectArgumentError(() => file.writer(1, 10_000), 'length');
  });

  test('writes all of a source or nothing', () => {
    using file = MmapFileMut.memory('file', CONTENT);
    const writer = file.writer(100, 5);
    writer.writeAll('ab');
    expect(() => writer.writeAll('cdef')).toThrow(MmapRangeError);
    expect(writer.position).toBe(2);
    writer.writeAll(Uint8Array.of(1, 2, 3));
    writer.writeAll('');
    expect(writer.remaining).toBe(0);
    expect(file.copyBytes()).toEqual(patched('ab\x01\x02\x03', 100));
    expectArgumentError(() => writer.writeAll([1] as never), 'source');
    expectArgumentError(() => writer.write(1 as never), 'source');
  });

  test('counts text in bytes of UTF-8, and writeSome may split a character', () => {
    using file = MmapFileMut.memory('file', CONTENT);
    const writer = file.writer(0, 5);
    writer.writeAll('é');
    expect(writer.position).toBe(2);
    expect(() => writer.writeAll('🎉')).toThrow(MmapRangeError);
    expect(writer.writeSome('🎉')).toBe(3);
    expect(file.copyBytes()).toEqual(patched(Buffer.from('é🎉').subarray(0, 5), 0));
  });

  test('leaves what it seeks or skips over unchanged', () => {
    using file = MmapFileMut.memory('file', CONTENT);
    const writer = file.writer(10, 20);
    expect([writer.seek(-2, 'end'), writer.seek(-8, 'current'), writer.skip(3)]).toEqual([
      18, 10, 3,
    ]);
    writer.writeAll('xy');
    expect([writer.skip(100), writer.position, writer.skip(1)]).toEqual([5, 20, 0]);
    expect(file.copyBytes()).toEqual(patched('xy', 23));
    for (const [offset, whence] of [
      [21, 'start'],
      [-1, 'start'],
      [1, 'end'],
      [-21, 'current'],
      [0.5, 'start'],
    ] as const) {
      expectArgumentError(() => writer.seek(offset, whence), 'offset');
    }
    expectArgumentError(() => writer.seek(0, 'nowhere' as never), 'whence');
    expectArgumentError(() => writer.skip(-1), 'length');
    expect(writer.position).toBe(20);
  });

  test('does not move if a value is out of range or does not fit', () => {
    using file = MmapFileMut.memory('file', CONTENT);
    const writer = file.writer(0, 6);
    expect(writer.writeUInt16BE(0x1234)).toBe(2);
    expect(() => writer.writeUInt8(256)).toThrow(MmapRangeError);
    expect(() => writer.writeBigInt64LE(1n)).toThrow(MmapRangeError);
    expect(() => writer.writeInt16LE('1' as never)).toThrow(TypeError);
    expect(writer.position).toBe(2);
    expect(writer.writeInt32LE(-2)).toBe(6);
    expect(file.copyBytes()).toEqual(patched(Buffer.from('1234feffffff', 'hex'), 0));
  });

  test('writes as much of its sources as fits in its range', () => {
    const sources = fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' }));
    const range = fc.tuple(fc.nat(200), fc.nat(200)).map((pair) => pair.sort((a, b) => a - b));
    fc.assert(
      fc.property(range, fc.array(sources), ([from = 0, to = 0], list) => {
        using file = MmapFileMut.memory('file', CONTENT);
        const writer = file.writer(from, to - from);
        for (const source of list) writer.writeSome(source);
        const all = Buffer.concat(list.map((source) => Buffer.from(source as string)));
        expect(writer.position).toBe(Math.min(all.length, to - from));
        expectBytes(file.copyBytes(), patched(all.subarray(0, to - from), from));
      }),
    );
  });

  test('finds less room in a file that shrank', () => {
    using file = MmapFileMut.open(tempFile(CONTENT));
    const writer = file.writer(100);
    file.truncate(105);
    expect(() => writer.writeAll('0123456789')).toThrow(MmapRangeError);
    expect(() => writer.writeDoubleLE(1)).toThrow(MmapRangeError);
    expect(writer.writeSome('0123456789')).toBe(5);
    expect(() => writer.writeUInt8(1)).toThrow(MmapRangeError);
    expect(file.copyBytes()).toEqual(patched('01234', 100).subarray(0, 105));
    file.truncate(0);
    expect([writer.writeSome('x'), writer.position]).toEqual([0, 5]);
    writer.flush();
  });
});

describe('flush of a writer', () => {
  /** A file, and the ranges of it that were flushed. */
  function watched() {
    const path = tempFile(CONTENT);
    const file = MmapFileMut.open(path);
    onTestFinished(() => file.close());
    const flush = vi.spyOn(file, 'flush');
    return { path, file, ranges: () => flush.mock.calls };
  }

  test('covers what was written since the last one, and nothing else', () => {
    const { path, file, ranges } = watched();
    const writer = file.writer(100, 5000);
    writer.seek(50);
    writer.writeAll('abc');
    writer.skip(1000);
    writer.writeUInt32LE(7);
    writer.seek(10);
    writer.write('x');
    writer.seek(2000);
    writer.writeUInt8(1);
    writer.seek(4000);
    writer.flush();
    expect(ranges()).toEqual([[110, 1991]]);
    writer.writeDoubleBE(1);
    writer.flush();
    expect(ranges()).toEqual([
      [110, 1991],
      [4100, 8],
    ]);
    expect(fs.readFileSync(path)).toEqual(file.asBuffer());
  });

  test('flushes nothing where nothing was written', () => {
    const { file, ranges } = watched();
    const writer = file.writer();
    writer.flush();
    writer.seek(100);
    writer.skip(10);
    writer.flush();
    expect(ranges().every(([, length]) => length === 0)).toBe(true);
  });

  test('leaves out what a truncate has cut off', () => {
    const { file, ranges } = watched();
    const writer = file.writer(1000);
    writer.writeAll(Buffer.alloc(9000, 1));
    file.truncate(1010);
    writer.flush();
    expect(ranges()).toEqual([[1000, 10]]);
    writer.seek(0);
    writer.writeAll('abc');
    file.truncate(0);
    writer.flush();
    expect(ranges().at(-1)?.[1]).toBe(0);
  });

  test('covers again what a failed flush did not write', () => {
    const { file, ranges } = watched();
    const writer = file.writer(1000);
    writer.writeAll('abc');
    vi.spyOn(file, 'flush').mockImplementationOnce(() => {
      throw new Error('no disk');
    });
    expect(() => writer.flush()).toThrow('no disk');
    writer.flush();
    expect(ranges().at(-1)).toEqual([1000, 3]);
  });
});
