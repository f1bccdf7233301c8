import type * as stream from '@fmmap/stream';
import type * as worker from '@fmmap/worker';
import type { Recipe } from './at.js';
import { MARK } from './recipes-write.js';

// Members that only some flavours have.

export const streaming: Record<string, Recipe<stream.AsyncMmapFile>> = {
  lines: async (file, { offset, notes }) => {
    for await (const line of file.lines({ offset })) {
      if (line.includes('\0')) notes.zero(offset);
      return;
    }
    notes.absent(offset, 1);
  },
  readable: async (file, { offset, length, notes, call }) => {
    let from = offset;
    const copy = call % 2 === 0;
    for await (const chunk of file.readable({ offset, length, chunkSize: 16, copy })) {
      if (copy) notes.bytes(from, chunk);
      else notes.view(from, chunk);
      from += chunk.length;
    }
    if (from !== offset + length) notes.absent(from, offset + length - from);
  },
};

// Those of readers and writers take what remains, which may be nothing for later calls.

export const streamingReader: Record<string, Recipe<stream.AsyncMmapFileReader>> = {
  lines: async (reader, { notes }) => {
    const from = reader.fileOffset;
    for await (const line of reader.lines()) {
      if (line.includes('\0')) notes.zero(from);
      return;
    }
  },
  readable: async (reader, { notes, call }) => {
    let from = reader.fileOffset;
    const copy = call % 2 === 0;
    for await (const chunk of reader.readable({ copy })) {
      if (copy) notes.bytes(from, chunk);
      else notes.view(from, chunk);
      from += chunk.length;
    }
  },
};

export const streamingWriter: Record<string, Recipe<stream.AsyncMmapFileWriter>> = {
  writable: async (writer, { length, notes }) => {
    const bytes = Buffer.alloc(Math.min(length, writer.remaining), MARK);
    const done = notes.writing(writer.fileOffset, bytes);
    const stream = writer.writable().getWriter();
    stream.closed.catch(() => {});
    await Promise.all([stream.write(bytes), stream.close()]);
    done();
  },
};

export const streamingTo: Record<string, Recipe<stream.AsyncMmapFileMut>> = {
  writable: async (file, { offset, length, notes }) => {
    const bytes = Buffer.alloc(length, MARK);
    const done = notes.writing(offset, bytes);
    const writer = file.writable({ offset }).getWriter();
    // Which of the promises rejects first is up to the library, and all reject with the same error.
    writer.closed.catch(() => {});
    await Promise.all([writer.write(bytes), writer.close()]);
    done();
  },
};

export const running: Record<string, Recipe<worker.AsyncMmapFile>> = {
  run: async (file, { offset, length, notes }) => {
    const copy = await file.run((file, from, bytes) => file.copyBytes(from, bytes), offset, length);
    notes.bytes(offset, copy);
  },
  runWith: async (file, { offset, length, notes }) => {
    const options = { timeout: 20_000 };
    const copy = await file.runWith(
      options,
      (file, from, bytes) => file.copyBytes(from, bytes),
      offset,
      length,
    );
    notes.bytes(offset, copy);
  },
  map: async (file, { notes }) => {
    let from = 0;
    const all = await file.map((file, offset, length) => file.copyBytes(offset, length), {
      chunkSize: 5000,
    });
    for (const copy of all) {
      notes.bytes(from, copy);
      from += copy.length;
    }
    notes.is('length', from);
  },
};
