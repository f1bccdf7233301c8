// What every file of the matrix holds: no byte of it is zero, so that a zero that nobody wrote is
// seen, and any eight in a row are there once only.

/** Of the largest file, and how much further on the contents of others begin. */
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

/** What a file holds, and more of the kind behind its end: not the same in each. Not to be written to. */
export function contentOf(file: number): Buffer {
  all ??= make();
  const start = (file % SHIFTS) * SHIFT;
  return all.subarray(start, start + MOST);
}

/** A run of bytes that are not the content: all of them zero, or none. */
export interface Odd {
  readonly at: number;
  readonly length: number;
  readonly isZero: boolean;
  /** Those that are not zero. */
  readonly bytes: readonly number[];
}

/** More of one run are not told apart. */
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
