import * as fs from 'node:fs';
import { resourceUsage } from 'node:process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MmapFaultError, MmapFileMut } from '../../src/index.js';
import { expectBytes } from '../helpers/bytes.js';
import { effort } from '../helpers/effort.js';
import { whereFilesAreCut, whereFlagsOfOpen, whereWritesPassTheMap } from '../helpers/platform.js';
import { pattern, tempFile } from '../helpers/temp.js';

// Large writes go past the map where its pages have not been touched yet: nobody may notice, except by the time it takes.

const SIZE = 5 << 18;

/** What to fill with, also where a range is empty: a pattern of no bytes is refused. */
const FILLING = pattern(999).reverse();

/** What writes bytes of some length. */
const WRITES: Record<string, (file: MmapFileMut, bytes: Buffer, at: number) => unknown> = {
  write: (file, bytes, at) => file.write(bytes, at),
  writeSome: (file, bytes, at) => file.writeSome(bytes, at),
  fill: (file, bytes, at) => file.fill(FILLING, at, at + bytes.length),
  copyWithin: (file, bytes, at) => file.copyWithin(at, 0, bytes.length),
  'a writer': (file, bytes, at) => file.writer(at).write(bytes),
  'a buffered writer': (file, bytes, at) => {
    const writer = file.writer(at, undefined, { buffered: true });
    writer.write(bytes);
    writer.flush();
  },
};

/** The same done to a copy. */
function model(what: string, content: Buffer, bytes: Buffer, at: number): void {
  if (what === 'fill') content.fill(FILLING, at, at + bytes.length);
  else if (what === 'copyWithin') content.copyWithin(at, 0, bytes.length);
  else bytes.copy(content, at);
}

describe.each(Object.entries(WRITES))('%s of many bytes', (what, write) => {
  test('changes these and no others, for views and for the file', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1000, 4096),
        fc.array(fc.record({ at: fc.nat(SIZE), length: fc.nat(SIZE) }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.boolean(),
        (offset, steps, isTouched) => {
          const content = pattern(offset + SIZE);
          const path = tempFile(content);
          using file = MmapFileMut.openExisting(path, { offset });
          const visible = content.subarray(offset);
          const view = file.asBuffer();
          if (isTouched) file.copyBytes();
          for (const { at, length } of steps) {
            const bytes = pattern(Math.min(length, SIZE - at)).reverse();
            write(file, bytes, at);
            model(what, visible, bytes, at);
          }
          expectBytes(view, visible);
          expectBytes(fs.readFileSync(path), content);
        },
      ),
      { numRuns: effort(8, 3) },
    );
  });

  whereFilesAreCut.test('to a file that was cut is a fault, and does not make it longer', () => {
    const path = tempFile(pattern(SIZE));
    const file = MmapFileMut.openExisting(path);
    fs.truncateSync(path, 1 << 18);
    expect(() => write(file, pattern(1 << 19), 1 << 19)).toThrow(MmapFaultError);
    expect(fs.statSync(path).size).toBe(1 << 18);
    file.close();
  });

  test('to a copy-on-write mapping does not change the file', () => {
    const path = tempFile(pattern(SIZE));
    const content = pattern(SIZE);
    using file = MmapFileMut.openCow(path);
    write(file, Buffer.alloc(SIZE - 100, 1), 100);
    model(what, content, Buffer.alloc(SIZE - 100, 1), 100);
    expectBytes(file.asBuffer(), content);
    expectBytes(fs.readFileSync(path), pattern(SIZE));
  });

  // With O_APPEND a write goes to the end of the file; with O_DSYNC it waits for the disk; with O_DIRECT it must be aligned.
  whereFlagsOfOpen.test.each([
    ['append', { append: true }],
    ['O_DSYNC', { customFlags: fs.constants.O_DSYNC }],
    ['O_DIRECT', { customFlags: fs.constants.O_DIRECT ?? 0 }],
  ])('works on a file that was opened with %s', (_name, options) => {
    const path = tempFile(pattern(SIZE));
    const content = pattern(SIZE);
    using file = MmapFileMut.openExisting(path, options);
    write(file, Buffer.alloc(1 << 20, 1), 1001);
    model(what, content, Buffer.alloc(1 << 20, 1), 1001);
    expectBytes(file.asBuffer(), content);
    expectBytes(fs.readFileSync(path), content);
  });
});

describe('what is written to a new file', () => {
  const ONES = Buffer.alloc(1 << 26, 1);

  whereWritesPassTheMap.test.each<[string, (file: MmapFileMut) => unknown]>([
    ['fill', (file) => file.fill(1)],
    ['write', (file) => file.write(ONES)],
    [
      'a buffered writer',
      (file) => {
        const writer = file.writer(0, undefined, { buffered: true });
        while (writer.remaining > 0) writer.writeDoubleLE(1);
        file.flush();
      },
    ],
  ])('takes fewer faults than the file has pages: %s', (_name, write) => {
    using file = MmapFileMut.create(tempFile(), { maxSize: ONES.length });
    const before = resourceUsage().minorPageFault;
    write(file);
    expect(resourceUsage().minorPageFault - before).toBeLessThan(ONES.length / 4096 / 2);
  });
});
