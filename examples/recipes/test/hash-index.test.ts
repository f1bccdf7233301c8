import * as fs from 'node:fs';
import { MmapFile } from '@fmmap/core';
import { HashIndex, indexLines, lookUp } from '@fmmap/recipes/hash-index';
import { expect, test } from 'vitest';
import { heldOutside } from './helpers/memory.ts';
import { outputOf, start } from './helpers/program.ts';
import { tempFile, tempPath } from './helpers/temp.ts';

/** Different keys, of which some fall into the same slots. */
const keyOf = (n: number): bigint => BigInt(n + 1) * 2n ** 32n + BigInt(n % 7);

test('values are found again, through growth and after opening again', () => {
  const path = tempPath();
  const index = new HashIndex(path);
  for (let n = 0; n < 20_000; ++n) index.add(keyOf(n), BigInt(n));
  index.add(keyOf(77), 2n ** 64n - 1n);
  expect([...index.find(keyOf(77))]).toEqual([77n, 2n ** 64n - 1n]);
  index.flush();
  index.close();

  const again = new HashIndex(path);
  expect(again.size).toBe(20_001);
  for (let n = 0; n < 20_000; n += n === 77 ? 1 : 3) {
    expect([...again.find(keyOf(n))][0]).toBe(BigInt(n));
  }
  expect([...again.find(keyOf(20_000))]).toEqual([]);
  expect(() => again.add(0n, 1n)).toThrow(RangeError);
  again.close();
});

test('the last key of a table may have its slot before the first', () => {
  const index = new HashIndex(tempPath());
  for (let n = 1; n <= 700; ++n) index.add(BigInt(n), 0n); // no slot is empty only by chance
  for (let n = 1; n <= 700; ++n) expect([...index.find(BigInt(n))]).toEqual([0n]);
  index.close();
});

test('opening reads nothing in', () => {
  const path = tempPath();
  const index = new HashIndex(path);
  for (let n = 0; n < 100_000; ++n) index.add(keyOf(n), BigInt(n));
  index.close();
  expect(fs.statSync(path).size).toBeGreaterThan(2_000_000);
  const opened = heldOutside(() => new HashIndex(path));
  expect(opened.bytes).toBeLessThan(100_000);
  opened.value.close();
});

test('lines are found by their keys, also if their hashes were the same', () => {
  const lines = Array.from({ length: 100_000 }, (_, n) => `key ${n}\tvalue ${n * n}`);
  const text = MmapFile.open(tempFile(`${lines.join('\n')}\n`));
  const index = new HashIndex(tempPath());
  indexLines(text, index);
  expect(index.size).toBe(100_000);
  for (let n = 0; n < 100_000; n += 97) {
    expect(lookUp(text, index, `key ${n}`)).toBe(lines[n]);
  }
  expect(lookUp(text, index, 'key')).toBeUndefined();
  expect(lookUp(text, index, 'key 100000')).toBeUndefined();
  index.close();
  text.close();
});

test('whenever a process is killed that adds to it, an index has what it had added', async () => {
  const path = tempPath();
  for (const most of [10, 716, 717, 718, 1433, 1434, 1435, 2000]) {
    fs.rmSync(path, { force: true });
    const child = start('add-to-index', path);
    let added = 0;
    child.stdout?.on('data', (data) => {
      added += data.length;
    });
    await expect.poll(() => added, { timeout: 20_000 }).toBeGreaterThanOrEqual(most);
    const closed = outputOf(child).catch(() => {});
    child.kill('SIGKILL');
    await closed;
    const index = new HashIndex(path);
    for (let n = 0; n < added; ++n) expect([...index.find(keyOf(n))]).toEqual([BigInt(n)]);
    for (let n = 100_000; n < 103_000; ++n) index.add(keyOf(n), BigInt(n));
    for (let n = 0; n < added; ++n) expect([...index.find(keyOf(n))]).toEqual([BigInt(n)]);
    for (let n = 100_000; n < 103_000; ++n) expect([...index.find(keyOf(n))]).toEqual([BigInt(n)]);
    index.close();
  }
});
