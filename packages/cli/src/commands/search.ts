// `fmmap search`: the offsets of all occurrences of some bytes.
import { Buffer } from 'node:buffer';
import { basename } from 'node:path';
import type { MmapFile } from '@fmmap/core';
import { type Range, type RangeOptions, rangeOf, withFile } from '../files.js';
import { printable } from '../format.js';
import { print } from '../output.js';
import { Refusal } from '../problems.js';
import { Progress } from '../progress.js';

export interface SearchOptions extends RangeOptions {
  /** Bytes in hexadecimal digits, in place of text. */
  readonly hex?: string;
  readonly count?: true;
  /** At most so many occurrences. */
  readonly max?: number;
}

/** So much is searched before the progress is shown. */
const PIECE = 2 ** 26;

export async function search(
  path: string,
  pattern: string | undefined,
  options: SearchOptions,
): Promise<number> {
  const needle = needleOf(pattern, options.hex);
  return withFile(path, async (file) => {
    let count = 0;
    for (const offsets of occurrences(file, needle, rangeOf(file, options), options.max)) {
      count += offsets.length;
      if (!options.count) await print(`${offsets.join('\n')}\n`);
    }
    if (options.count) await print(`${count}\n`);
    return count > 0 ? 0 : 1;
  });
}

function needleOf(text: string | undefined, hex: string | undefined): Buffer {
  if ((text === undefined) === (hex === undefined)) {
    throw new Refusal('search needs either a PATTERN or --hex');
  }
  if (hex === undefined) return checked(Buffer.from(text ?? ''));
  const digits = hex.replace(/0x|[\s,:]/gi, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new Refusal(`--hex '${hex}': needs two hexadecimal digits for each byte`);
  }
  return checked(Buffer.from(digits, 'hex'));
}

function checked(needle: Buffer): Buffer {
  if (needle.length > 0) return needle;
  throw new Refusal('nothing to search for: an empty pattern would match everywhere');
}

/** The offsets in order, without overlaps, some at a time. */
function* occurrences(
  file: MmapFile,
  needle: Buffer,
  { offset, length }: Range,
  max = Number.POSITIVE_INFINITY,
): Generator<Float64Array, void> {
  const end = offset + length;
  const target = new Float64Array(8192);
  const progress = new Progress(`search ${printable(basename(file.path))}`, length);
  try {
    for (let at = offset, left = max; left > 0 && end - at >= needle.length; ) {
      const until = Math.min(at + PIECE + needle.length - 1, end);
      const room = target.subarray(0, left);
      const found = room.subarray(0, file.indexesOf(needle, room, at, until));
      if (found.length > 0) {
        progress.end();
        yield found;
      }
      left -= found.length;
      const next = (found.at(-1) ?? -1) + needle.length;
      at = found.length === room.length ? next : Math.max(next, until - needle.length + 1);
      progress.report(at - offset);
    }
  } finally {
    progress.end();
  }
}
