import { openParquet } from '@fmmap/recipes/hyparquet';
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { parquetFile } from '../data/parquet.ts';
import { tempFile } from './helpers/temp.ts';

const ROWS = Array.from({ length: 5000 }, (_, row) => ({ price: row / 4, name: `item ${row}` }));

test('rows are those that parquet-wasm wrote', async () => {
  const { file, close } = await openParquet(tempFile(parquetFile(ROWS)));
  expect((await parquetMetadataAsync(file)).row_groups).toHaveLength(5);
  expect(await parquetReadObjects({ file })).toEqual(ROWS);
  const some = { file, columns: ['price'], rowStart: 1999, rowEnd: 2001 };
  expect(await parquetReadObjects(some)).toEqual([{ price: 499.75 }, { price: 500 }]);
  await close();
});

test('hyparquet is given the memory of the file, and only what it asks for', async () => {
  const path = tempFile(parquetFile(ROWS));
  const { file, close } = await openParquet(path);
  let given = 0;
  const slices: ArrayBuffer[] = [];
  const counted = {
    byteLength: file.byteLength,
    async slice(start: number, end?: number) {
      const slice = await file.slice(start, end);
      given += slice.byteLength;
      slices.push(slice);
      return slice;
    },
  };
  const metadata = await parquetMetadataAsync(file);
  await parquetReadObjects({ file: counted, metadata, columns: ['price'], rowEnd: 10 });
  expect(given).toBeGreaterThan(0);
  expect(given).toBeLessThan(file.byteLength / 5);
  await close();
  for (const slice of slices) {
    expect(new Uint8Array(slice).every((byte) => byte === 0)).toBe(true); // as only views are then
  }
});
