import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MmapFileMut, MmapRangeError } from '../../src/index.js';
import { expectArgumentError } from '../helpers/errors.js';
import { tempFile } from '../helpers/temp.js';

const FRAME = Buffer.alloc(32, 0xa5);

/** An integer that fits in `byteLength` bytes, often an extreme one. */
function anyValue(isSigned: boolean, byteLength: number): fc.Arbitrary<number> {
  const size = 2 ** (8 * byteLength);
  const [min, max] = isSigned ? [-size / 2, size / 2 - 1] : [0, size - 1];
  return fc.oneof(
    fc.constantFrom(min, max, 0, 1),
    fc.maxSafeInteger().map((n) => min + (Math.abs(n) % size)),
  );
}

describe.each(['UIntLE', 'UIntBE', 'IntLE', 'IntBE'] as const)('%s', (kind) => {
  const isSigned = !kind.startsWith('U');
  const drawn = fc.integer({ min: 1, max: 6 }).chain((byteLength) =>
    fc.record({
      byteLength: fc.constant(byteLength),
      offset: fc.nat(FRAME.length - byteLength),
      value: anyValue(isSigned, byteLength),
    }),
  );

  test('is what Buffer reads and writes, of files, readers and writers', () => {
    using file = MmapFileMut.open(tempFile(FRAME));
    const check = fc.property(drawn, ({ byteLength, offset, value }) => {
      const model = Buffer.from(FRAME);
      const next = model[`write${kind}`](value, offset, byteLength);
      file.write(FRAME);
      expect(file[`write${kind}`](value, offset, byteLength)).toBe(next);
      expect(file.copyBytes()).toEqual(model);
      expect(file[`read${kind}`](offset, byteLength)).toBe(value);
      file.write(FRAME);
      expect(file.writer(offset)[`write${kind}`](value, byteLength)).toBe(byteLength);
      expect(file.copyBytes()).toEqual(model);
      const reader = file.reader(offset);
      expect([reader[`read${kind}`](byteLength), reader.position]).toEqual([value, byteLength]);
    });
    fc.assert(check);
  });

  test('refuses what does not fit, and changes nothing', () => {
    using file = MmapFileMut.memory('numbers', FRAME);
    for (let byteLength = 1; byteLength <= 6; ++byteLength) {
      const size = 2 ** (8 * byteLength);
      const [min, max] = isSigned ? [-size / 2, size / 2 - 1] : [0, size - 1];
      for (const value of [min - 1, max + 1, 0.5, Number.NaN, '1', 1n, null, undefined]) {
        expectArgumentError(() => file[`write${kind}`](value as never, 0, byteLength), 'value');
        const writer = file.writer();
        expectArgumentError(() => writer[`write${kind}`](value as never, byteLength), 'value');
        expect(writer.position).toBe(0);
      }
      const past = FRAME.length - byteLength + 1;
      expect(() => file[`write${kind}`](0, past, byteLength)).toThrow(MmapRangeError);
      expect(() => file[`read${kind}`](past, byteLength)).toThrow(MmapRangeError);
      expect(() => file.reader(past)[`read${kind}`](byteLength)).toThrow(MmapRangeError);
      expect(() => file.writer(past)[`write${kind}`](0, byteLength)).toThrow(MmapRangeError);
    }
    for (const byteLength of [0, 7, -1, 1.5, '3', undefined]) {
      expectArgumentError(() => file[`read${kind}`](0, byteLength as never), 'byteLength');
      expectArgumentError(() => file[`write${kind}`](0, 0, byteLength as never), 'byteLength');
    }
    expect(file.copyBytes()).toEqual(FRAME);
  });
});
