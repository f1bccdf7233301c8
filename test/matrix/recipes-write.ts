import type { MmapFileMut } from '@fmmap/core';
import type { AsyncMmapFileMut } from '@fmmap/node';
import type { Recipe } from './at.js';

// What writes, of the sync and the async classes alike.

type File = MmapFileMut | AsyncMmapFileMut;

/** What is written is this, but where a kind of number has no such value. */
export const MARK = 0xee;

export const writing: Record<string, Recipe<File>> = {
  write: (file, { offset, length, notes }) => {
    const bytes = Buffer.alloc(length, MARK);
    const done = notes.writing(offset, bytes);
    const count = file.write(bytes, offset);
    if (count === length) done();
    else notes.absent(offset + count, length - count);
  },
  writeAll: (file, { offset, length, notes }) => {
    const bytes = Buffer.alloc(length, MARK);
    const done = notes.writing(offset, bytes);
    file.writeAll(bytes, offset);
    done();
  },
  fill: (file, { offset, length, notes }) => {
    const done = notes.writing(offset, Buffer.alloc(length, MARK));
    file.fill(MARK, offset, offset + length);
    done();
  },
  zeroRange: (file, { offset, length, notes }) => {
    const done = notes.writing(offset, Buffer.alloc(length));
    file.zeroRange(offset, offset + length);
    done();
  },
  copyWithin: (file, { offset, notes }) => {
    const done = notes.writing(offset, notes.content.subarray(0, 40), 0);
    file.copyWithin(offset, 0, 40);
    done();
  },
  writer: (file, { offset, notes }) => {
    const done = notes.writing(offset, Buffer.alloc(4, MARK));
    file.writer(offset).writeAll(Buffer.alloc(4, MARK));
    done();
  },
  flush: (file, { call }) => (call % 2 === 0 ? file.flush() : file.flush(0, 100)),
  startFlush: (file) => file.startFlush(),
  truncate: (file, { size }) => file.truncate(size),
  freeze: async (file, { notes }) => notes.keep(await file.freeze()),
  freezeExec: async (file, { notes }) => notes.keep(await file.freezeExec()),
  remove: (file) => file.remove(),
  closeWithTruncate: (file, { size }) => file.closeWithTruncate(size),
  'get removeOnDispose': (file, { notes }) => notes.is('removeOnDispose', file.removeOnDispose),
  'set removeOnDispose': (file) => {
    file.removeOnDispose = false;
  },
};
