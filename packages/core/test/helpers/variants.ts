import * as fs from 'node:fs';
import { join } from 'node:path';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { expectBytes } from './bytes.js';

/** A mapping to test, and what is known about it independently. */
export interface Subject {
  readonly file: MmapFileMut;
  /** To be added to a length of the mapping to get a size of the file. */
  readonly offset: number;
  /** The bytes of the file after the end of the mapping: a truncate maps them, or cuts them off. */
  readonly hidden: Buffer;
  /** What a mapping of `length` bytes shows when it is opened again. */
  contentAfterClose(model: Buffer): Buffer;
  /** Opens the closed file again, or memory with the same content. */
  reopen(content: Buffer, readOnly: boolean): MmapFile;
  /** Compares the file after the end of the mapping with the current `hidden`. */
  expectBehind(model: Buffer, hidden: Buffer): void;
}

let count = 0;

function onDisk(directory: string, content: Buffer, before: Buffer, hidden: Buffer): Subject {
  const path = join(directory, `file${++count}`);
  const offset = before.length;
  fs.writeFileSync(path, Buffer.concat([before, content, hidden]));
  return {
    file: MmapFileMut.openExisting(path, { offset, length: content.length }),
    offset,
    hidden,
    contentAfterClose: (model) => model,
    reopen: ({ length }, readOnly) =>
      (readOnly ? MmapFile.open : MmapFileMut.openExisting)(path, { offset, length }),
    expectBehind(model, rest) {
      expectBytes(fs.readFileSync(path), Buffer.concat([before, model, rest]));
    },
  };
}

function cow(directory: string, content: Buffer): Subject {
  const path = join(directory, `file${++count}`);
  const original = Buffer.concat([Buffer.alloc(777, 7), content]);
  fs.writeFileSync(path, original);
  return {
    file: MmapFileMut.openCow(path, { offset: 777 }),
    offset: 777,
    hidden: Buffer.alloc(0),
    contentAfterClose: () => content,
    reopen: (_, readOnly) =>
      (readOnly ? MmapFile.openExec : MmapFileMut.openCow)(path, { offset: 777 }),
    expectBehind() {
      expectBytes(fs.readFileSync(path), original);
    },
  };
}

function inMemory(file: MmapFileMut, reopen: Subject['reopen']): Subject {
  return {
    file,
    offset: 0,
    hidden: Buffer.alloc(0),
    contentAfterClose: (model) => model,
    reopen,
    expectBehind() {},
  };
}

function anonymous(content: Buffer): MmapFileMut {
  const file = MmapFileMut.anonymous(content.length);
  file.writeAll(content);
  return file;
}

const NOTHING = Buffer.alloc(0);

/** Every kind of writable mapping, made over `content`. */
export const variants: Readonly<Record<string, (directory: string, content: Buffer) => Subject>> = {
  'a whole file': (directory, content) => onDisk(directory, content, NOTHING, NOTHING),
  'the end of a file, from an odd offset': (directory, content) =>
    onDisk(directory, content, Buffer.alloc(4099, 9), NOTHING),
  'the middle of a file, from an odd offset': (directory, content) =>
    onDisk(directory, content, Buffer.alloc(8191, 9), Buffer.alloc(1234, 8)),
  'a private copy, from an odd offset': cow,
  memory: (_, content) =>
    inMemory(MmapFileMut.memory('model', content), (bytes, readOnly) =>
      (readOnly ? MmapFile : MmapFileMut).memory('model', bytes),
    ),
  'anonymous memory': (_, content) =>
    inMemory(anonymous(content), (bytes, readOnly) => {
      const file = anonymous(bytes);
      return readOnly ? file.freezeExec() : file;
    }),
};
