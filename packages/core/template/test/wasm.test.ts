import * as fs from 'node:fs';
import { expect } from 'vitest';
import { expectBytes } from '../../test/helpers/bytes.js';
import { whereWasmMemory } from '../../test/helpers/platform.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { over, sharedMemory } from '../../test/helpers/wasm.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { rejected } from './rejections.js';

const { test } = whereWasmMemory;

const PAGE = 4096;
const CONTENT = pattern(50 * PAGE);

test('code of WebAssembly computes on the file', async () => {
  const path = tempFile(CONTENT);
  await using file = await AsyncMmapFileMut.openExisting(path);
  const memory = sharedMemory();
  using range = file.mapInto(memory, PAGE + 5, 10 * PAGE);
  const code = over(memory);
  expect(code.load(range.address)).toBe(CONTENT[PAGE + 5]);
  code.store(range.address + 1, 201);
  await file.flush();
  expect(fs.readFileSync(path)[PAGE + 6]).toBe(201);
});

test('ranges are taken and given back while operations are pending', async () => {
  await using file = await AsyncMmapFileMut.openExisting(tempFile(CONTENT));
  const memory = sharedMemory();
  const kept = file.mapInto(memory, 0, 20 * PAGE);
  const shown = () => Buffer.from(memory.buffer, kept.address, kept.length);
  const operations: (() => Promise<unknown>)[] = [
    () => file.flush(),
    () => file.prefetch(),
    () => file.truncate(10 * PAGE),
    () => file.truncate(CONTENT.length),
    () => file.readExact(Buffer.alloc(PAGE), 5),
    () => file.reopen(),
    () => file.stat(),
  ];
  for (let round = 0; round < 20; ++round) {
    const pending = operations.map((operation) => operation());
    const ranges = [1, 7, PAGE].map((length) => file.mapInto(memory, 3, length));
    ranges[round % 3]?.release();
    await Promise.all(pending);
    for (const range of ranges) {
      if (range !== ranges[round % 3]) {
        const bytes = Buffer.from(memory.buffer, range.address, range.length);
        expectBytes(bytes, file.copyBytes(3, range.length));
      }
      range.release();
    }
    expectBytes(shown(), file.copyBytes(0, kept.length));
  }
  expect(memory.buffer.byteLength).toBeLessThan(20 * 2 ** 16);
});

test('a file that is closed with operations pending leaves zeroes', async () => {
  const file = await AsyncMmapFileMut.openExisting(tempFile(CONTENT));
  const memory = sharedMemory();
  const range = file.mapInto(memory);
  const pending = [file.flush(), file.truncate(3 * PAGE), file.prefetch()];
  const closing = file.close();
  await Promise.allSettled([...pending, closing]);
  expectBytes(Buffer.from(memory.buffer, range.address, range.length), Buffer.alloc(range.length));
  range.release();
  const again = await AsyncMmapFile.open(tempFile(CONTENT));
  expect(again.mapInto(memory).address).toBe(0);
  await again.close();
});

test('a page that code of WebAssembly cannot have is a fault of every method', async () => {
  await using file = await AsyncMmapFile.open(tempFile(CONTENT));
  const memory = sharedMemory();
  const { address } = file.mapInto(memory);
  fs.truncateSync(file.path, PAGE);
  expect(over(memory).load(address + 7 * PAGE)).toBe(0);
  for (const call of [
    () => file.readExact(Buffer.alloc(1)),
    () => file.prefetch(),
    async () => file.mapInto(memory),
  ]) {
    expect(await rejected(call())).toMatchObject({ name: 'MmapFaultError' });
  }
});
