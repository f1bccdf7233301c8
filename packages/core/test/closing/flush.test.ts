import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import { whereCallsAreTraced, whereOpenFilesAreReplaced } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

describe('close({ flush: true })', () => {
  whereCallsAreTraced.test.each([
    ['{ flush: true }', 1],
    ['{ flush: false }', 0],
    ['{ flush: undefined }', 0],
    ['{}', 0],
    ['undefined', 0],
  ])('of %s makes %i flushes, all before the file is closed', async (options, count) => {
    const path = tempFile(CONTENT);
    const trace = strace('msync,close');
    await hearProgram('closing/flush#close', { args: [path, options], through: trace.through });
    const calls = trace.calls().filter((call) => call.startsWith('msync') || call.includes(path));
    expect(calls.map((call) => call.split('(')[0])).toEqual([
      ...Array(count).fill('msync'),
      'close',
    ]);
    expect(fs.readFileSync(path, 'utf8').startsWith('stored')).toBe(true);
  });

  whereCallsAreTraced.test(
    'that fails leaves the handle open and poisoned; its content can still be read, and it can be closed',
    async () => {
      const path = tempFile(CONTENT);
      const { through } = strace('msync', ['msync:error=EIO:when=1']);
      const said = await hearProgram('closing/flush#failing', { args: [path], through });
      expect(said).toEqual([
        expect.objectContaining({ name: 'MmapError', code: 'EIO', syscall: 'msync', path }),
        [false, true, 'exclusive', 'stored'],
        'MmapPoisonedError',
        false,
        true,
      ]);
    },
  );

  test('closes a file that has nothing to flush', () => {
    for (const file of [
      MmapFileMut.openCow(tempFile(CONTENT)),
      MmapFileMut.memory('memory', CONTENT),
      MmapFileMut.anonymous(0),
      MmapFileMut.open(tempFile('')),
      MmapFile.open(tempFile(CONTENT)),
      MmapFile.memory('memory', CONTENT),
      MmapFileMut.attach(MmapFileMut.memory('memory', CONTENT).share()),
    ]) {
      file.close({ flush: true });
      expect(file.isClosed).toBe(true);
      file.close({ flush: true });
    }
  });

  whereCallsAreTraced.test('of a frozen file flushes what was stored before', async () => {
    const path = tempFile(CONTENT);
    const trace = strace('msync');
    await hearProgram('closing/flush#frozen', { args: [path], through: trace.through });
    expect(trace.calls()).toEqual([expect.stringMatching(/MS_SYNC\) = 0$/)]);
  });

  test('of a consumed file does nothing', () => {
    const file = MmapFileMut.openExisting(tempFile(CONTENT));
    using frozen = file.freeze();
    file.close({ flush: true });
    expect(frozen.isClosed).toBe(false);
  });

  test('refuses other options and leaves the file open', () => {
    using file = MmapFileMut.memory('memory', CONTENT);
    for (const bad of [null, 0, 1, 'true', {}]) {
      expectArgumentError(() => file.close({ flush: bad as never }), 'flush');
    }
    expectArgumentError(() => file.close({ flsh: true } as never), 'flsh');
    for (const bad of [null, true, 'flush', [], CONTENT]) {
      expectArgumentError(() => file.close(bad as never), 'options');
    }
    expect(file.isClosed).toBe(false);
  });
});

whereOpenFilesAreReplaced.test(
  'the error of a copy-on-write file says how to save and how to grow it, and both ways work',
  () => {
    const path = tempFile(CONTENT);
    using copy = MmapFileMut.openCow(path);
    copy.writeAll('stored');
    copy.flush();
    expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
    for (const change of [() => copy.truncate(20_000), () => copy.closeWithTruncate(5)]) {
      const { message } = thrown(change);
      expect(message).toMatch(/writeToNewFile.*maxSize.*memory\(/);
    }
    using longer = MmapFileMut.memory('longer', copy.asBuffer());
    longer.truncate(20_000);
    expect(longer.copyBytes(0, 6).toString()).toBe('stored');
    copy.writeToNewFile(path, { replace: copy });
    using file = MmapFile.open(path);
    expect(file.copyBytes(0, 6).toString()).toBe('stored');
  },
);

test.each([
  ['MmapFile', MmapFile.memory],
  ['MmapFileMut', MmapFileMut.memory],
])('%s.memory does not read the file that its name refers to', (_name, memory) => {
  const path = tempFile(CONTENT);
  using nothing = memory(path);
  expect(nothing.length).toBe(0);
  using named = memory('', CONTENT);
  expect([named.path, named.length]).toEqual(['', CONTENT.length]);
  expect(thrown(() => memory(CONTENT as never)).message).toMatch(/"name".*before the data/);
});
