// `fmmap hexdump`: bytes as `hexdump -C` shows them, or values of a type.
import type { MmapFile } from '@fmmap/core';
import { piecesOf, type Range, type RangeOptions, rangeOf, withFile } from '../files.js';
import { print } from '../output.js';
import { paint } from '../terminal.js';
import type { NumericType } from '../types.js';

export interface HexdumpOptions extends RangeOptions {
  readonly type?: NumericType;
  /** Bytes or values in a line. */
  readonly columns?: number;
  /** Shows lines that are equal to the one before, too. */
  readonly squeeze: boolean;
}

/** So many bytes of the file are printed at a time, in whole lines. */
const PIECE = 2 ** 16;

export async function hexdump(path: string, options: HexdumpOptions): Promise<number> {
  await withFile(path, async (file) => {
    const range = rangeOf(file, options);
    const { type, columns = type ? Math.max(1, 16 / type.size) | 0 : 16 } = options;
    const size = columns * (type?.size ?? 1);
    const show = type ? valuesOf(type) : bytesOf(columns);
    let before: Buffer | undefined;
    let isRepeated = false;
    for (const part of partsOf(range, size * Math.ceil(PIECE / size))) {
      let text = '';
      for (const { offset, length } of partsOf(part, size)) {
        const bytes = file.bytes(offset, length);
        const isEqual = options.squeeze && before?.equals(bytes) === true;
        if (!isEqual) text += `${offsetOf(offset)}  ${show(file, offset, bytes)}\n`;
        else if (!isRepeated) text += '*\n';
        isRepeated = isEqual;
        before = bytes;
      }
      await print(text);
    }
    if (range.length > 0) await print(`${offsetOf(range.offset + range.length)}\n`);
    file.checkFault(); // what was shown is what the file has
  });
  return 0;
}

/** Parts of `size` bytes each, from the start of a range on. */
function* partsOf({ offset, length }: Range, size: number): Generator<Range, void> {
  for (const part of piecesOf({ offset: 0, length }, size)) {
    yield { offset: offset + part.offset, length: part.length };
  }
}

const offsetOf = (offset: number): string => paint('dim', offset.toString(16).padStart(8, '0'));

type Show = (file: MmapFile, offset: number, bytes: Buffer) => string;

/** Groups of eight bytes, and their characters. */
function bytesOf(columns: number): Show {
  const groups = Math.ceil(columns / 8);
  const width = columns * 3 + groups - 1;
  return (_, __, bytes) => {
    const hex = bytes
      .toString('hex')
      .replace(/../g, '$& ')
      .replace(/(.{24})(?=.)/g, '$1 ');
    const text = bytes.toString('latin1').replace(/[^ -~]/g, '.');
    return `${hex.padEnd(width)} |${text}|`;
  };
}

/** Values in columns, and the bytes that are too few for one. */
function valuesOf({ name, size, width, read }: NumericType): Show {
  return (file, offset, bytes) => {
    const count = Math.floor(bytes.length / size);
    const values = Array.from({ length: count }, (_, index) =>
      read(file, offset + index * size).padStart(width),
    );
    const rest = bytes.subarray(count * size);
    if (rest.length > 0) values.push(`${rest.toString('hex')} (no whole ${name})`);
    return values.join(' ');
  };
}
