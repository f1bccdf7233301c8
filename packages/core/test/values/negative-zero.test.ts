import * as fs from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { integerKinds, read, write } from '../helpers/kinds.js';
import { numericArguments, type Targets } from '../helpers/numeric-arguments.js';
import { pattern, tempDir, tempFile } from '../helpers/temp.js';

// -0 counts as 0, as in Buffer and `fs`: `Math.round(-0.3)` is an ordinary value, and an ordinary offset.

const CONTENT = pattern(10_000);

/** What a result shows, with -0 distinguished from 0. */
function shown(value: unknown): unknown {
  if (Object.is(value, -0)) return 'negative zero';
  if (ArrayBuffer.isView(value)) return [...(value as Uint8Array)].map(shown);
  if (typeof value !== 'object' || value === null) return value;
  if (!('position' in value)) return Object.prototype.toString.call(value);
  const { offset, length, position, remaining } = value as Targets['reader'];
  return [offset, length, position, remaining].map(shown);
}

/** All effects of a call. */
function effects(act: (targets: Targets) => unknown): unknown {
  const path = tempFile(CONTENT);
  using file = MmapFileMut.openExisting(path);
  using readOnly = MmapFile.memory('name', CONTENT);
  const absent = `${tempDir()}/absent`;
  const targets = { file, readOnly, absent, reader: file.reader(), writer: file.writer() };
  let result: unknown;
  try {
    result = shown(act(targets));
  } catch (error) {
    result = String(error).replaceAll(path, 'path');
  }
  const cursors = [targets.reader, targets.writer].map(shown);
  return { result, cursors, isClosed: file.isClosed, content: fs.readFileSync(path, 'latin1') };
}

test.each(numericArguments)('$call treats -0 as 0', ({ run }) => {
  const of = (value: number) => effects((targets) => run(targets, value as never));
  expect(of(-0)).toEqual(of(0));
  expect(inspect(of(-0))).not.toContain('negative zero');
});

test.each(integerKinds.filter(({ isBig }) => !isBig))('write$suffix writes 0 for -0', (kind) => {
  using file = MmapFileMut.memory('name', Buffer.alloc(16, 0xff));
  expect(write(file, kind, -0, 1)).toBe(1 + kind.size);
  expect(read(file, kind, 1)).toBe(0);
  expect(write(file.writer(), kind, -0)).toBe(kind.size);
  expect(read(file, kind, 0)).toBe(0);
});

test('a rounded value and a relative seek may be -0', () => {
  using file = MmapFileMut.memory('name', 'abcdefgh');
  const reader = file.reader();
  for (const whence of ['start', 'current', 'end'] as const) {
    reader.seek(0);
    expect(reader.seek(-0, whence)).toBe(whence === 'end' ? 8 : 0);
  }
  file.writeInt32LE(Math.round(-0.3), 0);
  expect(file.readInt32LE(-0)).toBe(0);
});

describe('options', () => {
  const numbers = ['offset', 'length', 'minSize', 'lockTimeout', 'customFlags', 'mode'] as const;
  test.each(numbers)('%s may be -0', (option) => {
    const open = (value: number) => {
      const path = tempFile();
      MmapFileMut.create(path, { maxSize: 0, [option]: value }).close();
      const { size, mode } = fs.statSync(path);
      return [size, mode];
    };
    expect(open(-0)).toEqual(open(0));
  });

  test('a length of -0 is 0', () => {
    using file = MmapFileMut.openExisting(tempFile(CONTENT), { offset: -0, length: -0 });
    expect([file.length, MmapFileMut.anonymous(-0).length]).toEqual([0, 0]);
  });
});
