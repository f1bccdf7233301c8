import * as fs from 'node:fs';
import vm from 'node:vm';
import fc from 'fast-check';
import { expect, onTestFinished } from 'vitest';
import { MmapFile, MmapFileMut, type WasmMemory } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { whereWasmMemory } from '../helpers/platform.js';
import { pattern, tempFile } from '../helpers/temp.js';
import { over, sharedMemory } from '../helpers/wasm.js';

const { describe, test } = whereWasmMemory;

const PAGE = 4096;
const WASM_PAGE = 65536;
const CONTENT = pattern(5 * WASM_PAGE + 123);

function opened<File extends MmapFile>(open: (path: string) => File, content = CONTENT): File {
  const file = open(tempFile(content));
  onTestFinished(() => file.close());
  return file;
}

const pagesOf = ({ buffer }: WasmMemory): number => buffer.byteLength / WASM_PAGE;

/** A copy of the bytes at an address. */
const at = ({ buffer }: WasmMemory, address: number, length: number): Buffer =>
  Buffer.from(Buffer.from(buffer, address, length));

const zeroes = (length: number) => Buffer.alloc(length);

test('a whole file is in the memory, in as many pages as it needs', () => {
  const memory = sharedMemory(3);
  const range = opened(MmapFile.open).mapInto(memory);
  expect({ ...range }).toEqual({ address: 3 * WASM_PAGE, length: CONTENT.length });
  expect(pagesOf(memory)).toBe(3 + 6);
  expect(at(memory, range.address, range.length).equals(CONTENT)).toBe(true);
  const code = over(memory);
  for (const offset of [0, 1, PAGE, CONTENT.length - 1]) {
    expect(code.load(range.address + offset)).toBe(CONTENT[offset]);
  }
});

test('code and the file see each other’s stores', () => {
  const file = opened(MmapFileMut.openExisting);
  const memory = sharedMemory();
  const { address } = file.mapInto(memory, 777, 10_000);
  over(memory).store(address + 5000, 99);
  expect(file.readUInt8(5777)).toBe(99);
  file.writeUInt8(98, 778);
  expect(over(memory).load(address + 1)).toBe(98);
  file.flush();
  expect(fs.readFileSync(file.path)[5777]).toBe(99);
});

test('any range is at its address, in no more WebAssembly pages than needed', () => {
  const files = [opened(MmapFile.open), opened((path) => MmapFile.open(path, { offset: 5001 }))];
  const range = fc.tuple(fc.nat(CONTENT.length - 5001), fc.nat(3 * WASM_PAGE), fc.boolean());
  const check = fc.property(range, ([offset, most, isSecond]) => {
    const file = files[isSecond ? 1 : 0] as MmapFile;
    const length = Math.min(most, file.length - offset);
    const memory = sharedMemory(1);
    const range = file.mapInto(memory, offset, length);
    expect(range.length).toBe(length);
    expect(at(memory, range.address, length).equals(file.copyBytes(offset, length))).toBe(true);
    const lead = (offset + (isSecond ? 5001 : 0)) % PAGE;
    expect(pagesOf(memory)).toBe(1 + (length === 0 ? 0 : Math.ceil((lead + length) / WASM_PAGE)));
    expect(at(memory, 0, WASM_PAGE).equals(zeroes(WASM_PAGE))).toBe(true);
    range.release();
    expect(at(memory, range.address, length).equals(zeroes(length))).toBe(true);
  });
  fc.assert(check, { numRuns: 60 });
});

test('one memory holds several files, and one file several times', () => {
  const memory = sharedMemory();
  const one = opened(MmapFileMut.openExisting);
  const other = opened(MmapFile.open, Buffer.alloc(WASM_PAGE, 7));
  const ranges = [one.mapInto(memory), other.mapInto(memory), one.mapInto(memory, 100)] as const;
  one.writeUInt8(55, 200);
  expect(ranges.map(({ address }) => at(memory, address + 100, 1)[0])).toEqual([
    CONTENT[100],
    7,
    55,
  ]);
  expect(at(memory, ranges[0].address + 200, 1)[0]).toBe(55);
  one.close();
  expect(at(memory, ranges[0].address, 300).equals(zeroes(300))).toBe(true);
  expect(at(memory, ranges[1].address, 1)[0]).toBe(7);
});

describe('releasing a range', () => {
  test('leaves zeroes that may be written to, even the second time', () => {
    const file = opened(MmapFileMut.openExisting);
    const memory = sharedMemory();
    const { address, release } = Object.assign(file.mapInto(memory), {});
    const range = file.mapInto(memory);
    range.release();
    range.release();
    range[Symbol.dispose]();
    expect(at(memory, range.address, range.length).equals(zeroes(range.length))).toBe(true);
    over(memory).store(range.address, 5);
    expect(over(memory).load(range.address)).toBe(5);
    expect(at(memory, address, 10).equals(CONTENT.subarray(0, 10))).toBe(true);
    expect(typeof release).toBe('function');
    expect(fs.readFileSync(file.path).equals(CONTENT)).toBe(true);
  });

  test('lets its pages be reused, in parts and as a whole', () => {
    const file = opened(MmapFile.open);
    const memory = sharedMemory();
    const grown = () => pagesOf(memory);
    for (let round = 0; round < 100; ++round) file.mapInto(memory).release();
    expect(grown()).toBe(6);
    const parts = [0, 1, 2, 3, 4, 5].map((page) => file.mapInto(memory, page * WASM_PAGE, 100));
    expect(grown()).toBe(6);
    expect(new Set(parts.map(({ address }) => address)).size).toBe(6);
    for (const part of [4, 1, 3, 5, 0, 2]) parts[part]?.release();
    expect(file.mapInto(memory).address).toBe(0);
    expect(grown()).toBe(6);
    file.mapInto(memory, 0, 1);
    expect(grown()).toBe(7);
  });

  test('leaves nothing of what the program writes there afterwards', () => {
    const memory = sharedMemory();
    const file = opened(MmapFile.open, Buffer.alloc(10, 1));
    const { address } = file.mapInto(memory);
    Buffer.from(memory.buffer).fill(9, PAGE);
    const range = file.mapInto(memory);
    range.release();
    Buffer.from(memory.buffer).fill(8, WASM_PAGE);
    file.mapInto(memory);
    expect(at(memory, WASM_PAGE, 10).equals(Buffer.alloc(10, 1))).toBe(true);
    expect(at(memory, WASM_PAGE + 10, WASM_PAGE - 10).equals(zeroes(WASM_PAGE - 10))).toBe(true);
    expect(at(memory, address, 10).equals(Buffer.alloc(10, 1))).toBe(true);
  });

  test('happens at the end of the block with `using`', () => {
    const memory = sharedMemory();
    const file = opened(MmapFile.open);
    {
      using range = file.mapInto(memory);
      expect(over(memory).load(range.address)).toBe(CONTENT[0]);
    }
    expect(over(memory).load(0)).toBe(0);
  });

  test('returns its pages, even after close', () => {
    const memory = sharedMemory();
    const file = opened(MmapFile.open);
    const range = file.mapInto(memory);
    file.close();
    over(memory).store(range.address, 3); // has no effect
    opened(MmapFile.open).mapInto(memory);
    expect(pagesOf(memory)).toBe(12);
    range.release();
    opened(MmapFile.open).mapInto(memory);
    expect(pagesOf(memory)).toBe(12);
    expect(over(memory).load(range.address)).toBe(CONTENT[0]);
  });
});

describe('a range keeps its length while the file', () => {
  test('becomes shorter, and longer again', () => {
    const file = opened(MmapFileMut.openExisting);
    const memory = sharedMemory();
    const { address, length } = file.mapInto(memory, 1000, 3 * PAGE);
    const shown = () => at(memory, address, length);
    file.truncate(PAGE + 17);
    const left = PAGE + 17 - 1000;
    expect(
      shown()
        .subarray(0, left)
        .equals(CONTENT.subarray(1000, PAGE + 17)),
    ).toBe(true);
    expect(
      shown()
        .subarray(left)
        .equals(zeroes(length - left)),
    ).toBe(true);
    file.truncate(0);
    expect(shown().equals(zeroes(length))).toBe(true);
    file.truncate(10 * PAGE);
    file.fill(7);
    expect(shown().equals(Buffer.alloc(length, 7))).toBe(true);
    const after = Math.ceil((address + length) / PAGE) * PAGE;
    expect(at(memory, after, 2 * PAGE).equals(zeroes(2 * PAGE))).toBe(true);
    over(memory).store(address + length - 1, 8);
    expect(file.readUInt8(1000 + length - 1)).toBe(8);
  });

  test('is reopened', () => {
    const file = opened(MmapFileMut.openExisting);
    const memory = sharedMemory();
    const { address } = file.mapInto(memory, PAGE, 2 * PAGE);
    fs.truncateSync(file.path, PAGE);
    expect(over(memory).load(address + PAGE)).toBe(0);
    expect(thrown(() => file.readUInt8(0))).toMatchObject({ name: 'MmapFaultError' });
    fs.writeFileSync(file.path, Buffer.alloc(CONTENT.length, 3));
    file.reopen();
    expect(at(memory, address, 2 * PAGE).equals(Buffer.alloc(2 * PAGE, 3))).toBe(true);
  });

  test('is removed, or closed with truncation', () => {
    for (const end of ['remove', 'closeWithTruncate'] as const) {
      const file = opened(MmapFileMut.openExisting);
      const memory = sharedMemory();
      const { address } = file.mapInto(memory);
      if (end === 'remove') file.remove();
      else file.closeWithTruncate(5);
      if (end === 'remove') file.close();
      expect(at(memory, address, 100).equals(zeroes(100))).toBe(true);
    }
  });
});

describe('a memory that is grown by the program', () => {
  test.each([
    ['read-only', MmapFile.open],
    ['writable', MmapFileMut.openExisting],
  ] as const)('still has a file that is %s', (_, open) => {
    const memory = sharedMemory();
    const file = opened<MmapFile>(open);
    const range = file.mapInto(memory);
    const code = over(memory);
    expect(code.grow(5)).toBe(6);
    expect(code.load(range.address + 5)).toBe(CONTENT[5]);
    expect(at(memory, 6 * WASM_PAGE, 100).equals(zeroes(100))).toBe(true);
    expect(file.mapInto(memory, 0, 10).address).toBe(11 * WASM_PAGE);
    range.release();
    expect(code.grow(1)).toBe(12);
    expect(code.load(range.address + 5)).toBe(0);
  });

  test('passes nothing through to a read-only file', () => {
    for (const freeze of [false, true]) {
      const memory = sharedMemory();
      const writable = freeze ? opened(MmapFileMut.openExisting) : undefined;
      const early = writable?.mapInto(memory);
      const file = writable?.freeze() ?? opened(MmapFile.open);
      const { address } = early ?? file.mapInto(memory);
      const code = over(memory);
      code.grow(1);
      code.store(address + 3, 0xee);
      file.mapInto(memory); // from here on, stores are noticed again
      expect(file.isFaulted).toBe(false);
      code.store(address + PAGE, 0xee);
      expect(file.isFaulted).toBe(true);
      expect(fs.readFileSync(file.path).equals(CONTENT)).toBe(true);
      file.close();
    }
  });
});

test('freezing makes stores in the memory fault, as everywhere', () => {
  const memory = sharedMemory();
  const writable = opened(MmapFileMut.openExisting);
  const { address } = writable.mapInto(memory);
  over(memory).store(address, 1);
  const frozen = writable.freeze();
  expect(over(memory).load(address)).toBe(1);
  over(memory).store(address + 1, 2);
  expect(thrown(() => frozen.readUInt8(0))).toMatchObject({ reason: 'read-only' });
  expect(fs.readFileSync(frozen.path)[1]).toBe(CONTENT[1]);
  frozen.reopen();
  expect(at(memory, address, 2)).toEqual(Buffer.from([1, CONTENT[1] as number]));
  frozen.close();
});

test('copies within the file through the memory handle overlaps correctly', () => {
  const file = opened(MmapFileMut.openExisting);
  const memory = sharedMemory();
  const { address } = file.mapInto(memory, PAGE, 2 * WASM_PAGE);
  over(memory).grow(1); // after which arrays over the memory are no longer recognised
  const expected = Buffer.from(CONTENT);
  expected.copyWithin(PAGE + 100, PAGE, PAGE + WASM_PAGE);
  file.writeAll(new Uint8Array(memory.buffer, address, WASM_PAGE), PAGE + 100);
  expect(file.copyBytes().equals(expected)).toBe(true);
  expected.copyWithin(PAGE + 33, 0, WASM_PAGE);
  file.read(new Uint8Array(memory.buffer, address + 33, WASM_PAGE));
  expect(file.copyBytes().equals(expected)).toBe(true);
});

test('bytes of a vanished page are not taken for content by another file', () => {
  const memory = sharedMemory();
  const [lost, other] = [opened(MmapFile.open), opened(MmapFileMut.openExisting)];
  const healthy = other.mapInto(memory, 0, 10);
  const { address } = lost.mapInto(memory);
  fs.truncateSync(lost.path);
  other.write(new Uint8Array(memory.buffer, healthy.address, 10));
  const view = new Uint8Array(memory.buffer, address, PAGE);
  expect(thrown(() => other.write(view))).toMatchObject({
    name: 'MmapFaultError',
    path: lost.path,
  });
  other.write(new Uint8Array(memory.buffer, healthy.address, 10));
});

describe('mapInto refuses', () => {
  test('a memory without room, and says how much is needed and left', () => {
    const file = opened(MmapFile.open);
    for (const [initial, maximum] of [
      [0, 5],
      [3, 8],
      [5, 5],
      [0, 0],
      [60_000, 60_005],
    ] as const) {
      const memory = sharedMemory(initial, maximum);
      const { buffer } = memory;
      const error = thrown(() => file.mapInto(memory));
      expect(error).toMatchObject({ name: 'MmapRangeError', argument: 'memory', path: file.path });
      expect(error.message).toContain('they need 6 pages of 64 KiB');
      expect(error.message).toContain(`it can grow by ${maximum - initial};`);
      expect(memory.buffer).toBe(buffer);
      if (maximum > initial) file.mapInto(memory, 0, 1);
    }
  });

  test('ranges out of bounds, and files that are closed or faulted, before the memory grows', () => {
    const memory = sharedMemory();
    const file = opened(MmapFile.open);
    const past = [
      () => file.mapInto(memory, CONTENT.length + 1),
      () => file.mapInto(memory, 1, CONTENT.length),
    ];
    for (const call of past) expect(thrown(call)).toMatchObject({ name: 'MmapRangeError' });
    fs.truncateSync(file.path);
    file.asBuffer()[0];
    expect(thrown(() => file.mapInto(memory))).toMatchObject({ name: 'MmapFaultError' });
    file.close();
    expect(thrown(() => file.mapInto(memory))).toMatchObject({ name: 'MmapClosedError' });
    expect(pagesOf(memory)).toBe(0);
  });

  test('neither a memory of another realm nor one with a tampered class', () => {
    const file = opened(MmapFile.open);
    const make = 'new WebAssembly.Memory({ initial: 1, maximum: 50, shared: true })';
    const foreign = vm.runInNewContext(make) as WasmMemory;
    expect(file.mapInto(foreign).address).toBe(WASM_PAGE);
    const own = Object.assign(sharedMemory(1), { grow: () => 77 });
    Object.defineProperty(own, 'buffer', { value: new SharedArrayBuffer(0) });
    expect(file.mapInto(own).address).toBe(WASM_PAGE);
  });
});
