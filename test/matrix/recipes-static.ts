import * as fs from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { MmapFileMut } from '@fmmap/core';
import type { AsyncMmapFileMut } from '@fmmap/node';
import type { At, Recipe } from './at.js';

// Members that make a file object. The object is checked, and closed again.

type File = MmapFileMut | AsyncMmapFileMut;
type Type = typeof MmapFileMut | typeof AsyncMmapFileMut;

/** The object may be closed meanwhile, by the owner that it is attached to. */
async function look(file: File, offset: number, { notes, length }: At): Promise<void> {
  try {
    notes.is('length', file.length);
    notes.bytes(offset, file.copyBytes(offset, length));
    notes.bytes(0, file.copyBytes());
  } finally {
    await file.close();
  }
}

const opener =
  (name: 'open' | 'openExec' | 'openExisting' | 'openCow'): Recipe<Type> =>
  async (type, at) =>
    await look((await type[name](at.path)) as File, at.offset, at);

export const making: Record<string, Recipe<Type>> = {
  'static open': opener('open'),
  'static openExec': opener('openExec'),
  'static openExisting': opener('openExisting'),
  'static openCow': opener('openCow'),
  'static create': async (type, { directory, notes, call }) => {
    const path = join(directory, `new-${process.pid}-${threadId}-${call}`);
    const file = await type.create(path, { maxSize: 5000 });
    const isRight = file.length === 5000 && fs.statSync(path).size === 5000;
    notes.expect(isRight, 'what was created has another size');
    await file.remove();
  },
  'static attach': async (type, at) => await look(type.attach(at.share()), at.offset, at),
  'static memory': async (type, { notes }) => {
    const file = type.memory('memory', notes.content.subarray(0, 5000));
    notes.bytes(0, file.copyBytes());
    notes.expect(file.length === 5000, 'memory of another size than its data');
    await file.close();
  },
  'static anonymous': async (type, { notes }) => {
    const file = type.anonymous(5000);
    notes.expect(file.indexOf(0) === 0 && file.length === 5000, 'anonymous memory is not zeroes');
    await file.close();
  },
};
