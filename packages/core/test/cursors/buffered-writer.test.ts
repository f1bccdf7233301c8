import * as fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { MmapClosedError, MmapFaultError, MmapFileMut, MmapRangeError } from '../../src/index.js';
import { expectBytes } from '../helpers/bytes.js';
import { expectArgumentError } from '../helpers/errors.js';
import { whereFilesAreCut, whereMounts } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { onTmpfs } from '../helpers/strace.js';
import { pattern, tempDir, tempFile } from '../helpers/temp.js';

const SIZE = 400_000;
const MOST = 2 ** 16;
const BUFFERED = { buffered: true } as const;

/** A file of zeroes, and a buffered writer of its bytes from 10 on that has collected `ab`. */
function collected(): {
  path: string;
  file: MmapFileMut;
  writer: ReturnType<MmapFileMut['writer']>;
} {
  const path = tempFile(Buffer.alloc(SIZE));
  const file = MmapFileMut.openExisting(path);
  const writer = file.writer(10, undefined, BUFFERED);
  writer.write('a');
  writer.writeUInt8(98);
  return { path, file, writer };
}

const inFile = (path: string, from = 10, to = 12) =>
  fs.readFileSync(path).toString('latin1', from, to);

describe('what a buffered writer collects', () => {
  test('is in no view, read or file until then', () => {
    const { path, file, writer } = collected();
    using _file = file;
    expect([file.readUInt8(10), file.asBuffer()[11], inFile(path)]).toEqual([0, 0, '\0\0']);
    expect([writer.position, writer.fileOffset, writer.remaining]).toEqual([2, 12, SIZE - 12]);
    writer.flush();
    expect([file.readUInt8(10), file.asBuffer()[11], inFile(path)]).toEqual([97, 98, 'ab']);
  });

  test.each<[string, (file: MmapFileMut, writer: ReturnType<MmapFileMut['writer']>) => void]>([
    ['flush of the writer', (_, writer) => writer.flush()],
    ['read of the writer', (_, writer) => expect(writer.read(Buffer.alloc(1))).toBe(1)],
    ['bytes of the writer', (_, writer) => expect(writer.bytes(2)).toHaveLength(2)],
    ['seek', (_, writer) => expect(writer.seek(0)).toBe(0)],
    ['skip', (_, writer) => expect(writer.skip(1)).toBe(1)],
    ['flush of the file', (file) => file.flush()],
    ['flush of another part', (file) => file.flush(1000, 1)],
    ['startFlush', (file) => file.startFlush()],
    ['truncate, longer', (file) => file.truncate(2 * SIZE)],
    ['truncate, shorter', (file) => file.truncate(12)],
    ['freeze', (file) => file.freeze().close()],
    ['close', (file) => file.close()],
    ['close with a flush', (file) => file.close({ flush: true })],
    ['closeWithTruncate', (file) => file.closeWithTruncate(12)],
    ['disposal', (file) => file[Symbol.dispose]()],
  ])('is put into the file by %s', (_name, act) => {
    const { path, file, writer } = collected();
    using _file = file;
    act(file, writer);
    expect(inFile(path)).toBe('ab');
  });

  test('is put there when 64 KiB are full, and so is what is larger', () => {
    const { path, file, writer } = collected();
    using _file = file;
    writer.write(Buffer.alloc(MOST - 2, 1));
    expect(inFile(path)).toBe('\0\0');
    writer.writeUInt8(2);
    expect(inFile(path, 10, 13)).toBe('ab\x01');
    expect(inFile(path, MOST + 10, MOST + 11)).toBe('\0');
    writer.write(Buffer.alloc(MOST + 1, 3));
    expect(inFile(path, MOST + 10, MOST + 12)).toBe('\x02\x03');
    expect(inFile(path, 2 * MOST + 11, 2 * MOST + 13)).toBe('\x03\0');
  });

  test('is that of each writer', () => {
    using file = MmapFileMut.memory('file', Buffer.alloc(100));
    const writers = [0, 1, 2].map((n) => file.writer(n * 10, 10, BUFFERED));
    for (const [n, writer] of writers.entries()) writer.writeUInt8(n + 1);
    file.flush();
    expect([0, 10, 20].map((at) => file.readUInt8(at))).toEqual([1, 2, 3]);
  });

  test('is discarded when the file is removed', () => {
    const { path, file, writer } = collected();
    file.remove();
    expect(fs.existsSync(path)).toBe(false);
    expect(() => writer.flush()).toThrow(MmapClosedError);
    file.close();
  });

  test('never reaches the file of a copy-on-write mapping', () => {
    const path = tempFile(Buffer.alloc(SIZE));
    using file = MmapFileMut.openCow(path);
    const writer = file.writer(0, undefined, BUFFERED);
    writer.write(Buffer.alloc(MOST + 1, 1));
    writer.flush();
    expect([file.readUInt8(MOST), inFile(path, 0, 2)]).toEqual([1, '\0\0']);
  });

  test('may be a view of the same file', () => {
    using file = MmapFileMut.memory('file', pattern(SIZE));
    const expected = pattern(SIZE);
    const writer = file.writer(100, undefined, BUFFERED);
    for (const length of [10, MOST, MOST + 1]) {
      const from = writer.fileOffset;
      writer.write(file.bytes(from - 50, length));
      writer.flush();
      expected.copyWithin(from, from - 50, from - 50 + length);
    }
    expectBytes(file.asBuffer(), expected);
  });
});

test('a buffered writer does what another one does, whatever is written and in between', () => {
  const step = fc.oneof(
    fc.record({ write: fc.nat({ max: 2 * MOST }) }),
    fc.record({ write: fc.nat({ max: 300 }) }),
    fc.record({ some: fc.nat({ max: 2 * MOST }) }),
    fc.record({ double: fc.double() }),
    fc.record({ bigint: fc.bigInt(0n, 2n ** 64n - 1n) }),
    fc.record({ sized: fc.nat({ max: 2 ** 24 - 1 }) }),
    fc.record({ seek: fc.nat({ max: SIZE }) }),
    fc.record({ skip: fc.nat({ max: 1000 }) }),
    fc.record({ read: fc.nat({ max: 1000 }) }),
    fc.record({ bytes: fc.nat({ max: 1000 }) }),
    fc.record({ truncate: fc.integer({ min: SIZE / 2, max: 2 * SIZE }) }),
    fc.record({ flush: fc.constantFrom('writer', 'file') }),
  );
  fc.assert(
    fc.property(fc.nat({ max: 5000 }), fc.array(step, { maxLength: 30 }), (offset, steps) => {
      const ends = [BUFFERED, {}].map((options) => {
        using file = MmapFileMut.openExisting(tempFile(pattern(SIZE)), { offset: 1000 });
        const writer = file.writer(offset, undefined, options);
        const said = steps.map((step) => {
          const [[what, value]] = Object.entries(step) as [[string, never]];
          const by: Record<string, () => unknown> = {
            write: () => writer.write(pattern(value)),
            some: () => writer.writeSome(pattern(value)),
            double: () => writer.writeDoubleBE(value),
            bigint: () => writer.writeBigUInt64LE(value),
            sized: () => writer.writeUIntBE(value, 3),
            seek: () => writer.seek(value),
            skip: () => writer.skip(value),
            read: () => {
              const target = Buffer.alloc(value);
              return [writer.read(target), target.toString('base64')];
            },
            bytes: () => writer.bytes(value).toString('base64'),
            truncate: () => file.truncate(value),
            flush: () => (value === 'file' ? file : writer).flush(),
          };
          try {
            return [by[what]?.(), writer.position, writer.remaining];
          } catch (error) {
            return [(error as Error).name, writer.position, writer.remaining];
          }
        });
        file.flush();
        return { said, bytes: file.copyBytes() };
      });
      expect(ends[0]?.said).toEqual(ends[1]?.said);
      expectBytes(ends[0]?.bytes as Buffer, ends[1]?.bytes as Buffer);
    }),
    { numRuns: 60 },
  );
});

describe('the option "buffered"', () => {
  test('is checked', () => {
    using file = MmapFileMut.memory('file', Buffer.alloc(10));
    expectArgumentError(() => file.writer(0, 1, { buffered: 1 } as never), 'buffered');
    expectArgumentError(() => file.writer(0, 1, 1 as never), 'options');
    expect(() => file.writer(0, 1, { buffer: true } as never)).toThrow(/"buffer"/);
    expect(file.writer(0, 1, {}).writeSome('ab')).toBe(1);
    expect(file.readUInt8(0)).toBe(97);
  });

  test('leaves what is not valid out', () => {
    using file = MmapFileMut.memory('file', Buffer.alloc(10));
    const writer = file.writer(0, undefined, BUFFERED);
    writer.writeUInt8(1);
    expectArgumentError(() => writer.writeUInt8(256), 'value');
    expectArgumentError(() => writer.write(Buffer.alloc(10)), 'length');
    writer.writeUInt8(2);
    writer.flush();
    expect([writer.position, ...file.bytes(0, 3)]).toEqual([2, 1, 2, 0]);
  });
});

describe('a buffered writer whose bytes cannot be put into the file', () => {
  whereFilesAreCut.test('says so, and so does close, which closes the file', () => {
    const { path, file, writer } = collected();
    fs.truncateSync(path, 0);
    for (let n = 0; n < 2; n += 1) expect(() => writer.flush()).toThrow(MmapFaultError);
    expect(() => file.close()).toThrow(MmapFaultError);
    expect([file.isClosed, fs.statSync(path).size]).toEqual([true, 0]);
    file.close();
  });

  test('keeps those that another thread has cut off, and says so when it closes', () => {
    const { path, file, writer } = collected();
    const other = MmapFileMut.attach(file.share());
    other.truncate(5);
    expect(() => writer.flush()).toThrow(expect.objectContaining({ name: 'MmapRangeError' }));
    other.truncate(SIZE);
    other.close();
    writer.flush();
    expect(inFile(path)).toBe('ab');
    file.close();
  });

  test('says so when the owner of the mapping has closed it', () => {
    const { file } = collected();
    const other = MmapFileMut.attach(file.share());
    other.writer(0, undefined, BUFFERED).write('x');
    file.close();
    expect(() => other.close()).toThrow(MmapClosedError);
    other.close();
  });

  whereMounts.test('keeps them while the disk is full', async () => {
    const directory = tempDir();
    const through = onTmpfs(directory, 'size=1m');
    const said = await hearProgram('disks/full#buffered', { args: [directory], through });
    const full = expect.objectContaining({
      name: 'MmapError',
      code: 'ENOSPC',
      path: join(directory, 'file.bin'),
    });
    expect(said).toEqual([full, full, [false, 4096], [true, 4096], full, true]);
  });
});

describe('a buffered writer whose place was cut off', () => {
  /** Two writers, of which the first can no longer put into the file what it has collected. */
  function twoWriters() {
    const file = MmapFileMut.openExisting(tempFile(Buffer.alloc(8192)));
    file.writer(6000, undefined, BUFFERED).write('AAAA');
    const others = file.writer(0, 100, BUFFERED);
    others.write('BBBB');
    using other = MmapFileMut.attach(file.share());
    other.truncate(4096);
    return { file, others };
  }

  test.each(['flush', 'startFlush', 'close'] as const)(
    'fails %s, which takes nothing from another writer',
    (name) => {
      const { file } = twoWriters();
      expect(() => file[name]()).toThrow(MmapRangeError);
      expect(inFile(file.path, 0, 5)).toBe('BBBB\0');
      if (!file.isClosed) expect(() => file.close()).toThrow(MmapRangeError);
    },
  );

  test('does not keep another writer from its flush', () => {
    const { file, others } = twoWriters();
    const flush = vi.spyOn(file, 'flush');
    others.flush();
    expect(flush.mock.calls).toEqual([[0, 4]]);
    expect(() => file.close()).toThrow(MmapRangeError);
  });

  test('puts it into the file once that is long enough again', () => {
    const { file } = twoWriters();
    expect(() => file.truncate(4095)).toThrow(MmapRangeError);
    expect(() => file.truncate(6000)).toThrow(MmapRangeError);
    file.truncate(8192);
    expect(inFile(file.path, 6000, 6005)).toBe('AAAA\0');
    file.close();
  });
});
