import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, formatSize, percentOf, printable } from '../src/format.js';
import { parseSize } from '../src/sizes.js';

describe('a size', () => {
  test.each([
    ['0', 0],
    ['4096', 4096],
    ['4096B', 4096],
    ['0x1000', 4096],
    ['64k', 65536],
    ['64K', 65536],
    ['64KiB', 65536],
    ['64 kib', 65536],
    ['64kB', 64000],
    ['1.5M', 1572864],
    ['1GiB', 2 ** 30],
    ['2g', 2 ** 31],
    ['1TB', 1e12],
    ['7p', 7 * 2 ** 50],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([
    '',
    'k',
    '-1',
    '+1',
    '1x',
    '1kk',
    '1e3',
    '0x',
    '0xg',
    '1.',
    '.5k',
    '0.3',
    '8e',
    '9007199254740992',
    'Infinity',
  ])("'%s' is none", (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  test('of any number of units is exact', () => {
    const unit = fc.constantFrom(
      ['', 1],
      ['k', 2 ** 10],
      ['MiB', 2 ** 20],
      ['kB', 1e3],
      ['GB', 1e9],
    );
    fc.assert(
      fc.property(fc.nat(1e6), unit, (count, [name, size]) => {
        expect(parseSize(`${count}${name}`)).toBe(count * Number(size));
      }),
    );
  });
});

test.each([
  [0, '0 B'],
  [1, '1 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [1024 * 1024 - 1, '1 MiB'],
  [5000017, '4.8 MiB'],
  [2 ** 40, '1 TiB'],
  [2 ** 53, '8 PiB'],
])('%d bytes are shown as %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test('what is shown as a size is one', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), (bytes) => {
      const shown = parseSize(formatSize(bytes).replace(/\.\d/, '')) ?? Number.NaN;
      expect(shown).toBeLessThanOrEqual(bytes * 1.06);
      expect(shown).toBeGreaterThanOrEqual(bytes * 0.5);
    }),
  );
});

test.each([
  [1.26, '1.3 ns'],
  [1900, '1.9 µs'],
  [3.25e6, '3.3 ms'],
  [2e9, '2 s'],
])('%d ns are shown as %s', (duration, text) => {
  expect(formatDuration(duration)).toBe(text);
});

test('100 % is everything, and 0 % is nothing', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (a, b) => {
      const [part, whole] = [Math.min(a, b), Math.max(a, b)];
      const percent = percentOf(part, whole);
      expect(percent === 100).toBe(part === whole && part > 0);
      expect(percent === 0).toBe(part === 0);
      expect(Math.abs(percent * whole - part * 100)).toBeLessThanOrEqual(whole * 0.1);
    }),
  );
});

test('names reach no terminal as commands', () => {
  expect(printable('a\x1b[2J\n\x9b\x7fé')).toBe('a\\x1b[2J\\x0a\\x9b\\x7fé');
});
