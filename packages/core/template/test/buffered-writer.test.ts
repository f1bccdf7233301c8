import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { MmapClosedError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { expectArgumentError } from '../../test/helpers/errors.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import type { AsyncMmapFileWriter } from '../async-writer.js';

const SIZE = 200_000;

/** A file of zeroes, and a buffered writer that has collected `ab` for its start. */
async function collected() {
  const path = tempFile(Buffer.alloc(SIZE));
  const file = await AsyncMmapFileMut.openExisting(path);
  const writer = file.writer(0, undefined, { buffered: true });
  writer.write('a');
  writer.writeUInt8(98);
  return { path, file, writer };
}

test.each<[string, (file: AsyncMmapFileMut, writer: AsyncMmapFileWriter) => unknown]>([
  ['flush of the writer', (_, writer) => writer.flush()],
  ['read of the writer', (_, writer) => writer.read(Buffer.alloc(1))],
  ['seek', (_, writer) => writer.seek(0)],
  ['flush of the file', (file) => file.flush()],
  ['startFlush', (file) => file.startFlush()],
  ['truncate', (file) => file.truncate(2)],
  ['freeze', async (file) => (await file.freeze()).close()],
  ['close', (file) => file.close()],
  ['close with a flush', (file) => file.close({ flush: true })],
  ['closeWithTruncate', (file) => file.closeWithTruncate(2)],
  ['disposal', (file) => file[Symbol.asyncDispose]()],
])('what a buffered writer has collected is put into the file by %s', async (_name, act) => {
  const { path, file, writer } = await collected();
  await using _file = file;
  expect(fs.readFileSync(path).toString('latin1', 0, 2)).toBe('\0\0');
  await act(file, writer);
  expect(fs.readFileSync(path).toString('latin1', 0, 2)).toBe('ab');
});

test('what is written while a flush waits is collected for the next one', async () => {
  const { path, file, writer } = await collected();
  await using _file = file;
  const bytes = pattern(SIZE - 2);
  for (let at = 0; at < bytes.length; at += 9000) {
    const flushed = writer.flush();
    writer.write(bytes.subarray(at, at + 9000));
    await flushed;
  }
  await writer.flush();
  expectBytes(fs.readFileSync(path), Buffer.concat([Buffer.from('ab'), bytes]));
});

test('the options of a writer are checked', async () => {
  await using file = AsyncMmapFileMut.memory('file', Buffer.alloc(10));
  expectArgumentError(() => file.writer(0, 1, { buffered: 1 } as never), 'buffered');
});

test('close says so if something is lost, and closes the file', async () => {
  const { file } = await collected();
  const other = AsyncMmapFileMut.attach(file.share());
  other.writer(0, undefined, { buffered: true }).write('x');
  await file.close();
  await expect(other.close()).rejects.toThrow(MmapClosedError);
  await other.close();
});
