// The lines of a file, as an async generator.
import {
  AbortController,
  type FileReads,
  invoke,
  onAbortWeakly,
  operationOptions,
  throwIfAborted,
} from '@fmmap/core/internal';
import { Ahead } from './ahead.js';
import type { RangeOptions } from './options.js';

/** Options of `lines`. */
export type LinesOptions = RangeOptions;

const LF = 10;

/** Bytes to search at a time. */
const BLOCK = 2 ** 18;

export function linesOf(
  file: FileReads<ArrayBufferLike>,
  options: LinesOptions | undefined,
): AsyncGenerator<string, void, undefined> {
  const { offset = 0, length, signal } = operationOptions(options, ['offset', 'length']);
  const end = offset + file._mapping.resolve(offset, length);
  return generate(file, offset, end, signal);
}

async function* generate(
  file: FileReads<ArrayBufferLike>,
  offset: number,
  end: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, undefined> {
  throwIfAborted(signal);
  const over = new AbortController();
  const ignore = onAbortWeakly(signal, over, (target, reason) => target.abort(reason));
  const ahead = new Ahead(file, offset, end, over.signal);
  let start = offset; // of the current line
  try {
    for (let from = offset; from < end; ) {
      const until = Math.min(from + BLOCK, end);
      await ahead.reach(until);
      for (const found of lineEnds(file, from, until)) {
        throwIfAborted(signal);
        yield textOf(file, start, found, true);
        start = found + 1;
      }
      throwIfAborted(signal);
      from = until;
    }
    if (start < end) yield textOf(file, start, end, false);
  } finally {
    ignore();
    over.abort();
  }
}

/** The offsets of the line feeds in a part of the file. */
function lineEnds(file: FileReads<ArrayBufferLike>, from: number, until: number): number[] {
  const mapping = file._mapping;
  const found = mapping.settled(() => {
    mapping.resolve(from, until - from);
    const ends: number[] = [];
    mapping.windows.each(from, until - from, (bytes, at) => {
      for (let i = bytes.indexOf(LF); i >= 0; i = bytes.indexOf(LF, i + 1)) ends.push(at + i);
    });
    return ends;
  });
  invoke(mapping.checkFault());
  return found;
}

/** A line read from the file itself, so that no character is ever split. */
function textOf(
  file: FileReads<ArrayBufferLike>,
  from: number,
  until: number,
  isEnded: boolean,
): string {
  const mapping = file._mapping;
  const text = mapping.settled(() => {
    mapping.resolve(from, until - from);
    return mapping.windows.text(from, until - from);
  });
  return isEnded && text.endsWith('\r') ? text.slice(0, -1) : text;
}
