import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapRangeError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { isWindows } from '../../test/helpers/platform.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { coldFile } from './cold.js';
import { expectArgumentRejection, rejected } from './rejections.js';

const PAGE = 4096;
const CONTENT = pattern(10 * PAGE + 5);

/** More than what is read in at once. */
const LARGE = pattern(3 * 2 ** 20 + 17);

/** What was never in memory, is in memory, or is nothing but memory. */
const files: Readonly<Record<string, (content: Buffer) => Promise<AsyncMmapFile>>> = {
  'a cold file': (content) => AsyncMmapFile.open(coldFile(content)),
  'a cold file, from an odd offset': (content) =>
    AsyncMmapFile.open(coldFile(Buffer.concat([Buffer.alloc(4099), content])), { offset: 4099 }),
  'a private copy of a cold file': (content) => AsyncMmapFileMut.openCow(coldFile(content)),
  'a resident file': async (content) => {
    const file = await AsyncMmapFileMut.open(tempFile(content));
    await file.prefetch();
    return file;
  },
  memory: async (content) => AsyncMmapFile.memory('memory', content),
};

describe.each(Object.entries(files))('%s', (_name, open) => {
  test('is read from any offset, as much as there is', async () => {
    await using file = await open(CONTENT);
    for (const [offset, length] of [
      [0, CONTENT.length],
      [PAGE - 1, 2],
      [5, 3 * PAGE],
      [0, 0],
      [CONTENT.length - 1, 1],
      [CONTENT.length - 1, 100],
      [CONTENT.length, 10],
      [CONTENT.length + 1, 10],
      [Number.MAX_SAFE_INTEGER, 10],
    ] as const) {
      const target = Buffer.alloc(length, 0xaa);
      const expected = CONTENT.subarray(offset, offset + length);
      expect(await file.read(target, offset)).toBe(expected.length);
      expectBytes(target.subarray(0, expected.length), expected);
      expectBytes(target.subarray(expected.length), Buffer.alloc(length - expected.length, 0xaa));
    }
  });

  test('is read exactly, or not at all', async () => {
    await using file = await open(CONTENT);
    const target = Buffer.alloc(2 * PAGE);
    expect(await file.readExact(target, 7)).toBeUndefined();
    expectBytes(target, CONTENT.subarray(7, 7 + 2 * PAGE));
    target.fill(0xaa);
    for (const offset of [CONTENT.length - 2 * PAGE + 1, CONTENT.length, CONTENT.length + 1])
      expect(await rejected(file.readExact(target, offset))).toBeInstanceOf(MmapRangeError);
    expectBytes(target, Buffer.alloc(2 * PAGE, 0xaa));
  });

  test('is read whole where it is large, also many times at once', async () => {
    await using file = await open(LARGE);
    const targets = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const target = new Uint8Array(LARGE.length);
        await file.readExact(target);
        return target;
      }),
    );
    for (const target of targets) expectBytes(target, LARGE);
  });

  test('is the same through memory as it is read', async () => {
    await using file = await open(CONTENT);
    await file.prefetch(3, 2 * PAGE);
    expect(file.readUInt8(1)).toBe(CONTENT[1]);
    expect(file.readInt32BE(PAGE - 2)).toBe(CONTENT.readInt32BE(PAGE - 2));
    expect(file.readBigUInt64LE(9)).toBe(CONTENT.readBigUInt64LE(9));
    expect(file.readDoubleLE(4097)).toBe(CONTENT.readDoubleLE(4097));
    expectBytes(file.bytes(5, PAGE), CONTENT.subarray(5, 5 + PAGE));
    expectBytes(file.copyBytes(), CONTENT);
    const part = CONTENT.subarray(5000, 5020);
    expect(file.indexOf(part, 22)).toBe(CONTENT.indexOf(part, 22));
    expect(file.lastIndexOf(part)).toBe(CONTENT.lastIndexOf(part));
    expect(file.includes('no such text')).toBe(false);
    expect(() => file.readUInt16LE(CONTENT.length - 1)).toThrow(MmapRangeError);
  });
});

test('prefetch brings the pages of a range into memory, and no others', async () => {
  const path = tempFile('');
  fs.truncateSync(path, 10 * PAGE); // which were never in memory
  await using file = await AsyncMmapFile.open(path);
  if (!isWindows) await file.advise('random'); // or more is read ahead, as it is there
  const expectResident = (...pages: number[]) => {
    const found = [...file.residency().keys()].filter((page) => file.residency()[page] === 1);
    expect(isWindows ? found.filter((page) => pages.includes(page)) : found).toEqual(pages);
  };
  expect(file.residency()).toEqual(new Uint8Array(10));
  await file.prefetch(3 * PAGE + 1, PAGE);
  expectResident(3, 4);
  expect(await file.read(Buffer.alloc(1), 7 * PAGE)).toBe(1);
  expectResident(3, 4, 7);
  await file.prefetch();
  expect(file.residency()).toEqual(new Uint8Array(10).fill(1));
  await file.prefetch(10 * PAGE);
  await file.prefetch(0, 0);
});

test.each([
  ['a file', (path: string) => AsyncMmapFileMut.openExisting(path), true],
  ['a private copy of it', (path: string) => AsyncMmapFileMut.openCow(path), false],
] as const)('read sees what was just stored in %s', async (_name, open, isFile) => {
  const path = tempFile(CONTENT);
  await using file = await open(path);
  for (const length of [1, 8, PAGE, 3 * PAGE]) {
    const stored = Buffer.alloc(length, length);
    file.writeAll(stored, PAGE - 3);
    const target = Buffer.alloc(length);
    expect(await file.read(target, PAGE - 3)).toBe(length);
    expectBytes(target, stored);
    expectBytes(
      fs.readFileSync(path).subarray(PAGE - 3, PAGE - 3 + length),
      isFile ? stored : CONTENT.subarray(PAGE - 3, PAGE - 3 + length),
    );
  }
});

test('read may fill a view of the file that it reads', async () => {
  await using file = AsyncMmapFileMut.memory('memory', CONTENT);
  expect(await file.read(file.bytes(1, 1000), 0)).toBe(1000);
  expectBytes(
    file.copyBytes(0, 1001),
    Buffer.concat([CONTENT.subarray(0, 1), CONTENT.subarray(0, 1000)]),
  );
});

test('bad arguments are rejections, and nothing is read', async () => {
  await using file = await AsyncMmapFile.open(tempFile(CONTENT));
  const target = Buffer.alloc(10, 0xaa);
  for (const method of ['read', 'readExact'] as const) {
    for (const bad of [undefined, null, 'abc', 10, new Uint16Array(4), new ArrayBuffer(4)])
      await expectArgumentRejection(() => file[method](bad as never), 'target');
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 53, '0', 0n, null])
      await expectArgumentRejection(() => file[method](target, bad as never), 'offset');
  }
  await expectArgumentRejection(() => file.readExact(target, CONTENT.length + 1), 'offset');
  await expectArgumentRejection(() => file.readExact(target, CONTENT.length - 9), 'offset');
  await expectArgumentRejection(() => file.prefetch(CONTENT.length + 1), 'offset');
  await expectArgumentRejection(() => file.prefetch(1, CONTENT.length), 'length');
  await expectArgumentRejection(() => file.prefetch('1' as never), 'offset');
  expectBytes(target, Buffer.alloc(10, 0xaa));
});

test('a loop that awaits what is in memory lets others have their turn', async () => {
  await using file = AsyncMmapFile.memory('memory', Buffer.alloc(2 ** 16));
  const target = Buffer.alloc(2 ** 16);
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  for (let round = 0; round < 100; ++round) await file.read(target);
  isOver = true;
  expect(turns).toBeGreaterThanOrEqual(5);
});

test.each(['read', 'readExact'] as const)(
  '%s fails if its target becomes smaller meanwhile',
  async (name) => {
    for (const size of [1000, 2 ** 17]) {
      await using file = await AsyncMmapFile.open(coldFile(Buffer.alloc(2 ** 17, 7)));
      const Growable = ArrayBuffer as new (size: number, options: object) => ArrayBuffer;
      const memory = new Growable(size, { maxByteLength: size });
      const reading = file[name](new Uint8Array(memory));
      (memory as unknown as { resize(size: number): void }).resize(16);
      const outcome = await reading.then(
        () => Buffer.from(memory), // it was quicker
        (error: unknown) => error,
      );
      if (outcome instanceof Buffer) expect(outcome).toEqual(Buffer.alloc(16, 7));
      else expect(outcome).toMatchObject({ name: 'TypeError', argument: 'target' });
    }
  },
);
