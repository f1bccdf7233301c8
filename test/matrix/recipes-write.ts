import type { MmapFileMut } from '@fmmap/core';
import type { AsyncMmapFileMut } from '@fmmap/node';
import type { Recipe } from './at.js';

// Members that write, for sync and async classes alike.

type File = MmapFileMut | AsyncMmapFileMut;

/** The byte that is written, unless a kind of number has no such value. */
export const MARK = 0xee;

const writeWith =
  (method: 'write' | 'writeAll'): Recipe<File> =>
  (file, { offset, length, notes }) => {
    const bytes = Buffer.alloc(length, MARK);
    const done = notes.writing(offset, bytes);
    const next = file[method](bytes, offset);
    notes.expect(next === offset + length, `the next offset is ${next}`);
    done();
  };

export const writing: Record<string, Recipe<File>> = {
  writeSome: (file, { offset, length, notes }) => {
    const bytes = Buffer.alloc(length, MARK);
    const done = notes.writing(offset, bytes);
    const count = file.writeSome(bytes, offset);
    if (count === length) done();
    else notes.absent(offset + count, length - count);
  },
  write: writeWith('write'),
  writeAll: writeWith('writeAll'),
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
  writer: async (file, { call, offset, notes }) => {
    const done = notes.writing(offset, Buffer.alloc(4, MARK));
    const buffered = call % 2 === 0;
    const writer = file.writer(offset, undefined, { buffered });
    writer.writeAll(Buffer.alloc(4, MARK));
    if (buffered) await writer.flush();
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
