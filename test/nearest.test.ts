import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempFile } from './helpers/line-index.ts';

const PROGRAM = fileURLToPath(new URL('../examples/dist/nearest.js', import.meta.url));

/** The same vectors each time. */
function vectors(count: number, dimensions: number): Float32Array {
  let state = 88172645;
  return Float32Array.from({ length: count * dimensions }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

/** Rows and distances of the nearest vectors, found with the simplest possible loop. */
function expected(all: Float32Array, dimensions: number, row: number, count: number) {
  const distanceTo = (other: number) => {
    let sum = 0;
    for (let at = 0; at < dimensions; ++at) {
      sum += ((all[other * dimensions + at] ?? 0) - (all[row * dimensions + at] ?? 0)) ** 2;
    }
    return Math.sqrt(sum);
  };
  return Array.from({ length: all.length / dimensions }, (_, row) => ({
    row,
    distance: distanceTo(row),
  }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count);
}

test.each([
  [1, 4, 0, 3],
  [1000, 4, 7, 10],
  [777, 20, 776, 5],
  [5000, 64, 123, 20],
  [300, 1536, 299, 7],
  [3, 16_384, 1, 10],
])(
  'of %s vectors with %s dimensions, those nearest to number %s are found, at most %s',
  (rows, dimensions, row, count) => {
    const all = vectors(rows, dimensions);
    const path = tempFile(Buffer.from(all.buffer), 'vectors');
    const output = execFileSync(
      process.execPath,
      [PROGRAM, path, ...[dimensions, row, count].map(String)],
      {
        encoding: 'utf8',
        timeout: 60_000,
      },
    );
    const found = output
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    const wanted = expected(all, dimensions, row, count);
    expect(found.map(([row]) => row)).toEqual(wanted.map(({ row }) => row));
    for (const [at, { distance }] of wanted.entries())
      expect(found[at]?.[1]).toBeCloseTo(distance, 3);
  },
);

test('a file that ends within a vector, and dimensions that are not a multiple of four, are refused', () => {
  const path = tempFile(Buffer.alloc(100), 'vectors');
  for (const [dimensions, message] of [
    ['4', /cut off/],
    ['5', /by fours/],
    ['0', /by fours/],
  ] as const) {
    expect(() =>
      execFileSync(process.execPath, [PROGRAM, path, dimensions, '0'], { stdio: 'pipe' }),
    ).toThrow(message);
  }
  expect(fs.statSync(path).size).toBe(100);
});
