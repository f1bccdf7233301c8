import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  isAdviceSupported,
  MmapFile,
  MmapFileMut,
  MmapRangeError,
  MmapUnsupportedError,
} from '../../src/index.js';
import { expectBytes } from '../helpers/bytes.js';
import { thrown } from '../helpers/errors.js';
import { isWindows } from '../helpers/platform.js';
import { countMappings, mappingsOf } from '../helpers/process.js';
import { pattern, snapshot, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
/** Ends in the middle of a page; {@link WHOLE} ends with a page. */
const CONTENT = pattern(3 * PAGE + 100);
const WHOLE = pattern(2 * PAGE);

/** The constructors for an existing file. */
const openers = [
  ['MmapFile.open', MmapFile.open],
  ['MmapFile.openExec', MmapFile.openExec],
  ['MmapFileMut.open', MmapFileMut.open],
  ['MmapFileMut.openExisting', MmapFileMut.openExisting],
  ['MmapFileMut.openCow', MmapFileMut.openCow],
] as const;

describe('a constructor', () => {
  test.each([
    ['MmapFile.open', MmapFile.open, MmapFile, 'r--s', 'shared', false, false],
    ['MmapFile.openExec', MmapFile.openExec, MmapFile, 'r-xs', 'shared', true, false],
    ['MmapFileMut.openCow', MmapFileMut.openCow, MmapFileMut, 'rw-p', 'shared', false, true],
    ['MmapFileMut.open', MmapFileMut.open, MmapFileMut, 'rw-s', 'exclusive', false, false],
    [
      'MmapFileMut.openExisting',
      MmapFileMut.openExisting,
      MmapFileMut,
      'rw-s',
      'exclusive',
      false,
      false,
    ],
  ] as const)('%s maps an existing file', (_name, open, type, access, lockState, isExec, isCow) => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const file = open(path);
    expect(file).toBeInstanceOf(type);
    expect(file).toMatchObject({
      path,
      length: CONTENT.length,
      lockState,
      isExec,
      isCow,
      isEmpty: false,
      isPoisoned: false,
      isClosed: false,
    });
    expectBytes(file.asBuffer(), CONTENT);
    if (!isWindows) expect(mappingsOf(path)).toMatchObject([{ access }]);
    file.close();
    expect(file.isClosed).toBe(true);
    expect(countMappings(path)).toBe(0);
    expect(snapshot(path)).toEqual(before);
  });

  test.each([
    ['MmapFileMut.open', MmapFileMut.open],
    ['MmapFileMut.create', MmapFileMut.create],
  ] as const)('%s creates a file that is absent', (_name, open) => {
    const empty = tempFile();
    using file = open(empty);
    expect(file.length).toBe(0);
    expect(fs.statSync(empty).size).toBe(0);

    const sized = tempFile();
    using other = open(sized, { maxSize: 5000 });
    expect(other.asBuffer()).toEqual(Buffer.alloc(5000));
    other.writeAll('end', 4997);
    other.close();
    expect(fs.readFileSync(sized).subarray(4997).toString()).toBe('end');
  });

  test('memory holds a copy of bytes or text, and uses no file', () => {
    const source = Buffer.from('bytes');
    using readOnly = MmapFile.memory('a name', source);
    using writable = MmapFileMut.memory('a name', 'Grüße');
    using empty = MmapFileMut.memory('a name');
    source.fill(0);
    expect(readOnly.asBuffer().toString()).toBe('bytes');
    expect(writable.asBuffer().toString()).toBe('Grüße');
    expect(readOnly.path).toBe('a name');
    expect(empty.isEmpty).toBe(true);
    expect(fs.existsSync('a name')).toBe(false);
  });

  test('anonymous creates zeroes of any length, without a name', () => {
    using file = MmapFileMut.anonymous(PAGE + 1);
    expect(file.path).toBe('');
    expect(file.asBuffer()).toEqual(Buffer.alloc(PAGE + 1));
    using empty = MmapFileMut.anonymous(0);
    expect(empty.isEmpty).toBe(true);
  });
});

describe.each(openers)('%s maps a part of a file', (_name, open) => {
  const offsets = [0, 1, 100, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 7, CONTENT.length - 1];
  const parts = offsets.flatMap((offset) =>
    [undefined, 0, 1, PAGE, CONTENT.length - offset]
      .filter((length = 0) => length <= CONTENT.length - offset)
      .map((length) => ({ offset, length })),
  );

  test.each(parts)('offset $offset, length $length', ({ offset, length }) => {
    const path = tempFile(CONTENT);
    const expected = CONTENT.subarray(offset, offset + (length ?? CONTENT.length));
    using file = open(path, { offset, length });
    expect(file.length).toBe(expected.length);
    expectBytes(file.asBuffer(), expected);
    expectBytes(file.copyBytes(), expected);
    expect(thrown(() => file.readUInt8(expected.length))).toBeInstanceOf(MmapRangeError);
    if (expected.length > 0) {
      expect(file.readUInt8(expected.length - 1)).toBe(expected[expected.length - 1]);
      expect(file.indexOf(expected)).toBe(0);
    }
  });

  test('that ends exactly with the file and with a page', () => {
    const path = tempFile(WHOLE);
    using file = open(path, { offset: 10, length: WHOLE.length - 10 });
    expect(file.readUInt8(file.length - 1)).toBe(WHOLE[WHOLE.length - 1]);
    expect(file.bytes(file.length, 0)).toHaveLength(0);
    expect(thrown(() => file.readUInt8(file.length))).toBeInstanceOf(MmapRangeError);
    expect(thrown(() => file.bytes(file.length, 1))).toBeInstanceOf(MmapRangeError);
  });

  test('that is empty, because the offset is the end', () => {
    using file = open(tempFile(WHOLE), { offset: WHOLE.length });
    expect(file.isEmpty).toBe(true);
    expect(file.asBuffer()).toHaveLength(0);
  });

  test('and refuses one past the end, naming the wrong argument', () => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const past = thrown(() => open(path, { offset: CONTENT.length + 1 }));
    expect(past).toBeInstanceOf(MmapRangeError);
    expect(past).toMatchObject({ argument: 'offset', path, code: 'ERR_OUT_OF_RANGE' });
    const long = thrown(() => open(path, { offset: 100, length: CONTENT.length - 99 }));
    expect(long).toBeInstanceOf(MmapRangeError);
    expect(long).toMatchObject({ argument: 'length', path, code: 'ERR_OUT_OF_RANGE' });
    expect(long.message).toContain(`${CONTENT.length} bytes`);
    expect(snapshot(path)).toEqual(before);
  });
});

describe.each(openers)('%s of an empty file', (_name, open) => {
  test('returns an empty mapping in which everything works', () => {
    using file = open(tempFile(''));
    expect(file).toMatchObject({ length: 0, isEmpty: true, isClosed: false, isPoisoned: false });
    expect(file.asBuffer()).toHaveLength(0);
    expect(file.copyBytes()).toHaveLength(0);
    expect(file.read(Buffer.alloc(5))).toBe(0);
    expect(file.indexOf('x')).toBe(-1);
    expect(file.lastIndexOf('x')).toBe(-1);
    expect([...file.reader()]).toEqual([]);
    expect(file.residency()).toHaveLength(0);
    expect(file.stat().size).toBe(0);
    expect(thrown(() => file.readUInt8(0))).toBeInstanceOf(MmapRangeError);
    if (isAdviceSupported('random')) file.advise('random');
    file.advise('willneed');
    file.prefetch();
    file.lockMemory();
    file.unlockMemory();
    if (!(file instanceof MmapFileMut)) return;
    expect(file.writeSome('x')).toBe(0);
    file.fill(1);
    file.flush();
    file.startFlush();
    if (file.isCow) return;
    file.truncate(3);
    file.writeAll('abc');
    expect(file.asBuffer().toString()).toBe('abc');
  });
});

test('stores to a part land in that part of the file, and nowhere else', () => {
  const path = tempFile(CONTENT);
  using file = MmapFileMut.open(path, { offset: PAGE + 5, length: PAGE });
  file.writeUInt8(1, 0);
  file.asBuffer()[PAGE - 1] = 2;
  file.writeAll('middle', 100);
  file.flush();
  file.close();
  const expected = Buffer.from(CONTENT);
  expected[PAGE + 5] = 1;
  expected[2 * PAGE + 4] = 2;
  expected.write('middle', PAGE + 105);
  expectBytes(fs.readFileSync(path), expected);
});

test('a mapping ends at the given length, even if the file goes on', () => {
  const path = tempFile(CONTENT);
  using file = MmapFile.open(path, { length: 10 });
  expect(file.asBuffer()).toEqual(CONTENT.subarray(0, 10));
  expect(thrown(() => file.readUInt8(10))).toBeInstanceOf(MmapRangeError);
  expect(thrown(() => file.bytes(5, 6))).toBeInstanceOf(MmapRangeError);
  expect(file.indexOf(CONTENT.subarray(9, 12))).toBe(-1);
});

test('openCow keeps every change to itself: the file never changes', () => {
  const path = tempFile(CONTENT);
  const before = snapshot(path);
  const file = MmapFileMut.openCow(path);
  using witness = MmapFile.open(path);
  file.writeUInt32LE(0xdeadbeef, 0);
  file.asBuffer().write('through a view', 50);
  file.fill(7, PAGE, PAGE + 10);
  file.copyWithin(2 * PAGE, 0, 100);
  file.writer(3 * PAGE).writeAll('writer');
  file.flush();
  file.startFlush();
  const changed = file.copyBytes();
  expect(changed.readUInt32LE(0)).toBe(0xdeadbeef);
  expect(changed.subarray(50, 64).toString()).toBe('through a view');
  expect(changed.subarray(3 * PAGE, 3 * PAGE + 6).toString()).toBe('writer');
  expectBytes(witness.copyBytes(), CONTENT);
  for (const change of [() => file.truncate(1), () => file.closeWithTruncate(1)]) {
    expect(thrown(change)).toBeInstanceOf(MmapUnsupportedError);
  }
  expectBytes(file.copyBytes(), changed);
  using frozen = file.freeze();
  expectBytes(frozen.copyBytes(), changed);
  frozen.close();
  expect(snapshot(path)).toEqual(before);
});
