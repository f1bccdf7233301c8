import * as fs from 'node:fs';
import { MmapFile } from '@fmmap/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { TYPES } from '../src/types.js';
import { fmmap, said } from './helpers/run.js';

/** What `hexdump -C` of util-linux 2.38 prints. */
const CANONICAL = `\
00000000  66 6d 6d 61 70 0a 00 ff  7f 20 7e 09 c3 a9 31 32  |fmmap.... ~...12|
00000010  30 30 30 30 30 30 30 30  30 30 30 30 30 30 30 30  |0000000000000000|
*
00000040  30 30 30                                          |000|
00000043
`;
const SAMPLE = Buffer.concat([
  Buffer.from([0x66, 0x6d, 0x6d, 0x61, 0x70, 10, 0, 255, 127, 32, 126, 9, 0xc3, 0xa9, 0x31, 0x32]),
  Buffer.alloc(51, '0'),
]);

/** The bytes that a dump of bytes stands for. */
function bytesIn(dump: string, start = 0): Buffer {
  let bytes = Buffer.alloc(0);
  let line = Buffer.alloc(0);
  for (const text of dump.split('\n').slice(0, -1)) {
    if (text === '*') continue;
    const [, offset = '', hex = ''] = /^([0-9a-f]{8,})(?: {2}([^|]*?) +\|.*\|)?$/.exec(text) ?? [];
    expect(offset, text).not.toBe('');
    // What was left out is the line before it, again and again.
    while (start + bytes.length < Number.parseInt(offset, 16)) bytes = Buffer.concat([bytes, line]);
    line = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    bytes = Buffer.concat([bytes, line]);
  }
  return bytes;
}

describe('hexdump', () => {
  test('prints what hexdump -C does', async () => {
    expect(await said('hexdump', tempFile(SAMPLE))).toBe(CANONICAL);
    expect(await said('hexdump', tempFile(''))).toBe('');
  });

  test('shows a part, and equal lines if asked to', async () => {
    const path = tempFile(SAMPLE);
    expect(await said('hexdump', '--offset', '0x13', '-l', '2', path)).toBe(
      `00000013  30 30${' '.repeat(44)} |00|\n00000015\n`,
    );
    const all = await said('hexdump', '--no-squeeze', path);
    expect(all.split('\n')).toHaveLength(7);
    expect(bytesIn(all)).toEqual(SAMPLE);
    expect(await said('hexdump', '-o', String(SAMPLE.length), path)).toBe('');
  });

  test('can be turned back into the bytes, with any columns, offset and length', async () => {
    // Few different bytes, so that lines are equal.
    const content = fc.array(fc.constantFrom(0, 0, 0, 0, 0, 65, 255), { maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(
        content,
        fc.integer({ min: 1, max: 40 }),
        fc.nat(50),
        fc.nat(400),
        async (values, columns, offset, length) => {
          const bytes = Buffer.from(values);
          const from = Math.min(offset, bytes.length);
          const args = ['-c', String(columns), '-o', String(from), '-l', String(length)];
          const dump = await said('hexdump', ...args, tempFile(bytes));
          expect(bytesIn(dump, from)).toEqual(bytes.subarray(from, from + length));
        },
      ),
      { numRuns: 25 },
    );
  });

  test('goes on where a piece ends, and has offsets of any size', async () => {
    const path = tempFile(pattern(200_000));
    expect(bytesIn(await said('hexdump', path))).toEqual(pattern(200_000));
    const large = tempFile('');
    fs.truncateSync(large, 5 * 2 ** 30);
    expect(await said('hexdump', '-o', '0x13ffffff0', large)).toBe(
      `13ffffff0  ${'00 '.repeat(8)} ${'00 '.repeat(8)} |${'.'.repeat(16)}|\n140000000\n`,
    );
  });
});

/** What Buffer reads. */
function expected(name: string, bytes: Buffer, offset: number): number | bigint {
  const [, kind = '', bits = '', order = ''] = /^([fiu])(\d+)([lb]e)?$/.exec(name) ?? [];
  const size = Number(bits) / 8;
  const end = order.toUpperCase() || 'LE';
  if (name === 'f32le' || name === 'f32be') return bytes[`readFloat${end as 'LE'}`](offset);
  if (kind === 'f') return bytes[`readDouble${end as 'LE'}`](offset);
  if (size <= 6) return bytes[`read${kind === 'i' ? '' : 'U'}Int${end as 'LE'}`](offset, size);
  const words = [offset, offset + 8].map((at) => bytes[`readBigUInt64${end as 'LE'}`](at));
  const [first = 0n, second = 0n] = words;
  const value =
    size === 8 ? first : end === 'LE' ? (second << 64n) | first : (first << 64n) | second;
  return kind === 'i' ? BigInt.asIntN(size * 8, value) : value;
}

const bytes = pattern(160);

describe('hexdump --type', () => {
  test.each([...TYPES.keys()])('%s shows what Buffer reads', async (name) => {
    const { size = 1, width = 0 } = TYPES.get(name) ?? {};
    const special = Buffer.concat([
      bytes,
      Buffer.alloc(16, 0x80),
      Buffer.alloc(16),
      Buffer.alloc(16, 255),
    ]);
    special.writeDoubleLE(-0, 40);
    special.writeDoubleBE(1e21, 48);
    special.writeFloatLE(-Infinity, 56);
    const output = await said(
      'hexdump',
      '-t',
      name,
      '-o',
      '1',
      '-l',
      String(size * 12),
      '-c',
      '3',
      tempFile(special),
    );
    const lines = output.trimEnd().split('\n').slice(0, -1);
    expect(lines).toHaveLength(4);
    const shown = lines.flatMap((line) => line.slice(10).trim().split(/ +/));
    const values = shown.map((text) =>
      /^-?\d+$/.test(text) && size > 6 ? BigInt(text) : Number(text),
    );
    const wanted = Array.from({ length: 12 }, (_, index) =>
      expected(name, special, 1 + index * size),
    );
    expect(
      values.map((value) =>
        name.startsWith('f32')
          ? Math.fround(Number(value))
          : name.startsWith('f')
            ? Number(value)
            : value,
      ),
    ).toEqual(wanted);
    for (const line of lines) expect(line).toHaveLength(10 + 3 * width + 2);
  });

  test('knows every number that core reads', () => {
    const methods: string[] = [];
    for (let at = MmapFile.prototype as object; at; at = Object.getPrototypeOf(at))
      methods.push(...Object.getOwnPropertyNames(at));
    const numbers = methods.filter((name) => /^read(?!er$|Exact$|$)/.test(name));
    // Of 3, 5 and 6 bytes there are four each, by the same methods; a size_t is an integer of 64 bits.
    const kinds = numbers.filter(
      (name) => !/^readU?I(nt[LB]E|Size)/.test(name) && !/USize/.test(name),
    );
    expect(TYPES.size).toBe(kinds.length + 12);
    expect(numbers.length - kinds.length).toBe(8);
  });

  test('any value fits into its column', () => {
    for (const { name, size, width, read } of TYPES.values()) {
      fc.assert(
        fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (array) => {
          using file = MmapFile.memory('value', array);
          expect(read(file, 0).length, name).toBeLessThanOrEqual(width);
        }),
        { numRuns: 200 },
      );
    }
  });

  test.each([
    ['f32le', fc.float()],
    ['f64le', fc.double()],
  ])('%s shows few digits, which still are exactly the value', (name, numbers) => {
    const { size = 0, width, read } = TYPES.get(name) ?? {};
    fc.assert(
      fc.property(numbers, (value) => {
        const bytes = Buffer.from((size === 4 ? Float32Array : Float64Array).of(value).buffer);
        using file = MmapFile.memory('value', bytes);
        const text = read?.(file, 0) ?? '';
        expect(text.length).toBeLessThanOrEqual(width ?? 0);
        expect(size === 4 ? Math.fround(Number(text)) : Number(text)).toBe(value);
      }),
      {
        numRuns: 1000,
        examples: [Math.fround(-1.2345678e-6), Math.fround(-999999986991104)].map((value) => [
          value,
        ]),
      },
    );
    const long = MmapFile.memory(
      'long',
      Buffer.from(Float64Array.of(-1.2345678901234567e-6).buffer),
    );
    if (size === 8) expect(read?.(long, 0)).toBe('-1.2345678901234567e-6');
    long.close();
  });

  test('shows the bytes that make no value, and squeezes', async () => {
    const path = tempFile(Buffer.concat([Buffer.alloc(48), Buffer.from([1, 0, 0, 0, 2, 3])]));
    expect(await said('hexdump', '-t', 'u32', path)).toBe(
      `00000000  ${[0, 0, 0, 0].map((value) => String(value).padStart(10)).join(' ')}\n*\n` +
        `00000030  ${'1'.padStart(10)} 0203 (no whole u32le)\n00000036\n`,
    );
  });

  test('refuses a type that there is not, and names those that there are', async () => {
    const { code, stderr } = await fmmap(['hexdump', '-t', 'f16', tempFile('x')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^fmmap: .*'f16' is invalid. Known are f32 f64 i8 .* u128, followed by le or be\.\n$/,
    );
  });
});
