import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { effort } from '../helpers/effort.js';
import { thrown } from '../helpers/errors.js';
import { expectFault } from '../helpers/faults.js';
import { whereFilesAreCut } from '../helpers/platform.js';
import { collectGarbage, countDescriptors, countMappings } from '../helpers/process.js';
import { startProgram } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE + 77);
const OTHER = Buffer.from(CONTENT).reverse();

type Open = (path: string, options?: { offset?: number; length?: number }) => MmapFile;

const openings: Record<string, Open> = {
  'MmapFile.open': MmapFile.open,
  'MmapFile.openExec': MmapFile.openExec,
  'MmapFileMut.openExisting': MmapFileMut.openExisting,
  'MmapFileMut.openExisting with detachOnClose': (path, options) =>
    MmapFileMut.openExisting(path, { ...options, detachOnClose: true }),
  'MmapFileMut.openCow': MmapFileMut.openCow,
  'MmapFileMut.freeze': (path, options) => MmapFileMut.openExisting(path, options).freeze(),
};

function opened(open: Open, options?: { offset?: number; length?: number }) {
  const path = tempFile(CONTENT);
  const file = open(path, options);
  onTestFinished(() => file.close());
  return { file, path };
}

/** Overwrites a file in place, as another process would. */
function overwrite(path: string, content: Uint8Array): void {
  const descriptor = fs.openSync(path, 'r+');
  fs.ftruncateSync(descriptor, content.length);
  fs.writeSync(descriptor, content, 0, content.length, 0);
  fs.closeSync(descriptor);
}

/** Truncates the file and touches what is gone. */
function fault(file: MmapFile, path: string, size = 0): void {
  fs.truncateSync(path, size);
  expectFault(() => file.readUInt8(file.length - 1), 'truncated', path, file.length - 1);
  expect(file.isFaulted).toBe(true);
}

function expectShows(file: MmapFile, content: Buffer): void {
  expect(file).toMatchObject({ isFaulted: false, isClosed: false, length: content.length });
  expect(file.copyBytes().equals(content)).toBe(true);
  expect(file.asBuffer().equals(content)).toBe(true);
  if (content.length > 0) expect(file.readUInt8(content.length - 1)).toBe(content.at(-1));
  expect(thrown(() => file.readUInt8(content.length)).name).toBe('MmapRangeError');
  file.checkFault();
}

whereFilesAreCut.describe.each(Object.entries(openings))(
  'after a fault of a file of %s',
  (name, open) => {
    const isCow = name.includes('Cow');

    test.each([0, 1, PAGE, PAGE + 100, CONTENT.length - 1, CONTENT.length, 40 * PAGE])(
      'reopen maps the %i bytes that there are now, and views show them again',
      (size) => {
        const { file, path } = opened(open);
        const view = file.asBuffer();
        fault(file, path);
        expect(view.every((byte) => byte === 0)).toBe(true);
        const now = Buffer.concat([OTHER], size);
        overwrite(path, now);
        expect(view.some((byte) => byte !== 0)).toBe(false); // not before reopen
        file.reopen();
        expectShows(file, now);
        const expected = Buffer.alloc(view.length);
        if (!isCow) now.copy(expected);
        expect(view.equals(expected)).toBe(true);
      },
    );

    test('reopen works again and again', () => {
      const { file, path } = opened(open);
      const views: Buffer[] = [];
      for (let round = 0; round < 20; ++round) {
        views.push(file.asBuffer());
        fault(file, path, (round % 3) * 5);
        overwrite(path, round % 2 === 0 ? OTHER : CONTENT);
        file.reopen();
        expectShows(file, round % 2 === 0 ? OTHER : CONTENT);
        for (const view of isCow ? [] : views) expect(view.equals(file.asBuffer())).toBe(true);
      }
    });

    test('reopen of a file that ends before the mapping throws, leaves it faulted, and can be retried', () => {
      const { file, path } = opened(open, { offset: 2 * PAGE + 5 });
      fault(file, path, 2 * PAGE + 4);
      for (let attempt = 0; attempt < 3; ++attempt) {
        const error = thrown(() => file.reopen());
        expect(error).toMatchObject({ name: 'MmapRangeError', code: 'ERR_OUT_OF_RANGE', path });
        expect(error.message).toContain(`${2 * PAGE + 5}`);
        expect(file).toMatchObject({ isFaulted: true, isPoisoned: false });
        expectFault(() => file.copyBytes(), 'truncated', path);
      }
      fs.truncateSync(path, 2 * PAGE + 5);
      file.reopen();
      expectShows(file, Buffer.alloc(0));
      overwrite(path, CONTENT);
      file.reopen();
      expectShows(file, CONTENT.subarray(2 * PAGE + 5));
    });

    test('a mapping with a given length never gets longer, and is shorter only while the file is', () => {
      const { file, path } = opened(open, { offset: 100, length: 2 * PAGE });
      fault(file, path, 110);
      file.reopen();
      expectShows(file, CONTENT.subarray(100, 110));
      overwrite(path, Buffer.concat([CONTENT, OTHER]));
      file.reopen();
      expectShows(file, CONTENT.subarray(100, 100 + 2 * PAGE));
    });

    test('close releases the lock, and the file can be opened again', () => {
      const { file, path } = opened(open);
      const view = file.asBuffer();
      fault(file, path);
      file.close();
      expect(file.isClosed).toBe(true);
      using next = MmapFileMut.open(path, { maxSize: 10 });
      expect(next.readUInt8(9)).toBe(0);
      expect(next.isFaulted).toBe(false);
      expect(Array.prototype.every.call(view, (byte) => byte === 0)).toBe(true);
    });

    test('stat describes the open file, even when another one has its path', () => {
      const { file, path } = opened(open);
      const { ino } = file.stat();
      fault(file, path, 5);
      fs.renameSync(path, `${path}.old`);
      fs.writeFileSync(path, 'another');
      expect(file.stat()).toMatchObject({ ino, size: 5 });
      file.reopen();
      expectShows(file, CONTENT.subarray(0, 5));
    });
  },
);

/** What has to be settled when a file is opened, and never again. */
const settled: Record<string, Open> = {
  'without its lock': (path) => {
    const file = MmapFile.open(path);
    file.unlock();
    return file;
  },
  'opened without one': (path) => MmapFileMut.open(path, { lock: 'none' }),
  'with populate': (path) => MmapFileMut.open(path, { populate: true }),
  'with minSize': (path) => MmapFileMut.open(path, { minSize: CONTENT.length }),
};

describe('reopen without a fault', () => {
  test.each(Object.entries({ ...openings, ...settled }))(
    'shows what others have appended: %s',
    (name, open) => {
      const { file, path } = opened(open);
      const view = file.asBuffer();
      let content = CONTENT;
      for (const size of [1, 100, PAGE, 100 * PAGE]) {
        const more = pattern(size);
        fs.appendFileSync(path, more);
        content = Buffer.concat([content, more]);
        expect(file.length).toBe(content.length - size);
        file.reopen();
        expectShows(file, content);
      }
      if (!name.includes('Cow')) expect(view.equals(CONTENT)).toBe(true);
    },
  );

  whereFilesAreCut.test('adapts to what others have cut off, without a fault', () => {
    const { file, path } = opened(MmapFile.open);
    fs.truncateSync(path, PAGE + 5);
    file.reopen();
    expectShows(file, CONTENT.subarray(0, PAGE + 5));
  });

  test('keeps what was written, except in a private copy', () => {
    const { file, path } = opened(MmapFileMut.openExisting) as { file: MmapFileMut; path: string };
    file.writeAll('written', PAGE - 3);
    file.reopen();
    expect(file.copyBytes(PAGE - 3, 7).toString()).toBe('written');
    expect(fs.readFileSync(path).toString('latin1', PAGE - 3, PAGE + 4)).toBe('written');
    file.close();
    const cow = MmapFileMut.openCow(path);
    cow.writeAll('private', PAGE - 3);
    cow.reopen();
    expect(cow.copyBytes(PAGE - 3, 7).toString()).toBe('written');
    cow.close();
  });

  test('works for memory', () => {
    for (const file of [MmapFile.memory('m', CONTENT), MmapFileMut.memory('m', CONTENT)]) {
      file.reopen();
      expectShows(file, CONTENT);
      file.close();
    }
  });

  test('shows all of a file that was opened with a length and truncated since', () => {
    const { file, path } = opened(MmapFileMut.openExisting, { length: PAGE }) as never as {
      file: MmapFileMut;
      path: string;
    };
    file.truncate(2 * PAGE);
    fs.appendFileSync(path, 'more');
    file.reopen();
    expect(file.length).toBe(2 * PAGE + 4);
  });

  test('throws MmapClosedError for a closed file', () => {
    const { file } = opened(MmapFile.open);
    file.close();
    expect(thrown(() => file.reopen()).name).toBe('MmapClosedError');
  });
});

whereFilesAreCut.test('a recovered file supports everything that it did before', () => {
  const { file, path } = opened(MmapFileMut.openExisting) as { file: MmapFileMut; path: string };
  fault(file, path);
  file.reopen();
  file.truncate(2 * PAGE);
  file.fill(7);
  file.flush();
  file.reader().readUInt8();
  file.writer().writeAll('abc');
  expect(file.indexOf(7)).toBe(3);
  file.writeToNewFile(join(path, '..', 'copy'));
  file.freeze().close();
  expect(fs.readFileSync(path).toString('latin1', 0, 4)).toBe('abc\x07');
});

whereFilesAreCut.test('a faulted file can be removed, even after a second fault', () => {
  const { file, path } = opened(MmapFileMut.openExisting) as { file: MmapFileMut; path: string };
  fault(file, path);
  file.reopen();
  overwrite(path, CONTENT);
  file.reopen();
  fault(file, path, PAGE);
  file.remove();
  expect(fs.existsSync(path)).toBe(false);
  expect(file.isClosed).toBe(true);
});

whereFilesAreCut.test('removeOnDispose removes a faulted file', () => {
  const { file, path } = opened(MmapFileMut.openExisting) as { file: MmapFileMut; path: string };
  file.removeOnDispose = true;
  fault(file, path);
  file[Symbol.dispose]();
  expect(fs.existsSync(path)).toBe(false);
});

whereFilesAreCut.test('nobody else gets the lock while a file faults and is reopened', async () => {
  const { file, path } = opened(MmapFileMut.openExisting);
  const rival = startProgram('faults/recovery#rival', { args: [path] });
  await rival.said();
  for (let round = 0; round < 100; ++round) {
    fault(file, path);
    overwrite(path, CONTENT);
    file.reopen();
    expect(file.lockState).toBe('exclusive');
  }
  fs.writeFileSync(`${path}.stop`, '');
  expect(await rival.said()).toEqual(['EWOULDBLOCK']);
  expect(await rival.done).toMatchObject({ code: 0, signal: null });
});

whereFilesAreCut.describe('many faults and recoveries leak no descriptor and no mapping:', () => {
  async function expectNothingLeft(round: () => void, path: string): Promise<void> {
    const settle = async () => {
      await collectGarbage();
      round(); // releases what no view uses any more
      return [countDescriptors(), countMappings(path)];
    };
    for (let index = 0; index < 20; ++index) round();
    const before = await settle();
    const mappings = countMappings();
    for (let index = 0; index < effort(1000, 300); ++index) round();
    expect(await settle()).toEqual(before);
    await collectGarbage();
    expect(countMappings()).toBeLessThanOrEqual(mappings + 100); // V8's own mappings come and go
  }

  test.each(Object.entries(openings))('%s', async (_, open) => {
    const { file, path } = opened(open);
    await expectNothingLeft(() => {
      fs.truncateSync(path, 10);
      expect(file.asBuffer()[2 * PAGE]).toBe(0);
      expect(file.isFaulted).toBe(true);
      fs.truncateSync(path, CONTENT.length);
      file.reopen();
    }, path);
  });

  test('with the file opened, faulted and closed each time', async () => {
    const path = tempFile(CONTENT);
    await expectNothingLeft(() => {
      fs.truncateSync(path, CONTENT.length);
      const file = MmapFile.open(path);
      fs.truncateSync(path, 0);
      expect(file.asBuffer()[2 * PAGE]).toBe(0);
      file.close();
    }, path);
  });
});

test('following a file with reopen takes no more mappings each time, with views or without', () => {
  const { file, path } = opened(MmapFile.open);
  const views = [file.asBuffer()];
  const before = countMappings(path);
  for (let round = 0; round < 500; ++round) {
    file.reopen();
    views.push(file.asBuffer());
  }
  expect(countMappings(path)).toBeLessThanOrEqual(before + 1);
  expect(views.every((view) => view.equals(CONTENT))).toBe(true);
});
