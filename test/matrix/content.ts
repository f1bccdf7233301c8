// The content of every file in the matrix: no byte is zero, so that a zero that was not written is
// noticed, and any eight bytes in a row occur only once.

/** The size of the largest file, and the distance between the starts of contents. */
const MOST = 2 ** 21 + 2 ** 18;
const SHIFT = 1021;
const SHIFTS = 64;
let all: Buffer | undefined;

function make(): Buffer {
  const bytes = Buffer.alloc(MOST + SHIFT * SHIFTS);
  let state = 1;
  for (let index = 0; index < bytes.length; ++index) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[index] = 1 + ((state >>> 16) % 255);
  }
  return bytes;
}

/** The content of a file, continued past its end: different for each file. Must not be written to. */
export function contentOf(file: number): Buffer {
  all ??= make();
  const start = (file % SHIFTS) * SHIFT;
  return all.subarray(start, start + MOST);
}

/** A run of bytes that differ from the content: either all of them are zero, or none. */
export interface Odd {
  readonly at: number;
  readonly length: number;
  readonly isZero: boolean;
  /** The bytes, unless they are zero. */
  readonly bytes: readonly number[];
}

/** Further bytes of a run are not recorded. */
const SHOWN = 256;

/** Where `found`, read at `offset`, differs from the content. */
export function oddities(content: Buffer, offset: number, found: Uint8Array): Odd[] {
  const wanted = content.subarray(offset, offset + found.length);
  if (Buffer.compare(wanted, found) === 0) return [];
  const odd: { at: number; length: number; isZero: boolean; bytes: number[] }[] = [];
  for (let index = 0; index < found.length; ++index) {
    const byte = found[index] ?? 0;
    if (byte === wanted[index]) continue;
    const at = offset + index;
    const last = odd.at(-1);
    const isZero = byte === 0;
    if (last && last.at + last.length === at && last.isZero === isZero) last.length += 1;
    else odd.push({ at, length: 1, isZero, bytes: [] });
    const bytes = odd.at(-1)?.bytes;
    if (!isZero && bytes && bytes.length < SHOWN) bytes.push(byte);
  }
  return odd;
}
