import * as fs from 'node:fs';
import { MmapFile } from '@fmmap/core';
import { openDatabase } from '@fmmap/recipes/maxmind';
import * as maxmind from 'maxmind';
import { Reader } from 'mmdb-lib';
import { expect, test } from 'vitest';
import { mmdb } from '../data/mmdb.ts';
import { heldOutside } from './helpers/memory.ts';
import { tempFile } from './helpers/temp.ts';

const networks = Object.fromEntries(
  Array.from({ length: 40_000 }, (_, n) => [
    `10.${n >> 8}.${n & 255}.0/24`,
    { city: `a place with the number ${n}`, population: n * 3 },
  ]),
);

const databaseFile = (): string => tempFile(mmdb(networks), 'test.mmdb');

test('addresses are looked up, as by maxmind itself', async () => {
  expect(maxmind.Reader).toBe(Reader);
  const path = databaseFile();
  const { reader, close } = openDatabase(path);
  const own = await maxmind.open(path);
  for (const address of ['10.0.0.1', '10.17.200.255', '10.156.63.0', '10.156.64.0', '11.0.0.1']) {
    expect(reader.getWithPrefixLength(address)).toEqual(own.getWithPrefixLength(address));
  }
  expect(reader.get('10.1.2.3')).toEqual({ city: 'a place with the number 258', population: 774 });
  expect(reader.get('11.0.0.1')).toBe(null);
  close();
});

test('it looks in the file itself, which is not read in', () => {
  const path = databaseFile();
  expect(fs.statSync(path).size).toBeGreaterThan(1_500_000);
  const opened = heldOutside(() => openDatabase(path));
  expect(opened.bytes).toBeLessThan(100_000);
  const { reader, close } = opened.value;
  const at = fs.readFileSync(path).indexOf('number 258');
  const file = fs.openSync(path, 'r+');
  fs.writeSync(file, 'NUMBER', at);
  fs.closeSync(file);
  expect(reader.get('10.1.2.3')).toMatchObject({ city: 'a place with the NUMBER 258' });
  close();
});

test('a file of another kind is refused, and closed', () => {
  const path = tempFile('something else');
  expect(() => openDatabase(path)).toThrow();
  MmapFile.open(path, { lock: 'exclusive' }).close();
});
