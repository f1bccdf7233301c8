import { describe, expect, onTestFinished, test } from 'vitest';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import {
  AsyncMmapFile,
  AsyncMmapFileMut,
  type ChunkOptions,
  type MapProgress,
  MmapClosedError,
  type MmapFile,
  MmapRangeError,
  WorkerPool,
} from '../src/index.js';
import { rejected } from './helpers/rejected.js';

const CONTENT = pattern(10_000);
const LINES = Buffer.from(
  `${Array.from({ length: 500 }, (_, index) => 'x'.repeat(index % 37)).join('\n')}\nthe rest`,
);

const bounds = (_: unknown, offset: number, length: number) => [offset, length];

/** The chunks' texts. */
async function texts(content: Uint8Array, options: ChunkOptions<MmapFile, []>) {
  await using file = AsyncMmapFile.memory('x', content);
  return file.map((file, offset, length) => file.copyBytes(offset, length).toString(), options);
}

function ownPool(size: number): WorkerPool {
  const pool = new WorkerPool({ size });
  onTestFinished(() => pool.destroy());
  return pool;
}

describe('map', () => {
  test('gives the results in the order of the chunks, which cover the file', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    const sums = await file.map(
      (file, offset, length) => {
        let sum = 0;
        for (let at = offset; at < offset + length; ++at) sum += file.readUInt8(at);
        return [offset, sum];
      },
      { chunkSize: 999 },
    );
    expect(sums).toHaveLength(11);
    for (const [index, [offset, sum]] of sums.entries()) {
      const chunk = CONTENT.subarray(index * 999, index * 999 + 999);
      expect([offset, sum]).toEqual([index * 999, chunk.reduce((a, b) => a + b, 0)]);
    }
  });

  test('gives the task further arguments, and writes to the same memory', async () => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    await file.map(
      (file, offset, length, value: number) => file.fill(value, offset, offset + length),
      {
        chunkSize: 1000,
        args: [7],
      },
    );
    expect(file.asBuffer().every((byte) => byte === 7)).toBe(true);
  });

  test('runs modules', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    const module = new URL('tasks/count.mjs', import.meta.url);
    const seen = await file.map<{ args: unknown }>(module, { chunkSize: 6000, args: ['more'] });
    expect(seen.map(({ args }) => args)).toEqual([
      [0, 6000, 'more'],
      [6000, 4000, 'more'],
    ]);
  });

  test('cuts at records of one size', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    const cuts = (chunkSize: number) => file.map(bounds, { chunkSize, boundary: 48 });
    expect((await cuts(100)).slice(0, 2)).toEqual([
      [0, 96],
      [96, 96],
    ]);
    expect((await cuts(100)).at(-1)).toEqual([9984, 16]);
    expect((await cuts(1))[1]).toEqual([48, 48]);
    expect(await cuts(20_000)).toEqual([[0, 10_000]]);
  });

  test.each([1, 10, 37, 38, 1000, 100_000])('cuts after lines, by %d bytes', async (chunkSize) => {
    const chunks = await texts(LINES, { chunkSize, boundary: 'line' });
    expect(chunks.join('')).toBe(LINES.toString());
    for (const chunk of chunks.slice(0, -1)) {
      expect(chunk.endsWith('\n')).toBe(true);
      expect(chunk.length).toBeGreaterThanOrEqual(Math.min(chunkSize, chunk.length));
      expect(chunk.slice(chunkSize - 1).indexOf('\n')).toBe(chunk.slice(chunkSize - 1).length - 1);
    }
  });

  test('cuts where a function finds a record', async () => {
    const boundary = (file: { indexOf(value: string, offset: number): number }, at: number) => {
      const found = file.indexOf('>', at);
      return found < 0 ? Number.MAX_SAFE_INTEGER : found;
    };
    const content = Buffer.from('>one>two>three>4>5');
    expect(await texts(content, { chunkSize: 5, boundary })).toEqual([
      '>one>two',
      '>three',
      '>4>5',
    ]);
  });

  test.each([
    ['before the offset', () => 0],
    ['not a number', () => 'x' as never],
    ['no integer', () => 5.5],
  ])('refuses a boundary that is %s', async (_, boundary) => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    const error = await rejected(file.map(bounds, { chunkSize: 100, boundary }));
    expect(error).toMatchObject({ name: 'TypeError', argument: 'boundary' });
  });

  test('takes a part of the file', async () => {
    expect(
      await texts(Buffer.from('head\none\ntwo\ntail'), {
        offset: 5,
        length: 8,
        chunkSize: 1,
        boundary: 'line',
      }),
    ).toEqual(['one\n', 'two\n']);
    await using file = AsyncMmapFile.memory('x', CONTENT);
    expect(await file.map(bounds, { offset: 100, length: 30, chunkSize: 20 })).toEqual([
      [100, 20],
      [120, 10],
    ]);
    expect(await rejected(file.map(bounds, { offset: 9_999, length: 2 }))).toBeInstanceOf(
      MmapRangeError,
    );
  });

  test.each(['byte', 'line', 3] as const)('gives nothing for nothing, by %s', async (boundary) => {
    await using file = AsyncMmapFile.memory('x', '');
    expect(await file.map(bounds, { boundary })).toEqual([]);
  });

  test('has one chunk of a small file, and one MiB at least', async () => {
    await using file = AsyncMmapFile.memory('x', Buffer.alloc(2 ** 20 + 1));
    expect(await file.map(bounds)).toEqual([
      [0, 2 ** 20],
      [2 ** 20, 1],
    ]);
  });

  test('uses the threads of its pool, and no more than `concurrency` of them', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    const pool = ownPool(3);
    await file.map(bounds, { chunkSize: 100, pool, concurrency: 1 });
    expect(pool.threads).toBe(1);
    // Each waits until the others are there: it would never end in fewer threads.
    const meet = (_: unknown, __: number, ___: number, flag: Int32Array) => {
      const here = Atomics.add(flag, 0, 1) + 1;
      Atomics.notify(flag, 0);
      for (let seen = here; seen < 3; seen = Atomics.load(flag, 0)) Atomics.wait(flag, 0, seen);
      return true;
    };
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const met = await file.map(meet, { chunkSize: 4000, pool, args: [flag], timeout: 20_000 });
    expect(met).toEqual([true, true, true]);
  });

  test('tells how far it is after each chunk', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    const told: MapProgress[] = [];
    await file.map(bounds, { chunkSize: 3000, onProgress: (progress) => told.push(progress) });
    expect(told.map(({ chunks }) => chunks)).toEqual([1, 2, 3, 4]);
    expect(told.at(-1)).toEqual({ chunks: 4, totalChunks: 4, bytes: 10_000, totalBytes: 10_000 });
    const bytes = told.map((progress) => progress.bytes);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
  });
});

describe('a map that ends early', () => {
  test('by a task that throws rejects with its error, and runs no further chunk', async () => {
    await using file = await AsyncMmapFileMut.open(tempFile(Buffer.alloc(10_000)));
    const pool = ownPool(1);
    const error = await rejected(
      file.map(
        (file, offset) => {
          file.writeUInt8(1, offset);
          if (offset === 3000) throw Object.assign(new Error('bad'), { code: 'E_BAD', offset });
          return offset;
        },
        { chunkSize: 1000, pool },
      ),
    );
    expect(error).toMatchObject({ message: 'bad', code: 'E_BAD', offset: 3000 });
    expect(error.stack).toContain('map.test');
    const touched = [0, 1, 2, 3, 4, 5].map((index) => file.readUInt8(index * 1000));
    expect(touched).toEqual([1, 1, 1, 1, 0, 0]);
    expect(await file.map(bounds, { chunkSize: 5000, pool })).toHaveLength(2);
  });

  test('by a progress function that throws rejects with that', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    const reason = new Error('no more');
    const onProgress = () => {
      throw reason;
    };
    expect(await rejected(file.map(bounds, { chunkSize: 100, onProgress }))).toBe(reason);
    expect(await file.run((file) => file.length)).toBe(10_000);
  });

  test('by its signal rejects with the reason, before, during and not after', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    expect(await rejected(file.map(bounds, { signal }))).toBe(reason);

    const stop = new AbortController();
    let count = 0;
    const onProgress = () => {
      count += 1;
      if (count === 3) stop.abort(reason);
    };
    const all = file.map(bounds, { chunkSize: 10, signal: stop.signal, onProgress });
    expect(await rejected(all)).toBe(reason);
    expect(count).toBe(3);

    const late = new AbortController();
    expect(await file.map(bounds, { chunkSize: 5000, signal: late.signal })).toHaveLength(2);
    late.abort();
    expect(await file.map(bounds, { chunkSize: 5000 })).toHaveLength(2);
  });

  test('by a chunk that takes too long rejects, and the others are stopped', async () => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    const pool = ownPool(2);
    const forever = () => new Promise<never>(() => {});
    const error = await rejected(file.map(forever, { chunkSize: 1000, pool, timeout: 300 }));
    expect(error).toMatchObject({ code: 'ERR_MMAP_TASK_TIMEOUT' });
    await using frozen = await file.freeze(); // all handles are gone
    expect(frozen.length).toBe(10_000);
  });

  test('with its pool rejects', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    const pool = ownPool(1);
    const running = rejected(file.map(bounds, { chunkSize: 1, pool }));
    await pool.destroy();
    expect(await running).toMatchObject({ code: 'ERR_MMAP_POOL_DESTROYED' });
  });

  test('is not by close, which waits for it', async () => {
    const file = await AsyncMmapFile.open(tempFile(CONTENT));
    const order: string[] = [];
    const mapping = file.map(bounds, { chunkSize: 100, boundary: 'line' }).then((chunks) => {
      order.push('map');
      return chunks;
    });
    const closing = file.close().then(() => order.push('close'));
    await Promise.all([mapping, closing]);
    expect(order).toEqual(['map', 'close']);
    expect(await rejected(file.map(bounds))).toBeInstanceOf(MmapClosedError);
  });
});

test.each([
  [{ chunkSize: 0 }, 'chunkSize'],
  [{ chunkSize: 1.5 }, 'chunkSize'],
  [{ concurrency: 0 }, 'concurrency'],
  [{ boundary: 0 }, 'boundary'],
  [{ boundary: 'lines' }, 'boundary'],
  [{ onProgress: 1 }, 'onProgress'],
  [{ args: 1 }, 'args'],
  [{ args: [() => {}] }, 'args'],
  [{ offset: -1 }, 'offset'],
  [{ timeout: 0 }, 'timeout'],
  [{ signal: 1 }, 'options.signal'],
  [{ pool: 1 }, 'pool'],
  [null, 'options'],
])('the options %o of map are refused', async (options, argument) => {
  await using file = AsyncMmapFile.memory('x', CONTENT);
  expect(await rejected(file.map(bounds, options as never))).toMatchObject({ argument });
});
