import { describe, expect, test } from 'vitest';
import { MmapFileMut, MmapFileReader, MmapRangeError } from '../../src/index.js';
import { everywhere, whereFilesAreCut } from '../helpers/platform.js';
import { CONTENT, checks, common, resizedReader, resizes } from '../helpers/resized-readers.js';
import { methodsOf } from '../helpers/surface.js';
import { tempFile } from '../helpers/temp.js';

test('every method of a reader is checked', () => {
  const names = methodsOf(MmapFileReader).map(({ name }) => name);
  const unknown = names.filter(
    (name) => !(name in checks) && !['claim', 'Symbol(Symbol.iterator)'].includes(name),
  );
  expect(unknown).toEqual([]);
});

describe.each(Object.entries(resizes))('after %s', (name, resize) => {
  const { test } = name.includes('somebody else cut') ? whereFilesAreCut : everywhere;
  test.each(Object.entries({ ...checks, 'the getters': [common] }))('%s', async (_name, all) => {
    for (const check of all) {
      using file = MmapFileMut.openExisting(tempFile(CONTENT));
      const { reader, rest } = await resizedReader(file, resize);
      await check(reader, rest);
    }
  });
});

test('iterating over chunks throws, rather than ending early, if the file becomes shorter', () => {
  using file = MmapFileMut.openExisting(tempFile(CONTENT));
  const chunks = file.reader().chunks(1000);
  chunks.next();
  file.truncate(1500);
  expect(chunks.next().value).toHaveLength(500);
  expect(() => chunks.next()).toThrow(MmapRangeError);
});

test('a writer has as much room as the file has now', () => {
  using file = MmapFileMut.openExisting(tempFile(CONTENT));
  const writer = file.writer(100, 1000);
  writer.skip(500);
  file.truncate(700);
  expect([writer.length, writer.position, writer.remaining]).toEqual([600, 500, 100]);
  expect(() => writer.writeAll(Buffer.alloc(101))).toThrow(MmapRangeError);
  expect(writer.writeSome(Buffer.alloc(200, 1))).toBe(100);
  file.truncate(300);
  expect([writer.length, writer.position, writer.remaining]).toEqual([200, 600, 0]);
  expect([writer.writeSome('x'), writer.skip(5)]).toEqual([0, 0]);
  expect(() => writer.writeUInt8(1)).toThrow(MmapRangeError);
  writer.writeAll('');
  file.truncate(2000);
  expect([writer.length, writer.remaining]).toEqual([1000, 400]);
  expect([writer.writeUInt8(7), file.readUInt8(700)]).toEqual([601, 7]);
});

test('truncating the file through another handle makes its readers just as short', async () => {
  using file = MmapFileMut.openExisting(tempFile(CONTENT));
  using other = MmapFileMut.attach(file.share());
  const { reader, rest } = await resizedReader(other, () => file.truncate(12_003));
  await common(reader, rest);
});
