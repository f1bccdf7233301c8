import type { Flavour, IndexFile } from './flavours.js';

/**
 * Line `n` ends at the 64-bit integer that is at `n * ENTRY` of the index: where its line feed is, or the text
 * ends.
 */
export const ENTRY = 8;

const LF = 10;
const SAMPLE = 64 * 1024;
const PIECE = 16 * 1024 * 1024;

/** Is called between two pieces of work; may wait, or throw to stop. */
export type Pause = (done: number, total: number) => Promise<void>;

/** What is wrong lies with what the user gave us. */
export class InputError extends Error {}

/** Writes the end of each line of the text to a new file. */
export async function buildIndex(
  flavour: Flavour,
  textPath: string,
  indexPath: string,
  pause: Pause,
): Promise<{ bytes: number; lines: number }> {
  const text = await flavour.open(textPath);
  await using _text = closing(text);
  if (text.isEmpty) throw new InputError(`'${textPath}' is empty: there are no lines to index`);
  await text.advise('sequential');

  // The blocks are reserved, so that a full disk is an error of truncate() and not of a store, and the
  // pages are there, which takes far less at once than one by one.
  const { length } = text;
  const maxSize = estimateSize(text.bytes(0, Math.min(SAMPLE, length)), length);
  const index = await flavour.create(indexPath, { maxSize, allocate: true, populate: true });
  await using _index = closing(index);
  let lines = 0;
  let free = entries(index);
  for (let offset = 0; offset < length; ) {
    const end = Math.min(offset + PIECE, length);
    await text.prefetch(offset, end - offset);
    const found = text.indexesOf(LF, free, offset, end);
    // The disk writes what is found while the search goes on, so that flush() has little left to wait for.
    await index.startFlush(lines * ENTRY, found * ENTRY);
    lines += found;
    if (found === free.length) {
      offset = Number(free[found - 1]) + 1;
      await index.truncate(index.length * 2);
      free = entries(index).subarray(lines);
    } else {
      offset = end;
      free = free.subarray(found);
    }
    await pause(offset, length);
  }
  if (text.readUInt8(length - 1) !== LF) {
    free[0] = BigInt(length);
    lines += 1;
  }

  await index.truncate(lines * ENTRY);
  await index.flush();
  await (await index.freeze()).close();
  return { bytes: length, lines };
}

/** About the bytes of the index of a text that goes on as it begins. It may grow: this saves growing often. */
function estimateSize(sample: Buffer, length: number): number {
  const lines = sample.reduce((sum, byte) => sum + (byte === LF ? 1 : 0), 1);
  return SAMPLE + ENTRY * Math.ceil((lines / sample.length) * length * 1.1);
}

/** The whole entries of an index, as they lie in its memory. */
function entries(index: IndexFile): BigUint64Array {
  const { buffer, byteOffset, length } = index.bytes(0, index.length);
  return new BigUint64Array(buffer, byteOffset, Math.floor(length / ENTRY));
}

/** Closes a file of any flavour at the end of the block. */
function closing(file: { close(): void | Promise<void> }): AsyncDisposable {
  return { [Symbol.asyncDispose]: async () => file.close() };
}
