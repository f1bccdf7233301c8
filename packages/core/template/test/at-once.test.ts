import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { MmapClosedError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { countDescriptors } from '../../test/helpers/process.js';
import { pattern, tempDir, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { coldFile } from './cold.js';

const PAGE = 4096;
const CONTENT = pattern(64 * PAGE);
const MANY = 1000;

test('a thousand operations of all kinds on one file', async () => {
  await using file = await AsyncMmapFileMut.open(coldFile(CONTENT));
  const directory = tempDir();
  const offsetOf = (index: number) => (index * 7919) % (CONTENT.length - PAGE);
  const operations: ((index: number) => Promise<unknown>)[] = [
    async (index) => {
      const target = Buffer.alloc(PAGE);
      await file.readExact(target, offsetOf(index));
      expectBytes(target, CONTENT.subarray(offsetOf(index), offsetOf(index) + PAGE));
    },
    async (index) => {
      const offset = offsetOf(index);
      const line = await file.reader(offset, PAGE).readLine();
      expect(line).not.toBe(null);
    },
    (index) => file.flush(offsetOf(index), PAGE),
    (index) => file.startFlush(offsetOf(index), PAGE),
    (index) => file.prefetch(offsetOf(index), PAGE),
    (index) => file.advise('willneed', offsetOf(index), PAGE),
    async () => expect((await file.stat()).size).toBe(CONTENT.length),
    async () => expect(await file.tryLock()).toBe(true),
    () => file.checkFault(),
    async (index) => {
      const path = `${directory}/${index}`;
      await file.writeToNewFile(path, offsetOf(index), 100);
      expectBytes(fs.readFileSync(path), CONTENT.subarray(offsetOf(index), offsetOf(index) + 100));
      fs.rmSync(path);
    },
  ];
  await Promise.all(
    Array.from({ length: MANY }, (_, index) => operations[index % operations.length]?.(index)),
  );
  expectBytes(file.asBuffer(), CONTENT);
});

test('a thousand files opened and closed at once leave nothing', async () => {
  const path = tempFile(CONTENT);
  const before = countDescriptors(path);
  await Promise.all(
    Array.from({ length: MANY / 10 }, async () => {
      for (let round = 0; round < 10; ++round) {
        await using file = await AsyncMmapFile.open(path);
        expect(file.readUInt8(round)).toBe(CONTENT[round]);
      }
    }),
  );
  expect(countDescriptors(path)).toBe(before);
});

test('a freeze leaves no moment in which the handle still seems writable', async () => {
  const file = await AsyncMmapFileMut.open(tempFile(CONTENT));
  const frozen = file.freeze();
  const writes = (async () => {
    for (;;) {
      file.write('!');
      await undefined; // each moment between two steps
    }
  })();
  await expect(writes).rejects.toThrow(MmapClosedError);
  await using frozenFile = await frozen;
  await frozenFile.checkFault();
  expect(frozenFile.readUInt8()).toBe('!'.charCodeAt(0));
});

test('truncates, flushes and reads, not waited for, keep to their order', async () => {
  const path = tempFile(CONTENT);
  await using file = await AsyncMmapFileMut.open(path);
  let model = Buffer.from(CONTENT);
  const pending: Promise<unknown>[] = [];
  for (let round = 0; round < 200; ++round) {
    const size = (round * 7919 * 13) % (100 * PAGE);
    const kept = model.subarray(0, size);
    model = Buffer.concat([kept, Buffer.alloc(size - kept.length)]);
    pending.push(file.truncate(size), file.flush());
    const size_ = size; // as this round leaves it
    pending.push(
      file.stat().then((stats) => {
        expect(stats.size).toBe(size_);
      }),
    );
    // What begins later may be under way by now: the file is as some round has left it.
    const target = Buffer.alloc(PAGE);
    pending.push(
      file.read(target, 5).then((count) => {
        expect(count).toBeLessThanOrEqual(PAGE);
        const zeroes = target.subarray(0, count).findIndex((byte, at) => byte !== CONTENT[5 + at]);
        if (zeroes >= 0) expectBytes(target.subarray(zeroes, count), Buffer.alloc(count - zeroes));
      }),
    );
  }
  await Promise.all(pending);
  expectBytes(file.asBuffer(), model);
  expectBytes(fs.readFileSync(path), model);
});

test('what is stored between changes is kept, as in a model', async () => {
  const path = tempFile(CONTENT);
  await using file = await AsyncMmapFileMut.open(path);
  let model = Buffer.from(CONTENT);
  for (let round = 1; round < 100; ++round) {
    const at = (round * 104_729) % file.length;
    file.writeUInt8(round, at);
    model[at] = round;
    const size = 1 + ((round * 7919 * 13) % (100 * PAGE));
    const target = Buffer.alloc(100);
    const [flushed, count] = await Promise.all([
      file.flush(),
      file.read(target, at),
      file.truncate(size),
      file.prefetch(0, 1),
    ]);
    expect(flushed).toBeUndefined();
    expectBytes(target.subarray(0, count), model.subarray(at, at + count));
    const kept = model.subarray(0, size);
    model = Buffer.concat([kept, Buffer.alloc(size - kept.length)]);
    expectBytes(file.asBuffer(), model);
  }
  await file.close();
  expectBytes(fs.readFileSync(path), model);
});

test('a read of cold pages behind a shrink is short, and not an error', async () => {
  for (const size of [0, PAGE, 10 * PAGE + 5]) {
    await using file = await AsyncMmapFileMut.open(coldFile(CONTENT));
    const target = Buffer.alloc(PAGE);
    const [, atEnd, before] = await Promise.all([
      file.truncate(size),
      file.read(target, 50 * PAGE),
      file.read(Buffer.alloc(2 * PAGE), 0),
    ]);
    expect([0, PAGE]).toContain(atEnd);
    if (atEnd > 0) expectBytes(target, CONTENT.subarray(50 * PAGE, 51 * PAGE));
    expect(before).toBeGreaterThanOrEqual(Math.min(size, 2 * PAGE));
  }
});
