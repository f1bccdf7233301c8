import * as fs from 'node:fs';
import { MmapFile } from '@fmmap/core';
import { update } from '@fmmap/recipes/replace-file';
import { expect, test } from 'vitest';
import { outputOf, start } from './helpers/program.ts';
import { tempFile } from './helpers/temp.ts';

test('a file is replaced, and who has it open keeps the old one', () => {
  const path = tempFile('one');
  const old = MmapFile.open(path);
  update(path, (text) => Buffer.from(`${text} two`));
  expect(fs.readFileSync(path, 'utf8')).toBe('one two');
  expect(old.copyBytes().toString()).toBe('one');
  old.close();
  MmapFile.open(path, { lock: 'exclusive' }).close();
});

test('an error of the change leaves the file, and closes it', () => {
  const path = tempFile('one');
  const fail = () => {
    throw new Error('mine');
  };
  expect(() => update(path, fail)).toThrow('mine');
  expect(fs.readFileSync(path, 'utf8')).toBe('one');
  MmapFile.open(path, { lock: 'exclusive' }).close();
});

test('a file that has been replaced meanwhile is changed as it is then', () => {
  const path = tempFile('one');
  const seen: string[] = [];
  update(path, (text) => {
    seen.push(String(text));
    if (seen.length === 1) {
      fs.writeFileSync(`${path}.new`, 'other');
      fs.renameSync(`${path}.new`, path);
    }
    return Buffer.from(`${text} two`);
  });
  expect(seen).toEqual(['one', 'other']);
  expect(fs.readFileSync(path, 'utf8')).toBe('other two');
});

test('the file is whole whenever another process looks', async () => {
  const path = tempFile('x'.repeat(100_000));
  const reader = start('look', path);
  const output = outputOf(reader);
  for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
    update(path, () => Buffer.alloc(100_000, letter));
  }
  update(path, () => Buffer.from('end'));
  expect(await output).toBe('saw the end\n');
});
