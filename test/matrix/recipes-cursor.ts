import { inspect } from 'node:util';
import type { MmapFileReader, MmapFileWriter } from '@fmmap/core';
import type { AsyncMmapFileReader, AsyncMmapFileWriter } from '@fmmap/node';
import type { At, Recipe } from './at.js';
import { MARK } from './recipes-write.js';

// Readers and writers start at the place of their first call.

type Reader = MmapFileReader | AsyncMmapFileReader;
type Writer = MmapFileWriter | AsyncMmapFileWriter;
type Cursor = Reader | Writer;

const next = (cursor: Cursor): number => cursor.offset + cursor.position;

const moving: Record<string, Recipe<Cursor>> = {
  ...Object.fromEntries(
    (['offset', 'length', 'position', 'fileOffset', 'remaining'] as const).map((name) => [
      `get ${name}`,
      (cursor: Cursor, { notes }: At) =>
        notes.expect(cursor[name] >= 0, `"${name}" is ${cursor[name]}`),
    ]),
  ),
  toJSON: (cursor, { notes }) => {
    const { offset, length } = cursor.toJSON();
    notes.expect(offset >= 0 && length >= 0, `${length} bytes at ${offset}`);
  },
  '[inspect.custom]': (cursor, { notes }) =>
    notes.expect(cursor[inspect.custom]().includes('position'), 'it does not show'),
  seek: (cursor) => cursor.seek(1, 'current'),
  skip: (cursor) => cursor.skip(1),
  follow: (cursor, { notes }) => {
    const remaining = cursor.follow();
    notes.expect(remaining >= 0, `${remaining} bytes remain`);
  },
  read: async (cursor, { length, notes }) => {
    const target = Buffer.alloc(length);
    const from = next(cursor);
    const count = await cursor.read(target);
    if (count < length) notes.absent(from + count, length - count);
    notes.bytes(from, target.subarray(0, count));
  },
  bytes: (cursor, { length, notes }) => {
    const from = next(cursor);
    notes.view(from, cursor.bytes(length));
  },
};

/**
 * A line that was read; its bytes need not be text, so it only notes whether one is zero. If several calls read at
 * once, the others may have taken everything.
 */
function line(at: At, reader: Cursor, from: number, text: string | null): void {
  if (text === null) {
    if (next(reader) === from) at.notes.absent(from, 1);
  } else if (text.includes('\0')) at.notes.zero(from);
}

/** Where bytes of the content come from: eight that no one has written to tell it. */
function placeOf(content: Buffer, bytes: Buffer): number | undefined {
  for (let index = 0; index + 8 <= bytes.length; ++index) {
    const found = content.indexOf(bytes.subarray(index, index + 8));
    if (found >= 0) return found - index;
  }
  return undefined;
}

/** The offset of a chunk is unknown if several calls read at once. */
function chunk({ notes }: At, from: number, bytes: Buffer | undefined): void {
  if (!bytes) notes.absent(from, 1);
  else if (!notes.content.includes(bytes)) {
    notes.view(placeOf(notes.content, bytes) ?? from, bytes);
  }
}

export const ofReaders: Record<string, Recipe<Reader>> = {
  ...moving,
  readExact: async (reader, { length, notes }) => {
    const target = Buffer.alloc(length);
    const from = next(reader);
    await reader.readExact(target);
    notes.bytes(from, target);
  },
  peek: (reader, { length, notes }) => {
    const from = next(reader);
    const view = reader.peek(length);
    if (view.length < length) notes.absent(from + view.length, length - view.length);
    else notes.view(from, view);
  },
  readText: async (reader, { length, notes }) => {
    const from = next(reader);
    notes.bytes(from, Buffer.from(await reader.readText(length, 'latin1'), 'latin1'));
  },
  readUntil: async (reader, at) => {
    const from = next(reader);
    const view = await reader.readUntil(at.notes.content.subarray(from + 3, from + 5));
    chunk(at, from, view ?? Buffer.alloc(0));
  },
  readLine: async (reader, at) => {
    const from = next(reader);
    line(at, reader, from, await reader.readLine());
  },
  chunks: async (reader, at) => {
    const from = next(reader);
    chunk(at, from, (await reader.chunks(at.length).next()).value ?? undefined);
  },
  '[Symbol.iterator]': (reader, at) => {
    const from = next(reader);
    const { value } = (reader as MmapFileReader)[Symbol.iterator]().next();
    line(at, reader, from, value ?? null);
  },
  '[Symbol.asyncIterator]': async (reader, at) => {
    const from = next(reader);
    const { value } = await (reader as AsyncMmapFileReader)[Symbol.asyncIterator]().next();
    line(at, reader, from, value ?? null);
  },
};

const writeWith =
  (method: 'write' | 'writeAll'): Recipe<Writer> =>
  (writer, { length, notes }) => {
    const bytes = Buffer.alloc(length, MARK);
    const done = notes.writing(next(writer), bytes);
    writer[method](bytes);
    done();
  };

export const ofWriters: Record<string, Recipe<Writer>> = {
  ...moving,
  writeSome: (writer, { length, notes }) => {
    const from = next(writer);
    const bytes = Buffer.alloc(length, MARK);
    const done = notes.writing(from, bytes);
    const count = writer.writeSome(bytes);
    if (count === length) done();
    else notes.absent(from + count, length - count);
  },
  write: writeWith('write'),
  writeAll: writeWith('writeAll'),
  flush: (writer) => writer.flush(),
};
