import { MmapFile } from '@fmmap/core';
import { loadTable } from '@fmmap/recipes/parquet-wasm';
import { expect, test } from 'vitest';
import { parquetFile } from '../data/parquet.ts';
import { tempFile } from './helpers/temp.ts';

const ROWS = Array.from({ length: 5000 }, (_, row) => ({ price: row / 4, name: `item ${row}` }));

test('a table is what parquet-wasm wrote, and the file is closed', () => {
  const path = tempFile(parquetFile(ROWS));
  const table = loadTable(path);
  MmapFile.open(path, { lock: 'exclusive' }).close();
  expect(table.toArray().map((row) => row.toJSON())).toEqual(ROWS);
});

test('a file of another kind is refused, and closed', () => {
  const path = tempFile('something else');
  expect(() => loadTable(path)).toThrow();
  MmapFile.open(path, { lock: 'exclusive' }).close();
});
