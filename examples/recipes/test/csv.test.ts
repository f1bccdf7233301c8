import { sumColumn } from '@fmmap/recipes/csv';
import { expect, test } from 'vitest';
import { heldOutside } from './helpers/memory.ts';
import { tempFile } from './helpers/temp.ts';

const ROWS = 70_001; // more than one part of the work of a thread
const lines = Array.from({ length: ROWS }, (_, n) => `${n},name ${n * n},${n % 1000}.5,x`);
const SUM = lines.reduce((sum, line) => sum + Number(line.split(',')[2]), 0);

test.each([
  ['with a line end at its end', '\n', '\n'],
  ['without', '\n', ''],
  ['with those of Windows', '\r\n', '\r\n'],
])('a file %s is added up by any number of threads', async (_, eol, last) => {
  const path = tempFile(`id,name,price,x${eol}${lines.join(eol)}${last}`);
  for (const threads of [1, 2, 7]) {
    expect(await sumColumn(path, 2, threads)).toEqual({ rows: ROWS, sum: SUM });
  }
  expect(await sumColumn(path, 0, 2)).toEqual({ rows: ROWS, sum: (ROWS * (ROWS - 1)) / 2 });
});

test('a file may have fewer lines than there are threads', async () => {
  for (const [text, rows, sum] of [
    ['a,b\n', 0, 0],
    ['a,b', 0, 0],
    ['a,b\n1,2', 1, 2],
    ['a,b\n1,2\n\n3,4\n', 2, 6],
  ] as const) {
    expect(await sumColumn(tempFile(text), 1, 8)).toEqual({ rows, sum });
  }
});

test('a row without the column is an error, not another column', async () => {
  await expect(sumColumn(tempFile('a,b\n1,2\n3\n'), 1)).rejects.toThrow("no column 1 in '3'");
});

test('the threads share one copy of the file, which is not on the heap', async () => {
  const path = tempFile(`price,text\n${`1,${'x'.repeat(200)}\n`.repeat(200_000)}`);
  const { value, bytes } = heldOutside(() => sumColumn(path, 0, 3));
  const sampled: number[] = [];
  const sampling = setInterval(() => sampled.push(process.memoryUsage().external), 5);
  expect(await value).toEqual({ rows: 200_000, sum: 200_000 });
  clearInterval(sampling);
  const start = sampled[0] ?? 0;
  expect(Math.max(bytes, ...sampled.map((each) => each - start))).toBeLessThan(10_000_000); // of 40 MB
});
