import { MmapFile } from '@fmmap/core';
import { openTable } from '@fmmap/recipes/apache-arrow';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { change, heldOutside } from './helpers/memory.ts';
import { tempFile } from './helpers/temp.ts';

const PRICES = Float64Array.from({ length: 200_000 }, (_, row) => row / 4);

function arrowFile(): string {
  const name = Array.from(PRICES, (_, row) => `item ${row % 1000}`);
  const table = tableFromArrays({ price: PRICES, name });
  return tempFile(tableToIPC(table, 'file'), 'table.arrow');
}

test('a table has the values that apache-arrow wrote', () => {
  const { table, close } = openTable(arrowFile());
  expect(table.numRows).toBe(PRICES.length);
  expect(table.get(999)?.toJSON()).toEqual({ price: 249.75, name: 'item 999' });
  expect(table.getChild('price')?.toArray()).toEqual(PRICES);
  close();
});

test('its columns are the memory of the file', () => {
  const path = arrowFile();
  const { table, close } = openTable(path);
  const column = table.getChild('price')?.data[0]?.values as Float64Array;
  expect(column[7]).toBe(1.75);
  change(path, column, 7 * 8, Float64Array.of(-1));
  expect(column[7]).toBe(-1);
  expect(table.get(7)?.toJSON().price).toBe(-1);
  close();
  expect(column[7]).toBe(0);
});

test('the memory of the process does not grow with the file', () => {
  const path = arrowFile();
  const opened = heldOutside(() => openTable(path));
  expect(opened.bytes).toBeLessThan(100_000); // of a file of more than 2 MB
  opened.value.close();
});

test('a file of another kind is refused, and closed', () => {
  const path = tempFile('something else, longer than a header');
  expect(() => openTable(path).table.numRows).toThrow();
  MmapFile.open(path, { lock: 'exclusive' }).close();
});
