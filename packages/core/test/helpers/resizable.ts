import * as fs from 'node:fs';
import { onTestFinished } from 'vitest';
import { MmapFileMut } from '../../src/index.js';
import { tempFile } from './temp.js';

/** A writable mapping, of which a test only considers the visible part. */
export interface Resizable {
  readonly file: MmapFileMut;
  /** The visible part as `fs` reads it; for memory, a copy of it. */
  onDisk(): Buffer;
  /** Writes to the file through `fs`, not the mapping; for memory, through the file object. */
  writeToDisk(bytes: Uint8Array, position: number): void;
  /** {@link MmapFileMut.truncate}, in bytes of the visible part. */
  resize(length: number): void;
}

function inMemory(file: MmapFileMut): Resizable {
  return {
    file,
    onDisk: () => file.copyBytes(),
    writeToDisk: (bytes, position) => file.writeAll(bytes, position),
    resize: (length) => file.truncate(length),
  };
}

function onDisk(content: Buffer, offset: number, detachOnClose = false): Resizable {
  const path = tempFile(Buffer.concat([Buffer.alloc(offset, 0xee), content]));
  const file = MmapFileMut.openExisting(path, { offset, detachOnClose });
  return {
    file,
    onDisk: () => fs.readFileSync(path).subarray(offset),
    writeToDisk: (bytes, position) => {
      const descriptor = fs.openSync(path, 'r+');
      fs.writeSync(descriptor, bytes, 0, bytes.length, offset + position);
      fs.closeSync(descriptor);
    },
    resize: (length) => file.truncate(offset + length),
  };
}

/** Every kind of mapping that can change its size. */
const kinds = {
  'a file': (content: Buffer) => onDisk(content, 0),
  'a file from an unaligned offset on': (content: Buffer) => onDisk(content, 5003),
  'a file with detachOnClose': (content: Buffer) => onDisk(content, 0, true),
  'MmapFileMut.memory': (content: Buffer) => inMemory(MmapFileMut.memory('memory', content)),
  'MmapFileMut.anonymous': (content: Buffer) => {
    const file = MmapFileMut.anonymous(content.length);
    file.writeAll(content);
    return inMemory(file);
  },
};

export type Kind = keyof typeof kinds;
export const resizableKinds = Object.keys(kinds) as Kind[];

/** A mapping of a kind, with this content, which is closed when the test has ended. */
export function makeResizable(kind: Kind, content: Buffer): Resizable {
  const made = kinds[kind](content);
  onTestFinished(() => made.file.close());
  return made;
}
