import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pattern, snapshot, tempFile } from '../../core/test/helpers/temp.js';
import { fmmap, preload, said } from './helpers/run.js';

/** By which each contender has done enough at once. */
const quickly = { flags: preload('slow-clock') };

describe('bench', () => {
  test('compares four things with fs, and writes to a file of its own', async () => {
    const path = tempFile(pattern(3_000_001));
    const before = snapshot(path);
    const ran = await fmmap(['bench', path], quickly);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const [head = '', ...rows] = ran.stdout.trimEnd().split('\n');
    expect(head).toMatch(/file\.bin, 2\.9 MiB in memory +fmmap +fs +as fast$/);
    expect(rows).toHaveLength(5);
    for (const row of rows.slice(0, 4))
      expect(row).toMatch(/^\w.*\d+(\.\d)? (ns|µs|ms|s) +\d.* +[\d.]+x$/);
    expect(snapshot(path)).toEqual(before);
    expect(fs.readdirSync(dirname(path))).toEqual(['file.bin']);
  });

  test('tells medians and ratios in JSON', async () => {
    const path = tempFile(pattern(12_345));
    const ran = await fmmap(['bench', '--json', path], quickly);
    const { outcomes, ...rest } = JSON.parse(ran.stdout);
    expect(rest).toEqual({ path, bytes: 12_345 });
    expect(outcomes.map(({ name }: { name: string }) => name)).toEqual([
      'read a number at a random offset',
      'copy 4 KiB from a random offset',
      'add up 12.1 KiB after the other',
      'make 4 KiB durable',
    ]);
    for (const { fmmap, fs, ratio } of outcomes) {
      expect(fmmap).toBeGreaterThan(0);
      expect(ratio).toBeCloseTo(fs / fmmap);
    }
  });

  test('works by the real clock, and with 8 bytes', async () => {
    const { outcomes } = JSON.parse(await said('bench', '--json', tempFile(pattern(8))));
    expect(outcomes).toHaveLength(4);
  });

  test('writes elsewhere if it must not beside the file', async () => {
    const path = tempFile(pattern(100));
    fs.chmodSync(dirname(path), 0o555);
    const ran = await fmmap(['bench', path], { ...quickly, asNobody: true });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  test('leaves no file even if it is killed', async () => {
    const path = tempFile(pattern(100));
    const ran = await fmmap(['bench', path], { flags: preload('killed-flushing') });
    expect(ran.signal).toBe('SIGKILL');
    expect(fs.readdirSync(dirname(path))).toEqual(['file.bin']);
  });

  test.each(['', '1234567'])('refuses a file of too few bytes: %j', async (content) => {
    const path = tempFile(content);
    expect(await fmmap(['bench', path])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `fmmap: ${path}: needs at least 8 bytes\n`,
    });
  });
});
