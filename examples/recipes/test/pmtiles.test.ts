import * as fs from 'node:fs';
import { openTiles } from '@fmmap/recipes/pmtiles';
import { zxyToTileId } from 'pmtiles';
import { expect, test } from 'vitest';
import { tileArchive } from '../data/pmtiles.ts';
import { tempFile } from './helpers/temp.ts';

const ZOOM = 4;
const tileOf = (id: number): Buffer => Buffer.from(`tile ${id} `.repeat(100));

const archive = (isCompressed: boolean): string =>
  tempFile(tileArchive(4096, tileOf, isCompressed), 'map.pmtiles');

test.each([
  ['compressed', true],
  ['uncompressed', false],
])('tiles of an archive are found, %s', async (_, isCompressed) => {
  const { archive: tiles, close } = await openTiles(archive(isCompressed));
  expect(await tiles.getHeader()).toMatchObject({ numTileEntries: 4096, maxZoom: 5 });
  expect(await tiles.getMetadata()).toEqual({ name: 'test' });
  for (const [z, x, y] of [
    [0, 0, 0],
    [3, 5, 2],
    [5, 17, 30],
  ] as const) {
    const tile = await tiles.getZxy(z, x, y);
    expect(Buffer.from(tile?.data ?? new ArrayBuffer()).equals(tileOf(zxyToTileId(z, x, y)))).toBe(
      true,
    );
  }
  expect(await tiles.getZxy(9, 500, 500)).toBeUndefined();
  await close();
});

test('a tile that is not compressed is the memory of the file', async () => {
  const path = archive(false);
  const { archive: tiles, close } = await openTiles(path);
  const tile = new Uint8Array((await tiles.getZxy(ZOOM, 3, 3))?.data ?? new ArrayBuffer());
  const id = zxyToTileId(ZOOM, 3, 3);
  expect(Buffer.from(tile).equals(tileOf(id))).toBe(true);
  const file = fs.openSync(path, 'r+');
  fs.writeSync(file, 'T', fs.readFileSync(path).indexOf(tileOf(id)));
  fs.closeSync(file);
  expect(String.fromCharCode(tile[0] ?? 0)).toBe('T');
  await close();
  expect(tile.every((byte) => byte === 0)).toBe(true);
});
