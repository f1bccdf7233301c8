import { describe, expect, test } from 'vitest';
import { everywhere, whereFilesAreCut } from '../../test/helpers/platform.js';
import {
  CONTENT,
  checks,
  common,
  resizedReader,
  resizes,
} from '../../test/helpers/resized-readers.js';
import { methodsOf } from '../../test/helpers/surface.js';
import { tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { AsyncMmapFileReader } from '../async-reader.js';

test('every method of a reader is checked', () => {
  const names = methodsOf(AsyncMmapFileReader).map(({ name }) => name);
  // The last two are for what only some flavours have.
  const others = ['claim', 'Symbol(Symbol.asyncIterator)', 'readable', 'lines'];
  expect(names.filter((name) => !(name in checks) && !others.includes(name))).toEqual([]);
});

describe.each(Object.entries(resizes))('after %s', (name, resize) => {
  const { test } = name.includes('somebody else cut') ? whereFilesAreCut : everywhere;
  test.each(Object.entries({ ...checks, 'the getters': [common] }))('%s', async (_name, all) => {
    for (const check of all) {
      await using file = await AsyncMmapFileMut.openExisting(tempFile(CONTENT));
      const { reader, rest } = await resizedReader(file, resize);
      await check(reader, rest);
    }
  });
});

test('lines go on to where the file ends when they get there', async () => {
  await using file = await AsyncMmapFileMut.openExisting(tempFile(CONTENT));
  const reader = file.reader();
  await file.prefetch(); // so that the first line is read at once
  const line = reader.readLine();
  await file.truncate(3);
  expect(await line).toBe('000000'.slice(0, file.length === 3 ? undefined : 3));
  expect(await reader.readLine()).toBeNull();
});
