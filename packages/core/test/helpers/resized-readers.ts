import * as fs from 'node:fs';
import { expect } from 'vitest';
import { kinds } from './kinds.js';

// How a reader, sync or async, behaves over a file whose length has changed.

/** Lines of seven bytes. */
export const CONTENT: Buffer = Buffer.from(
  Array.from({ length: 3000 }, (_, index) => `${String(index).padStart(6, '0')}\n`).join(''),
);

// At the position, bytes that are valid in every kind of number.
CONTENT.set([0, 17, 17, 17, 17, 17, 17, 0], 10_500);

const PART = { offset: 7000, length: 7000 };
const POSITION = 3500;

interface File {
  readonly path: string;
  reader(offset: number, length: number): object;
  truncate(size: number): unknown;
  reopen(): unknown;
  checkFault(): unknown;
}

/** Ways to change the length; those with `cut` leave a fault, from which the file is reopened. */
export const resizes: Readonly<Record<string, (file: File) => unknown>> = {
  nothing: () => {},
  'growing it': (file) => file.truncate(100_000),
  'cutting off what the part does not need': (file) => file.truncate(15_000),
  'cutting it inside the part': (file) => file.truncate(12_003),
  'cutting it at the position': (file) => file.truncate(PART.offset + POSITION),
  'cutting it before the position': (file) => file.truncate(9000),
  'cutting it at the start of the part': (file) => file.truncate(PART.offset),
  'cutting it before the part': (file) => file.truncate(100),
  'cutting it to nothing': (file) => file.truncate(0),
  'cutting and growing it': async (file) => {
    await file.truncate(100);
    await file.truncate(12_500);
  },
  'reopening it after somebody else cut it': async (file) => {
    fs.truncateSync(file.path, 11_111);
    await file.reopen();
  },
  'reopening it after somebody else cut it before the part': async (file) => {
    fs.truncateSync(file.path, 50);
    await file.reopen();
  },
  'reopening it after somebody else made it longer': async (file) => {
    fs.truncateSync(file.path, 30_000);
    await file.reopen();
  },
};

interface Reader {
  readonly offset: number;
  readonly length: number;
  readonly position: number;
  readonly remaining: number;
  [method: string]: unknown;
}

/** The bytes from the position to the end of the part, as the file has them. */
export interface Rest {
  readonly bytes: Buffer;
  readonly position: number;
  readonly length: number;
}

type Check = (reader: Reader, rest: Rest) => unknown;

const call = (reader: Reader, name: string, ...args: unknown[]): Promise<unknown> =>
  (async () => (reader[name] as (...args: unknown[]) => unknown)(...args))();

/** Checks a method that needs a number of bytes: it returns them, or throws and does not move. */
const needs =
  (name: string, size: number, args: () => unknown[], bytesOf: Fetch): Check =>
  async (reader, { bytes, position }) => {
    const given = args();
    const result = await call(reader, name, ...given).catch((error) => error);
    if (size > bytes.length) {
      expect(result).toMatchObject({ name: 'MmapRangeError', code: 'ERR_OUT_OF_RANGE' });
      expect(reader.position).toBe(position);
      return;
    }
    expect(bytesOf(result, given)).toEqual(
      bytesOf.length < 0 ? undefined : bytes.subarray(0, size),
    );
    expect(reader.position).toBe(position + size);
  };
type Fetch = (result: unknown, args: unknown[]) => unknown;

/** Checks a method that takes whatever there is. */
const takes =
  (name: string, size: number, moves: boolean, args: () => unknown[], bytesOf: Fetch): Check =>
  async (reader, { bytes, position }) => {
    const given = args();
    const expected = bytes.subarray(0, size);
    expect(bytesOf(await call(reader, name, ...given), given)).toEqual(expected);
    expect(reader.position).toBe(position + (moves ? expected.length : 0));
  };

async function all(iterable: unknown): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const each of iterable as AsyncIterable<unknown>) found.push(each);
  return found;
}

const linesOf = (bytes: Buffer): string[] =>
  bytes.length === 0 ? [] : bytes.toString().replace(/\n$/, '').split('\n');

const lines: Check = async (reader, { bytes }) => {
  const iterator = Symbol.iterator in reader ? Symbol.iterator : Symbol.asyncIterator;
  const found = await all((reader[iterator as never] as () => unknown).call(reader));
  expect(found).toEqual(linesOf(bytes));
  expect(await call(reader, 'readLine')).toBeNull();
};

/** Integers whose size is an argument. */
const SIZED = ['UIntLE', 'UIntBE', 'IntLE', 'IntBE'] as const;

const target = (size: number) => () => [Buffer.alloc(size)];

/** The checks of each method, for a few sizes. */
export const checks: Readonly<Record<string, readonly Check[]>> = {
  read: [1, 1000, 10_000].map((size) =>
    takes('read', size, true, target(size), (count, [to]) =>
      (to as Buffer).subarray(0, count as number),
    ),
  ),
  peek: [0, 1, 1000, 10_000].map((size) =>
    takes(
      'peek',
      size,
      false,
      () => [size],
      (bytes) => Buffer.from(bytes as Buffer),
    ),
  ),
  skip: [0, 1, 1000, 10_000].map((size) => async (reader, { bytes, position }) => {
    const skipped = Math.min(size, bytes.length);
    expect(await call(reader, 'skip', size)).toBe(skipped);
    expect(reader.position).toBe(position + skipped);
  }),
  bytes: [0, 1, 1000, 3500, 10_000].map((size) =>
    needs(
      'bytes',
      size,
      () => [size],
      (bytes) => Buffer.from(bytes as Buffer),
    ),
  ),
  readExact: [0, 1, 1000, 3500, 10_000].map((size) =>
    needs('readExact', size, target(size), (_, [to]) => to),
  ),
  seek: [
    async (reader, { length }) => {
      expect(await call(reader, 'seek', 0, 'end')).toBe(length);
      expect([reader.remaining, await call(reader, 'read', Buffer.alloc(1))]).toEqual([0, 0]);
      await expect(call(reader, 'seek', length + 1)).rejects.toThrow('offset');
      expect(reader.position).toBe(length);
    },
  ],
  readLine: [
    async (reader, { bytes }) => {
      expect(await call(reader, 'readLine')).toBe(linesOf(bytes)[0] ?? null);
    },
  ],
  readUntil: [
    async (reader, { bytes, position }) => {
      for (const delimiter of ['\n', '2\n0']) {
        const end = bytes.indexOf(delimiter);
        await call(reader, 'seek', Math.min(position, reader.length));
        const found = (await call(reader, 'readUntil', delimiter)) as Buffer | null;
        if (end < 0) expect(found).toBeNull();
        else expect(Buffer.from(found ?? [])).toEqual(bytes.subarray(0, end + delimiter.length));
      }
    },
  ],
  readText: [0, 1, 1000, 3500, 10_000].map((size) =>
    needs(
      'readText',
      size,
      () => [size, 'latin1'],
      (text) => Buffer.from(text as string, 'latin1'),
    ),
  ),
  follow: [
    async (reader, { bytes, position }) => {
      expect(await call(reader, 'follow')).toBeGreaterThanOrEqual(bytes.length);
      expect([reader.offset, reader.position]).toEqual([PART.offset, position]);
    },
  ],
  ...Object.fromEntries(
    SIZED.map((kind) => [
      `read${kind}`,
      [1, 3, 6].map((size) =>
        needs(
          `read${kind}`,
          size,
          () => [size],
          (value) => {
            const bytes = Buffer.alloc(size);
            bytes[`write${kind}`](value as number, 0, size);
            return bytes;
          },
        ),
      ),
    ]),
  ),
  iterator: [lines],
  chunks: [1, 1000, 10_000].map((size) => async (reader, { bytes }) => {
    const found = (await all(
      (reader.chunks as (size: number) => unknown).call(reader, size),
    )) as Buffer[];
    expect(Buffer.concat(found)).toEqual(bytes);
    expect(found.slice(0, -1).every(({ length }) => length === size)).toBe(true);
    expect(reader.remaining).toBe(0);
  }),
  ...Object.fromEntries(
    kinds.map(({ suffix, size, encode }) => [
      `read${suffix}`,
      [
        needs(
          `read${suffix}`,
          size,
          () => [],
          (value) => encode(value as number),
        ),
      ],
    ]),
  ),
};

/** Checks the getters, and the loop from the README. */
export const common: Check = async (reader, { bytes, position, length }) => {
  expect([reader.offset, reader.position]).toEqual([PART.offset, position]);
  expect([reader.length, reader.remaining]).toEqual([length, bytes.length]);
  const read: Buffer[] = [];
  for (let rounds = 0; reader.remaining > 0; ++rounds) {
    expect(rounds).toBeLessThan(100);
    const to = Buffer.alloc(100);
    read.push(to.subarray(0, (await call(reader, 'read', to)) as number));
  }
  expect(Buffer.concat(read)).toEqual(bytes);
};

/** A reader in the middle of its part, over a file that is then resized. */
export async function resizedReader(
  file: File,
  resize: (file: File) => unknown,
): Promise<{ reader: Reader; rest: Rest }> {
  const reader = file.reader(PART.offset, PART.length) as Reader;
  await call(reader, 'skip', POSITION);
  await resize(file);
  const now = fs.readFileSync(file.path).subarray(0, PART.offset + PART.length);
  const part = now.subarray(PART.offset);
  return {
    reader,
    rest: { bytes: part.subarray(POSITION), position: POSITION, length: part.length },
  };
}
