import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { expectFault } from '../helpers/faults.js';
import { whereFilesAreCut } from '../helpers/platform.js';
import { pattern, tempFile } from '../helpers/temp.js';

const { describe, test } = whereFilesAreCut;

// Between the new end of a file and the end of its page, the system serves zeroes and sends no signal.

const PAGE = 4096;
const PAGES = 40;
const CONTENT = pattern(PAGES * PAGE).map((byte) => byte | 1);
/** In the middle of the last page that is mapped: no page vanishes. */
const END = (PAGES - 1) * PAGE + 100;
const LAST = (PAGES - 1) * PAGE;

type Open = (path: string) => MmapFile;

function opened(open: Open = MmapFileMut.openExisting): { file: MmapFile; path: string } {
  const path = tempFile(CONTENT);
  const file = open(path);
  onTestFinished(() => file.close());
  return { file, path };
}

/** A file that has lost its end, which has not been noticed yet. */
function cut(open?: Open) {
  const { file, path } = opened(open);
  expect(file.readUInt8(END + 1)).toBe(CONTENT[END + 1]);
  fs.truncateSync(path, END);
  expect(file.isFaulted).toBe(false);
  return { file: file as MmapFileMut, path };
}

const openings: Record<string, Open> = {
  'MmapFile.open': MmapFile.open,
  'MmapFileMut.openExisting': MmapFileMut.openExisting,
  'MmapFileMut.openCow': MmapFileMut.openCow,
};

test.each(Object.entries(openings))(
  'a typed access in the page where a file of %s now ends is not a fault, as documented',
  (_, open) => {
    const { file, path } = cut(open);
    expect(file.readUInt8(END + 1)).toBe(0);
    expect(file.readDoubleLE(END + 200)).toBe(0);
    expect(file.readUInt8(END - 1)).toBe(CONTENT[END - 1]);
    if (file instanceof MmapFileMut) file.writeUInt8(9, END + 1);
    expect(file.copyBytes(END, 10)).toHaveLength(10);
    expect(file.bytes(END - 1, 3)[0]).toBe(CONTENT[END - 1]);
    expect(file.isFaulted).toBe(false);
    expect(file.stat().size).toBe(END);
    expectFault(() => file.checkFault(), 'truncated', path, END);
    expect(file.isFaulted).toBe(true);
    expectFault(() => file.readUInt8(0), 'truncated', path, END);
    expect(fs.statSync(path).size).toBe(END);
  },
);

const READS: Record<string, (file: MmapFile, path: string) => unknown> = {
  'copyBytes of more than a page': (file) => file.copyBytes(LAST - 1),
  'read of more than a page': (file) => file.read(Buffer.alloc(PAGE + 1), LAST - 1),
  'readExact of more than a page': (file) => file.readExact(Buffer.alloc(PAGE + 1), LAST - 1),
  'indexOf over more than a page': (file) => file.indexOf(0, LAST - PAGE),
  'indexOf of what is not there': (file) => file.indexOf('nowhere at all', LAST - 1),
  'indexesOf over more than a page': (file) => file.indexesOf(0, new Float64Array(9), LAST - PAGE),
  'lastIndexOf over more than a page': (file) => file.lastIndexOf('nowhere at all'),
  'gather of more than a page': (file) =>
    file.gather(new Float64Array(PAGE), new Uint32Array(PAGE).fill(LAST)),
  'includes over more than a page': (file) => file.includes('nowhere at all'),
  prefetch: (file) => file.prefetch(LAST),
  lockMemory: (file) => file.lockMemory(LAST),
  writeToNewFile: (file, path) => file.writeToNewFile(join(dirname(path), 'new')),
  'writeToNewFile of the part that is gone': (file, path) =>
    file.writeToNewFile(join(dirname(path), 'new'), END, 10),
  'a reader that goes on by readX': (file) => {
    for (const reader = file.reader(); reader.remaining >= 8; ) reader.readBigUInt64LE();
  },
  'a reader that goes on by read': (file) => {
    const target = Buffer.alloc(100);
    for (const reader = file.reader(); reader.remaining > 0; ) reader.read(target);
  },
  'a reader that goes on by readExact': (file) => {
    const target = Buffer.alloc(100);
    for (const reader = file.reader(); reader.remaining > 100; ) reader.readExact(target);
  },
  'a reader that goes on by bytes': (file) => {
    for (const reader = file.reader(); reader.remaining > 100; ) reader.bytes(100);
  },
  'a reader that goes on by chunks': (file) => [...file.reader().chunks(100)],
  'a reader that goes on by lines': (file) => [...file.reader()],
  'a reader whose one step is large': (file) => file.reader().bytes(17 * PAGE),
};

const WRITES: Record<string, (file: MmapFileMut) => unknown> = {
  flush: (file) => file.flush(),
  'flush of a part': (file) => file.flush(0, 1),
  'flush of nothing': (file) => file.flush(5, 0),
  startFlush: (file) => file.startFlush(),
  'flush of a writer': (file) => file.writer().flush(),
  'write of more than a page': (file) => file.writeSome(Buffer.alloc(PAGE + 1), LAST - 1),
  'writeAll of more than a page': (file) => file.writeAll(Buffer.alloc(PAGE + 1), LAST - 1),
  'fill of more than a page': (file) => file.fill(1, LAST - 1),
  'zeroRange of more than a page': (file) => file.zeroRange(LAST - 1, PAGES * PAGE),
  'copyWithin of more than a page': (file) => file.copyWithin(LAST - 1, 0, PAGE + 1),
  'a writer that goes on by writeX': (file) => {
    for (const writer = file.writer(); writer.remaining >= 8; ) writer.writeBigUInt64LE(1n);
  },
  'a writer that goes on by write': (file) => {
    for (const writer = file.writer(); writer.remaining > 0; ) writer.writeSome('some bytes');
  },
  truncate: (file) => file.truncate(PAGES * PAGE + 5),
  'truncate to less': (file) => file.truncate(PAGE),
  closeWithTruncate: (file) => file.closeWithTruncate(PAGE),
};

const everywhere = Object.entries(openings).flatMap(([name, open]) =>
  Object.entries(READS).map(([what, use]) => ({ name, open, what, use })),
);

describe('calls that check the file notice that it ends in the last page:', () => {
  test.each(everywhere)('$what, $name', ({ open, use }) => {
    const { file, path } = cut(open);
    expectFault(() => use(file, path), 'truncated', path, END);
    expect(file.isFaulted).toBe(true);
    expect(fs.readdirSync(dirname(path))).toEqual(['file.bin']);
  });

  test.each(Object.entries(WRITES))('%s', (_, use) => {
    const { file, path } = cut();
    expectFault(() => use(file), 'truncated', path, END);
    expect(file).toMatchObject({ isFaulted: true, isPoisoned: false, isClosed: false });
    expect(fs.statSync(path).size).toBe(END);
  });

  test('a reader notices on its way, not only at the end', () => {
    const { file, path } = cut();
    const reader = file.reader();
    expectFault(
      () => {
        while (reader.remaining >= 8) reader.readBigUInt64LE();
      },
      'truncated',
      path,
    );
    expect(reader.position).toBeLessThanOrEqual(2 ** 16);
  });
});

describe('none of these calls throws', () => {
  const all = { ...READS, ...WRITES } as Record<
    string,
    (file: MmapFileMut, path: string) => unknown
  >;

  test.each(Object.entries(all))('while the file is whole: %s', (_, use) => {
    const { file, path } = opened();
    use(file as MmapFileMut, path);
    expect(file.isFaulted).toBe(false);
  });

  test.each(Object.entries(READS))('when the file has grown: %s', (_, use) => {
    const { file, path } = opened();
    fs.appendFileSync(path, 'more');
    use(file, path);
    file.checkFault();
    expect(file.isFaulted).toBe(false);
    expect(file.length).toBe(PAGES * PAGE);
  });

  test.each(Object.entries(READS))('when the file ends where the mapping does: %s', (_, use) => {
    const path = tempFile(Buffer.concat([Buffer.alloc(10), CONTENT, Buffer.alloc(5 * PAGE)]));
    using file = MmapFile.open(path, { offset: 10, length: PAGES * PAGE });
    fs.truncateSync(path, PAGES * PAGE + 10);
    use(file, path);
    file.checkFault();
    fs.truncateSync(path, PAGES * PAGE + 9);
    expectFault(() => file.checkFault(), 'truncated', path, PAGES * PAGE - 1);
  });
});

test('checkFault passes for memory and for an empty file', () => {
  for (const file of [MmapFile.memory('memory', 'abc'), MmapFile.open(tempFile(''))]) {
    file.checkFault();
    expect(file.isFaulted).toBe(false);
    file.close();
  }
});

test('a file that is truncated to nothing and rewritten in between has no fault', () => {
  const { file, path } = opened();
  fs.writeFileSync(path, Buffer.alloc(PAGES * PAGE, 7));
  expect(file.readUInt8(5)).toBe(7);
  file.checkFault();
  expect(file.indexOf(0)).toBe(-1);
});
