import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapFileMut } from '../../src/index.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(3 * 4096 + 100);

describe('memory has the API of a file', () => {
  const steps: Record<string, (file: MmapFileMut) => unknown> = {
    state: ({ length, isEmpty, isExec, isCow, isPoisoned, isClosed }) =>
      ({ length, isEmpty, isExec, isCow, isPoisoned, isClosed }), // biome-ignore format: one row
    asBuffer: (file) => Buffer.from(file.asBuffer()),
    bytes: (file) => Buffer.from(file.bytes(10, 20)),
    copyBytes: (file) => file.copyBytes(4000, 200),
    'bytes past the end': (file) => file.bytes(file.length, 1),
    search: (file) => [
      file.indexOf(5),
      file.lastIndexOf(5),
      file.includes(CONTENT.subarray(99, 130)),
    ],
    typed: (file) => [file.writeDoubleBE(1.5, 3), file.readDoubleBE(3), file.readBigInt128LE(1)],
    write: (file) => [file.write('text', 77), file.writeSome('text', file.length - 2)],
    fill: (file) => file.fill('ab', 5, 5000),
    zeroRange: (file) => file.zeroRange(100, 200),
    copyWithin: (file) => file.copyWithin(50, 0, 9000),
    reader: (file) => file.reader(5, 10).readUInt16LE(),
    writer: (file) => file.writer(5, 10).writeUInt16LE(500),
    advise: (file) => file.advise('sequential'),
    prefetch: (file) => file.prefetch(),
    residency: (file) => [...file.residency()],
    lockMemory: (file) => file.lockMemory(0, 100),
    unlockMemory: (file) => file.unlockMemory(),
    flush: (file) => [file.flush(), file.startFlush(5, 5000)],
    'truncate to more': (file) => file.truncate(20_000),
    'truncate to less': (file) => file.truncate(5001),
    stat: (file) => [file.stat().size, file.stat({ bigint: true }).size],
    writeToNewFile: (file) => {
      const path = tempFile();
      file.writeToNewFile(path, 1, 300);
      return fs.readFileSync(path);
    },
    freeze: (file) => {
      using frozen = file.freeze();
      return [file.isClosed, frozen.isClosed, frozen.copyBytes()];
    },
    'after close': (file) => file.readUInt8(0),
  };

  test.each([
    ['MmapFileMut.memory', () => MmapFileMut.memory('name', CONTENT)],
    [
      'MmapFileMut.anonymous',
      () => {
        const file = MmapFileMut.anonymous(CONTENT.length);
        file.writeAll(CONTENT);
        return file;
      },
    ],
  ])('%s does the same as a file, step by step', (_name, make) => {
    const outcome = (step: (file: MmapFileMut) => unknown, file: MmapFileMut) => {
      try {
        const value = step(file);
        return { value, content: file.isClosed ? '' : file.copyBytes().toString('latin1') };
      } catch (error) {
        return { error: (error as Error).name, code: (error as { code?: string }).code };
      }
    };
    using memory = make();
    using disk = MmapFileMut.open(tempFile(CONTENT));
    for (const [name, step] of Object.entries(steps)) {
      expect(outcome(step, memory), name).toEqual(outcome(step, disk));
    }
  });

  test('remove, closeWithTruncate and dispose close it', () => {
    const removed = MmapFileMut.memory('name', 'abc');
    removed.remove();
    const truncated = MmapFileMut.memory('name', 'abc');
    truncated.closeWithTruncate(1);
    const disposed = MmapFileMut.anonymous(3);
    disposed.removeOnDispose = true;
    disposed[Symbol.dispose]();
    expect([removed.isClosed, truncated.isClosed, disposed.isClosed]).toEqual([true, true, true]);
  });
});
