import { MmapFile } from '@fmmap/core';
import { ByteBuffer } from 'flatbuffers';

/** A FlatBuffers file: `openRoot('monster.bin', Monster.getRootAsMonster)`, with what flatc has generated. */
export function openRoot<Root>(
  path: string,
  getRoot: (buffer: ByteBuffer) => Root,
): { root: Root; close(): void } {
  const file = MmapFile.open(path);
  try {
    return { root: getRoot(new ByteBuffer(file.asBuffer())), close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}
