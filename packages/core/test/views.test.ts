import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../src/index.js';
import { collectGarbage } from './helpers/process.js';
import { makeResizable, resizableKinds } from './helpers/resizable.js';
import { pattern, tempFile } from './helpers/temp.js';

const PAGE = 4096;
const zeroes = (length: number) => Buffer.alloc(length);

/** As `toEqual`, which is slow for long buffers. */
function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) expect(Buffer.from(actual)).toEqual(expected);
}

describe.each(resizableKinds)('a view of %s', (name) => {
  test('shows the file after it grew within its last page', () => {
    const { file, onDisk, resize } = makeResizable(name, pattern(100));
    const view = file.asBuffer();
    resize(200);
    expect(view.length).toBe(100);
    expectBytes(view, pattern(100));
    expectBytes(file.asBuffer(), Buffer.concat([pattern(100), zeroes(100)]));
    view[99] = 0x42;
    expect(file.readUInt8(99)).toBe(0x42);
    expect(onDisk()[99]).toBe(0x42);
  });

  test('shows the file after it grew beyond its reservation, again and again', () => {
    const { file, onDisk, resize } = makeResizable(name, pattern(100));
    const views = [file.asBuffer()];
    for (const length of [5000, 70_000, 70_001, 1 << 20, 9 << 20, (9 << 20) + 5]) {
      resize(length);
      expect(file.length).toBe(length);
      views.push(file.asBuffer());
    }
    views.forEach((view, index) => {
      view[index] = 0xa0 + index;
    });
    const expected = Buffer.from(pattern(100));
    views.forEach((_, index) => {
      expected[index] = 0xa0 + index;
    });
    for (const view of views) expectBytes(view.subarray(0, 100), expected);
    expectBytes(onDisk().subarray(0, 100), expected);
    file.writeAll('end', 69_997);
    for (const view of views.filter(({ length }) => length >= 70_000)) {
      expect(view.toString('latin1', 69_997, 70_000)).toBe('end');
    }
  });

  test('of nothing stays empty when the file grows from 0, and new ones show all of it', () => {
    const { file, onDisk, resize } = makeResizable(name, zeroes(0));
    const empty = file.asBuffer();
    expect(empty.length).toBe(0);
    for (const length of [1, PAGE, 3 * PAGE + 1]) {
      resize(0);
      resize(length);
      const view = file.asBuffer();
      expectBytes(view, zeroes(length));
      view.fill(0x5a);
      expectBytes(onDisk(), Buffer.alloc(length, 0x5a));
    }
    expect(empty.length).toBe(0);
  });

  test('reads zeroes where the file was cut off', () => {
    const { file, resize } = makeResizable(name, pattern(5 * PAGE));
    const view = file.asBuffer();
    const tail = file.bytes(4 * PAGE, 100);
    for (const length of [4 * PAGE + 50, 2 * PAGE, PAGE + 1, 1, 0]) {
      resize(length);
      expectBytes(view.subarray(0, length), pattern(5 * PAGE).subarray(0, length));
      expectBytes(view.subarray(length), zeroes(5 * PAGE - length));
      expectBytes(
        tail.subarray(Math.max(length - 4 * PAGE, 0)),
        zeroes(length > 4 * PAGE ? 50 : 100),
      );
    }
  });

  test('stores nothing in the file where that was cut off', () => {
    const { file, onDisk, resize } = makeResizable(name, pattern(5 * PAGE));
    const view = file.asBuffer();
    resize(PAGE + 10);
    view.fill(0xff, PAGE + 10);
    expectBytes(onDisk(), pattern(PAGE + 10));
    expectBytes(file.copyBytes(), pattern(PAGE + 10));
    resize(5 * PAGE);
    const expected = Buffer.concat([pattern(PAGE + 10), zeroes(4 * PAGE - 10)]);
    expectBytes(onDisk(), expected);
    expectBytes(file.copyBytes(), expected);
  });

  test('shows the file again where that was cut off and has grown back', () => {
    const { file, onDisk, resize } = makeResizable(name, pattern(5 * PAGE));
    const view = file.asBuffer();
    for (const length of [PAGE + 10, 3 * PAGE, 0]) {
      resize(length);
      resize(5 * PAGE);
      expectBytes(view.subarray(length), zeroes(5 * PAGE - length));
      file.writeAll('from the file', 4 * PAGE);
      expect(view.toString('latin1', 4 * PAGE, 4 * PAGE + 13)).toBe('from the file');
      view.write('from the view', 5 * PAGE - 13, 'latin1');
      expect(onDisk().toString('latin1', 5 * PAGE - 13)).toBe('from the view');
    }
  });

  test('of any form keeps the memory that the file has outgrown, and goes on showing it', async () => {
    const { file, resize } = makeResizable(name, pattern(PAGE));
    const part = file.bytes(100, 50).subarray(10);
    const words = (() => {
      resize(30 * PAGE);
      const { buffer, byteOffset } = file.asBuffer();
      return new DataView(buffer, byteOffset, 8);
    })();
    for (const length of [100 * PAGE, 300 * PAGE, 10, 900 * PAGE]) {
      resize(length);
      await collectGarbage();
    }
    resize(PAGE);
    file.writeAll('shown', 110);
    expect(part.toString('latin1', 0, 5)).toBe('shown');
    words.setUint32(0, 0xdeadbeef);
    expect(file.readUInt32BE(0)).toBe(0xdeadbeef);
    resize(2000 * PAGE);
    part[0] = 0x55;
    expect(file.readUInt8(110)).toBe(0x55);
  });

  test.each([
    ['within its page', PAGE],
    ['by a page', 2 * PAGE],
    ['beyond the reservation', 40 * PAGE],
  ])(
    'never surfaces what was stored behind the end of the file, which then grew %s',
    (_, length) => {
      const { file, onDisk, resize } = makeResizable(name, pattern(2 * PAGE));
      const view = file.asBuffer();
      resize(100);
      view.fill(0xff, 100);
      resize(length);
      const expected = Buffer.concat([pattern(100), zeroes(length - 100)]);
      expectBytes(file.copyBytes(), expected);
      expectBytes(onDisk(), expected);
    },
  );

  test('is still readable once the file is frozen, and shows the same memory', () => {
    const { file, resize } = makeResizable(name, pattern(100));
    const before = file.asBuffer();
    resize(3 * PAGE);
    const view = file.asBuffer();
    using frozen = file.freeze();
    expectBytes(before, pattern(100));
    expectBytes(view.subarray(0, 100), pattern(100));
    expectBytes(frozen.asBuffer(), view);
  });

  test('is one memory with the handle, with other views and with fs', () => {
    const { file, onDisk, writeToDisk } = makeResizable(name, pattern(3 * PAGE));
    const whole = file.asBuffer();
    const part = file.bytes(PAGE - 2, 10);
    const words = new Uint16Array(whole.buffer, file.asBuffer().byteOffset & ~1, 4);
    file.writeUInt32BE(0xdeadbeef, PAGE);
    expect(part.readUInt32BE(2)).toBe(0xdeadbeef);
    expect(whole.readUInt32BE(PAGE)).toBe(0xdeadbeef);
    expect(onDisk().readUInt32BE(PAGE)).toBe(0xdeadbeef);
    part.writeUInt8(7, 9);
    expect(file.readUInt8(PAGE + 7)).toBe(7);
    expect(onDisk()[PAGE + 7]).toBe(7);
    writeToDisk(Buffer.from('written'), PAGE);
    expect(part.toString('latin1', 2, 9)).toBe('written');
    expect(file.copyBytes(PAGE, 7).toString()).toBe('written');
    words.fill(0xabab);
    expect(file.readUInt8(words.byteOffset - whole.byteOffset + 7)).toBe(0xab);
  });

  test('lies in its ArrayBuffer where its byteOffset says', () => {
    const { file } = makeResizable(name, pattern(3 * PAGE));
    const whole = file.asBuffer();
    const { buffer, byteOffset } = file.bytes(4000, 200);
    expect(buffer).toBe(whole.buffer);
    expect(byteOffset - whole.byteOffset).toBe(4000);
    expectBytes(new Uint8Array(buffer, byteOffset, 200), pattern(3 * PAGE).subarray(4000, 4200));
    const view = new DataView(buffer, byteOffset, 200);
    expect(view.getUint32(0)).toBe(file.readUInt32BE(4000));
    expect(buffer.byteLength).toBeGreaterThanOrEqual(byteOffset + 200);
  });

  test('agrees with a model through any sequence of changes', () => {
    const length = fc.nat(9 * PAGE);
    const change = fc.oneof(
      fc.record({ what: fc.constant('resize' as const), at: length }),
      fc.record({ what: fc.constant('write' as const), at: length }),
      fc.record({ what: fc.constant('fs' as const), at: length }),
      fc.record({ what: fc.constant('view' as const), at: length }),
      fc.record({ what: fc.constant('store' as const), at: length }),
    );
    fc.assert(
      fc.property(fc.nat(2 * PAGE), fc.array(change, { maxLength: 12 }), (first, changes) => {
        let model: Buffer = pattern(first);
        const { file, onDisk, writeToDisk, resize } = makeResizable(name, model);
        const views: { view: Buffer; from: number }[] = [];
        let value = 0;
        for (const { what, at } of changes) {
          const from = Math.min(at, model.length);
          value = (value % 255) + 1;
          if (what === 'resize') {
            resize(at);
            model = Buffer.concat([model.subarray(0, at)], at);
          } else if (what === 'view') {
            views.push({ view: file.bytes(from, model.length - from), from });
          } else if (what === 'store') {
            // Through all views, also where they show nothing any more.
            for (const entry of views) {
              entry.view.subarray(10, 30).fill(value);
              model
                .subarray(entry.from)
                .subarray(0, entry.view.length)
                .subarray(10, 30)
                .fill(value);
            }
          } else {
            const bytes = Buffer.alloc(Math.min(20, model.length - from), value);
            if (what === 'write') file.writeAll(bytes, from);
            else writeToDisk(bytes, from);
            bytes.copy(model, from);
          }
          expectBytes(file.copyBytes(), model);
          expectBytes(onDisk(), model);
          for (const { view, from: start } of views) {
            const shown = Math.min(view.length, Math.max(model.length - start, 0));
            expectBytes(view.subarray(0, shown), model.subarray(start, start + shown));
          }
        }
        file.close();
      }),
      { numRuns: 40 },
    );
  });
});

test('a read-only view shows what others write to the file', () => {
  const path = tempFile(pattern(2 * PAGE));
  using file = MmapFile.open(path);
  const view = file.asBuffer();
  const descriptor = fs.openSync(path, 'r+');
  fs.writeSync(descriptor, 'news', PAGE);
  fs.closeSync(descriptor);
  expect(view.toString('latin1', PAGE, PAGE + 4)).toBe('news');
  expect(file.indexOf('news')).toBe(PAGE);
});

test('a view of a copy-on-write mapping shows its own changes, and the file none', () => {
  const path = tempFile(pattern(2 * PAGE));
  using file = MmapFileMut.openCow(path);
  const view = file.asBuffer();
  file.writeAll('mine', 10);
  expect(view.toString('latin1', 10, 14)).toBe('mine');
  view.write('also', PAGE, 'latin1');
  expect(file.copyBytes(PAGE, 4).toString()).toBe('also');
  expectBytes(fs.readFileSync(path), pattern(2 * PAGE));
});

test('what was stored behind the end of the file does not surface when it is opened longer', () => {
  const path = tempFile(pattern(2 * PAGE));
  {
    using file = MmapFileMut.openExisting(path);
    const view = file.asBuffer();
    file.truncate(100);
    view.fill(0xff, 100);
  }
  using longer = MmapFileMut.openExisting(path, { maxSize: 2 * PAGE });
  expectBytes(longer.copyBytes(), Buffer.concat([pattern(100), zeroes(2 * PAGE - 100)]));
});

test('a view keeps the mapping of a file object that was dropped', async () => {
  const path = tempFile(pattern(2 * PAGE));
  const view = (() => MmapFileMut.openExisting(path).bytes(PAGE, 100).subarray(10))();
  await collectGarbage();
  view.write('still there', 0, 'latin1');
  expect(fs.readFileSync(path, 'latin1').indexOf('still there')).toBe(PAGE + 10);
  const descriptor = fs.openSync(path, 'r+');
  fs.writeSync(descriptor, 'coherent', PAGE + 10);
  fs.closeSync(descriptor);
  expect(view.toString('latin1', 0, 8)).toBe('coherent');
});
