import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MmapFile, MmapFileMut, MmapRangeError } from '../../src/index.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import {
  anyValue,
  floatKinds,
  integerKinds,
  type Kind,
  kinds,
  read,
  write,
} from '../helpers/kinds.js';
import { tempFile } from '../helpers/temp.js';

const FRAME = Buffer.alloc(64, 0xa5);

/** A mapping of 64 bytes in the middle of a file, at an odd offset. */
function openFrame(
  path = tempFile(Buffer.concat([Buffer.alloc(4099, 1), FRAME, Buffer.alloc(5)])),
) {
  const file = MmapFileMut.openExisting(path, { offset: 4099, length: FRAME.length });
  onTestFinished(() => file.close());
  return { file, onDisk: () => fs.readFileSync(path).subarray(4099, 4099 + FRAME.length) };
}

/** The frame with `bytes` at `offset`. */
function framed(bytes: Buffer, offset: number): Buffer {
  const frame = Buffer.from(FRAME);
  bytes.copy(frame, offset);
  return frame;
}

const namesOf = (list: readonly Kind[]) => list.map((kind) => [kind.suffix, kind] as const);

describe.each(namesOf(integerKinds))('%s', (_, kind) => {
  const [min, max] = kind.range as readonly [bigint, bigint];

  test('keeps its extremes, and stores its bytes in the right order', () => {
    const { file, onDisk } = openFrame();
    for (const number of [min, min + 1n, min / 2n, 0n, 1n, max / 2n, max - 1n, max]) {
      const value = kind.of(number);
      file.asBuffer().set(FRAME);
      expect(write(file, kind, value, 3)).toBe(3 + kind.size);
      expect(onDisk()).toEqual(framed(kind.encode(value), 3));
      expect(read(file, kind, 3)).toBe(value);
    }
  });

  test('refuses what it cannot hold, and writes nothing', () => {
    const { file, onDisk } = openFrame();
    const beyond = [min - 1n, max + 1n, -(2n ** 200n), 2n ** 200n];
    const wrong = kind.isBig
      ? [0, 1, -0, Number.NaN]
      : [1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0n, 2 ** 53];
    for (const value of [...beyond.map(kind.of), ...wrong, '5', null, undefined, {}, true]) {
      expectArgumentError(() => write(file, kind, value, 3), 'value');
      expectArgumentError(() => write(file.writer(), kind, value), 'value');
    }
    expect(onDisk()).toEqual(FRAME);
  });
});

describe.each(namesOf(floatKinds))('%s', (_, kind) => {
  test('keeps -0 and the infinities', () => {
    const { file, onDisk } = openFrame();
    const infinities = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of [-0, 0, ...infinities, 2 ** -149, -(2 ** 127)]) {
      expect(write(file, kind, value, 1)).toBe(1 + kind.size);
      expect(onDisk()).toEqual(framed(kind.encode(value), 1));
      expect(read(file, kind, 1)).toBe(value); // toBe distinguishes -0 from 0
    }
    expect(kind.encode(-0).indexOf(0x80)).toBeGreaterThanOrEqual(0);
  });

  test('refuses anything but a number, and writes nothing', () => {
    const { file, onDisk } = openFrame();
    for (const value of ['5', null, undefined, 1n, {}, true]) {
      expectArgumentError(() => write(file, kind, value, 3), 'value');
      expectArgumentError(() => write(file.writer(), kind, value), 'value');
    }
    expect(onDisk()).toEqual(FRAME);
  });

  test('reads every NaN as NaN, and writes NaN as NaN', () => {
    const { file, onDisk } = openFrame();
    for (const bytes of nans(kind)) {
      file.writeAll(bytes, 5);
      expect(read(file, kind, 5)).toBeNaN();
      write(file, kind, read(file, kind, 5), 21);
      expect(kind.decode(onDisk().subarray(21, 21 + kind.size))).toBeNaN();
    }
  });

  test('preserves the payload of a NaN wherever bytes are copied', () => {
    const { file, onDisk } = openFrame();
    for (const bytes of nans(kind)) {
      file.writeAll(bytes, 5);
      read(file, kind, 5);
      expect(onDisk()).toEqual(framed(bytes, 5));
      expect(file.copyBytes(5, kind.size)).toEqual(bytes);
      expect(file.bytes(5, kind.size)).toEqual(bytes);
      const target = Buffer.alloc(kind.size);
      file.readExact(target, 5);
      expect(target).toEqual(bytes);
      file.copyWithin(30, 5, 5 + kind.size);
      file.writer(40).write(file.bytes(30, kind.size));
      expect(file.reader(40).bytes(kind.size)).toEqual(bytes);
      const copy = tempFile();
      file.writeToNewFile(copy, 40, kind.size);
      expect(fs.readFileSync(copy)).toEqual(bytes);
      file.asBuffer().set(FRAME);
    }
  });
});

/** Quiet and signalling NaNs, of both signs, with bits in their payload. */
function nans(kind: Kind): Buffer[] {
  const patterns =
    kind.size === 4
      ? ['7fc00001', 'ffc12345', '7f800001', 'ff80beef', '7fffffff']
      : ['7ff8000000000001', 'fff8123456789abc', '7ff0000000000001', 'fff00000deadbeef'];
  return patterns.map((digits) => {
    const bytes = Buffer.from(digits, 'hex');
    return kind.suffix.endsWith('LE') ? bytes.reverse() : bytes;
  });
}

test.each(namesOf(kinds))('%s defaults to offset 0, as in Buffer', (_, kind) => {
  const { file } = openFrame();
  const value = kind.of(1n);
  expect(write(file, kind, value)).toBe(kind.size);
  expect(write(file, kind, value, undefined)).toBe(kind.size);
  expect(read(file, kind)).toBe(value);
  expect(read(file, kind, undefined)).toBe(value);
});

describe.each(namesOf(kinds))('%s at any offset', (_, kind) => {
  const last = FRAME.length - kind.size;

  test('reads and writes the right bytes, aligned or not', () => {
    const { file, onDisk } = openFrame();
    fc.assert(
      fc.property(fc.nat(last), anyValue(kind), (offset, value) => {
        file.asBuffer().set(FRAME);
        expect(write(file, kind, value, offset)).toBe(offset + kind.size);
        expect(file.copyBytes()).toEqual(framed(kind.encode(value), offset));
        expect(read(file, kind, offset)).toBe(kind.decode(kind.encode(value)));
        const reader = file.reader(offset);
        expect(read(reader, kind)).toBe(read(file, kind, offset));
        expect(reader.position).toBe(kind.size);
      }),
    );
    expect(onDisk()).toEqual(file.asBuffer());
  });

  test('reaches the last byte and no further', () => {
    const { file, onDisk } = openFrame();
    const value = kind.of(1n);
    expect(write(file, kind, value, last)).toBe(FRAME.length);
    expect(read(file, kind, last)).toBe(value);
    for (const offset of [last + 1, FRAME.length, FRAME.length + 1, 2 ** 32, 2 ** 53 - 1]) {
      expect(() => read(file, kind, offset)).toThrow(MmapRangeError);
      expect(() => write(file, kind, value, offset)).toThrow(MmapRangeError);
    }
    for (const offset of [-1, 0.5, Number.NaN, 2 ** 53, '0', null, 0n]) {
      expectArgumentError(() => read(file, kind, offset), 'offset');
      expectArgumentError(() => write(file, kind, value, offset), 'offset');
    }
    expect(onDisk()).toEqual(framed(kind.encode(value), last));
  });

  test('advances a reader and a writer, and leaves them in place at the end', () => {
    const { file } = openFrame();
    const value = kind.of(1n);
    const writer = file.writer(3, kind.size + 1);
    const reader = file.reader(3, kind.size + 1);
    expect(write(writer, kind, value)).toBe(kind.size);
    expect(read(reader, kind)).toBe(value);
    if (kind.size > 1) {
      expect(() => write(writer, kind, value)).toThrow(MmapRangeError);
      expect(() => read(reader, kind)).toThrow(MmapRangeError);
    }
    expect([writer.position, reader.position]).toEqual([kind.size, kind.size]);
    expect(file.copyBytes()).toEqual(framed(kind.encode(value), 3));
  });
});

describe('compared with Node', () => {
  /** Buffer has neither 128 bits nor USize. */
  const shared = kinds.filter(({ suffix }) => `read${suffix}` in Buffer.prototype);

  test('Buffer has 18 of the kinds', () => {
    expect(shared).toHaveLength(18);
  });

  test.each(namesOf(shared))('read%s and write do the same as those of Buffer', (_, kind) => {
    using file = MmapFileMut.memory('frame', FRAME);
    const buffer = Buffer.from(FRAME);
    const bytes = fc.uint8Array({ minLength: FRAME.length, maxLength: FRAME.length });
    const offsets = fc.nat(FRAME.length - kind.size);
    fc.assert(
      fc.property(bytes, offsets, anyValue(kind), (content, offset, value) => {
        file.writeAll(content);
        buffer.set(content);
        expect(read(file, kind, offset)).toBe(read(buffer, kind, offset));
        expect(write(file, kind, value, offset)).toBe(write(buffer, kind, value, offset));
        expect(file.copyBytes()).toEqual(buffer);
      }),
    );
  });
});

describe('USize and ISize with a value that exceeds a safe integer', () => {
  const sizes = kinds.filter(({ suffix }) => suffix.includes('Size'));

  test.each(namesOf(sizes))(
    'read%s throws, names the value and does not advance',
    (suffix, kind) => {
      const limit = 2n ** 53n;
      const isUnsigned = suffix.startsWith('U');
      const values = isUnsigned
        ? [limit, limit + 1n, 2n ** 63n, 2n ** 64n - 1n]
        : [limit, 2n ** 63n - 1n, -limit, -limit - 1n, -(2n ** 63n)];
      for (const value of values) {
        const bytes = Buffer.alloc(64);
        bytes.set(kind.encode(BigInt.asUintN(64, value)), 7);
        using file = MmapFile.memory('sizes', bytes);
        const reader = file.reader(7);
        for (const call of [() => read(file, kind, 7), () => read(reader, kind)]) {
          const error = thrown(call);
          expect(error).toBeInstanceOf(MmapRangeError);
          expect(error.message).toContain(`at offset 7 is ${value},`);
          expect(error.message).toContain(isUnsigned ? 'readBigUInt64' : 'readBigInt64');
        }
        expect(reader.position).toBe(0);
      }
    },
  );
});
