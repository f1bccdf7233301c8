import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tempFile } from '../../core/test/helpers/temp.js';
import { fmmap, said } from './helpers/run.js';

/** Offsets without overlaps, as Buffer finds them. */
function found(bytes: Buffer, needle: Uint8Array): number[] {
  const offsets = [];
  for (let at = 0; ; ) {
    at = bytes.indexOf(needle, at);
    if (at < 0) return offsets;
    offsets.push(at);
    at += needle.length;
  }
}

describe('search', () => {
  test('prints the offsets of text, and of bytes in hexadecimal', async () => {
    const path = tempFile('one\ntwö\none\n');
    expect(await said('search', path, 'one')).toBe('0\n9\n');
    expect(await said('search', path, 'ö')).toBe('6\n');
    expect(await said('search', '--hex', '0a', path)).toBe('3\n8\n12\n');
    expect(await said('search', path, '--hex', '0x0A 6f:6e')).toBe('8\n');
  });

  test('ends with 1 if there is none, and prints nothing but a count of 0', async () => {
    const path = tempFile('one');
    expect(await fmmap(['search', path, 'two'])).toMatchObject({ code: 1, stdout: '', stderr: '' });
    expect(await fmmap(['search', '-c', path, 'two'])).toMatchObject({ code: 1, stdout: '0\n' });
    expect(await fmmap(['search', tempFile(''), 'two'])).toMatchObject({ code: 1, stdout: '' });
    expect(await fmmap(['search', path, 'longer than the file'])).toMatchObject({ code: 1 });
  });

  test('stops after so many, counts, and looks at a part only', async () => {
    const path = tempFile('a'.repeat(20_000));
    expect(await said('search', '--max', '2', path, 'aa')).toBe('0\n2\n');
    expect(await said('search', '--count', path, 'aa')).toBe('10000\n');
    expect(await said('search', '--count', '--max', '9k', path, 'a')).toBe('9216\n');
    expect(await said('search', '-o', '19997', path, 'a')).toBe('19997\n19998\n19999\n');
    expect(await said('search', '-o', '5', '-l', '3', path, 'aa')).toBe('5\n');
    expect(await fmmap(['search', '-o', '5', '-l', '1', path, 'aa'])).toMatchObject({ code: 1 });
  });

  test('finds what starts with a dash', async () => {
    expect(await said('search', tempFile('x --force'), '--', '--force')).toBe('2\n');
  });

  test.each([
    [[], 'needs either a PATTERN or --hex'],
    [['x', '--hex', '00'], 'needs either a PATTERN or --hex'],
    [[''], 'an empty pattern would match everywhere'],
    [['--hex', ' '], 'an empty pattern would match everywhere'],
    [['--hex', 'abc'], 'needs two hexadecimal digits for each byte'],
    [['--hex', 'zz'], 'needs two hexadecimal digits for each byte'],
    [['x', '--max', '0'], 'Not a whole number from 1'],
  ])('refuses %j', async (args, reason) => {
    const { code, stdout, stderr } = await fmmap(['search', tempFile('x'), ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^fmmap: .*\n$/);
    expect(stderr).toContain(reason);
  });

  test('finds what Buffer.indexOf does', async () => {
    const few = (maxLength: number) => fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength });
    await fc.assert(
      fc.asyncProperty(few(200), few(4), async (content, pattern) => {
        const [bytes, needle] = [Buffer.from(content), Buffer.from(pattern)];
        const { stdout } = await fmmap(['search', '-x', needle.toString('hex'), tempFile(bytes)]);
        expect(stdout.split('\n').slice(0, -1).map(Number)).toEqual(found(bytes, needle));
      }),
      { numRuns: 25 },
    );
  });

  test('finds what lies across the ends of pieces, once', async () => {
    const path = tempFile('');
    const piece = 2 ** 26;
    const file = fs.openSync(path, 'r+');
    const needle = Buffer.from('needle');
    const places = [0, piece - 3, 2 * piece - 6, 2 * piece, 3 * piece - 1, 3 * piece + 5];
    for (const place of places) fs.writeSync(file, needle, 0, needle.length, place);
    fs.closeSync(file);
    expect(await said('search', path, 'needle')).toBe(`${places.join('\n')}\n`);
    // Overlaps depend on what was found before, also in the piece before.
    fs.writeFileSync(path, Buffer.alloc(piece + 7, 'a'));
    expect(await said('search', '-c', path, 'aaa')).toBe(`${Math.floor((piece + 7) / 3)}\n`);
  });
});
