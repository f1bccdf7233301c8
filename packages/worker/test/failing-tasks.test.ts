import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { errnoOf } from '../../core/test/helpers/errors.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { packFailure, unpackFailure } from '../src/failure.js';
import {
  AsyncMmapFile,
  AsyncMmapFileMut,
  getDefaultPool,
  MmapClosedError,
  MmapError,
  MmapFaultError,
  MmapRangeError,
  WorkerPool,
} from '../src/index.js';
import { rejected } from './helpers/rejected.js';

const CONTENT = pattern(10_000);

async function openWith(size: number) {
  const pool = new WorkerPool({ size });
  const file = await AsyncMmapFileMut.open(tempFile(CONTENT));
  onTestFinished(async () => {
    await file.close();
    await pool.destroy();
  });
  return { pool, file };
}

/** File and pool go on working, and nobody is attached to the file any more. */
async function expectUsable(file: AsyncMmapFileMut, pool: WorkerPool) {
  expect(await file.runWith({ pool }, (file) => file.readUInt8(9))).toBe(CONTENT[9]);
  await using frozen = await file.freeze();
  expect(frozen.readUInt8(9)).toBe(CONTENT[9]);
}

describe('a task that throws', () => {
  test('rejects with its error: message, name, stack, code and class', async () => {
    const { file, pool } = await openWith(1);
    const error = await rejected(
      file.runWith({ pool }, function parse() {
        throw Object.assign(new RangeError('too far', { cause: new Error('why') }), {
          code: 'E_FAR',
          at: { line: 7 },
          callback() {},
        });
      }),
    );
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'too far', code: 'E_FAR', at: { line: 7 } });
    expect(error.name).toBe('RangeError');
    expect(error.cause).toMatchObject({ message: 'why' });
    expect(error.stack).toMatch(/^RangeError: too far\n +at parse .*failing-tasks/s);
    expect(error).not.toHaveProperty('callback');
    await expectUsable(file, pool);
  });

  test('rejects with an error of a name of its own', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    const error = await rejected(
      file.run(() => {
        class ParseError extends Error {
          override name = 'ParseError';
        }
        throw new ParseError('line 3');
      }),
    );
    expect(error).toMatchObject({ name: 'ParseError', message: 'line 3' });
    expect(String(error)).toBe('ParseError: line 3');
    const aborted = await rejected(file.run(() => AbortSignal.abort().throwIfAborted()));
    expect(aborted).toMatchObject({ name: 'AbortError', code: 20 });
  });

  test('rejects with errors of fmmap as what they are', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    const error = await rejected(file.run((file) => file.bytes(0, 10_001)));
    expect(error).toBeInstanceOf(MmapRangeError);
    expect(error).toMatchObject({ code: 'ERR_OUT_OF_RANGE', argument: 'length' });
    const closed = await rejected(
      file.run((file) => {
        file.close();
        return file.readUInt8(0);
      }),
    );
    expect(closed).toBeInstanceOf(MmapClosedError);
    expect(file.readUInt8(1)).toBe(CONTENT[1]);
  });

  test('rejects with what is no error, too', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    expect(await rejected(file.run(() => Promise.reject({ reason: 1 })))).toEqual({ reason: 1 });
    expect(await rejected(file.run(() => Promise.reject(undefined)))).toBeUndefined();
    expect(await rejected(file.run(() => Promise.reject(Symbol('s'))))).toMatchObject({
      code: 'ERR_MMAP_TASK',
      message: expect.stringContaining('Symbol(s)'),
    });
  });

  test('rejects if its module cannot be loaded', async () => {
    await using file = AsyncMmapFile.memory('x', CONTENT);
    const broken = await rejected(file.run(new URL('tasks/broken.mjs', import.meta.url)));
    expect(broken).toMatchObject({ message: 'not today', code: 'E_BROKEN' });
    const missing = await rejected(file.run(new URL('tasks/missing.mjs', import.meta.url)));
    expect(missing).toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' });
  });
});

test('an error of fmmap arrives in another thread with its class, its reason and its cause', () => {
  const sent = (error: Error) => unpackFailure(structuredClone(packFailure(error)));
  const fault = sent(new MmapFaultError('x', 5 * 8 + 3, 7)) as MmapFaultError; // EIO, and 'io'
  expect(fault).toBeInstanceOf(MmapFaultError);
  expect(fault).toMatchObject({ reason: 'io', offset: 7, path: 'x', code: 'ERR_MMAP_FAULT' });
  expect(fault.cause).toBeInstanceOf(MmapError);
  expect(fault.cause).toMatchObject({
    code: 'EIO',
    errno: errnoOf('EIO'),
    syscall: 'read',
    path: 'x',
  });
  const range = sent(new MmapRangeError('too far', { argument: 'offset' }));
  for (const type of [MmapRangeError, MmapError, RangeError]) expect(range).toBeInstanceOf(type);
  expect(range).toMatchObject({ code: 'ERR_OUT_OF_RANGE', argument: 'offset' });
});

describe('a task that ends its thread', () => {
  test.each([
    ['process.exit', () => process.exit(3), 'worker exited with code: 3'],
    [
      'an error that nobody catches',
      () =>
        new Promise(() => {
          setImmediate(() => {
            throw new Error('stray');
          });
        }),
      'stray',
    ],
    [
      'a rejection that nobody handles',
      () =>
        new Promise(() => {
          Promise.reject(new Error('lost'));
        }),
      'lost',
    ],
  ])('by %s rejects', async (_, task, message) => {
    const { file, pool } = await openWith(1);
    const waiting = file.runWith({ pool }, () => {}).then(() => 'done');
    const error = await rejected(file.runWith({ pool }, task));
    expect(error).toBeInstanceOf(MmapError);
    expect(error).toMatchObject({
      code: 'ERR_MMAP_POOL_THREAD',
      message: expect.stringContaining(message),
      cause: { message },
    });
    const behind = file.runWith({ pool }, () => 'next');
    expect(await Promise.all([waiting, behind])).toEqual(['done', 'next']);
    await expectUsable(file, pool);
  });

  test('by a result that cannot be sent rejects', async () => {
    const { file, pool } = await openWith(1);
    const error = await rejected(file.runWith({ pool }, () => () => {}));
    expect(error).toMatchObject({
      code: 'ERR_MMAP_TASK_RESULT',
      cause: { name: 'DataCloneError' },
    });
    expect(error.stack).toContain('failing-tasks.test');
    await expectUsable(file, pool);
  });
});

const forever = () => {
  for (;;);
};
const idle = () => new Promise<never>(() => {});

describe.each([
  ['computes for ever', forever],
  ['waits for ever', idle],
])('a task that %s', (_, endless) => {
  test('is ended by its timeout', async () => {
    const { file, pool } = await openWith(1);
    const error = await rejected(file.runWith({ pool, timeout: 300 }, endless));
    expect(error).toBeInstanceOf(MmapError);
    expect(error).toMatchObject({ code: 'ERR_MMAP_TASK_TIMEOUT' });
    expect(error.message).toContain('300 ms');
    await expectUsable(file, pool);
  });

  test('is ended by its signal, and those behind it go on', async () => {
    const { file, pool } = await openWith(1);
    const stop = new AbortController();
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const source = `(_, flag) => { Atomics.store(flag, 0, 1); return (${endless})(); }`;
    const task = new Function(`return ${source}`)() as (file: unknown, flag: Int32Array) => unknown;
    const running = rejected(file.runWith({ pool, signal: stop.signal }, task, flag));
    const behind = file.runWith({ pool }, (file) => file.length);
    await vi.waitUntil(() => Atomics.load(flag, 0) === 1, { timeout: 20_000 });
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await running).toBe(reason);
    expect(await behind).toBe(10_000);
    await expectUsable(file, pool);
  });

  test('is ended with the pool', async () => {
    const { file, pool } = await openWith(1);
    const running = [file.runWith({ pool }, endless), file.runWith({ pool }, () => {})];
    const errors = running.map(rejected);
    await pool.destroy();
    for (const error of await Promise.all(errors)) {
      expect(error).toMatchObject({ code: 'ERR_MMAP_POOL_DESTROYED' });
    }
    expect(await rejected(file.runWith({ pool }, () => {}))).toMatchObject({
      code: 'ERR_MMAP_POOL_DESTROYED',
    });
    await expectUsable(file, getDefaultPool());
  });
});

describe('a signal', () => {
  test('that is aborted before runs nothing', async () => {
    const { file, pool } = await openWith(1);
    const reason = new Error('no');
    const signal = AbortSignal.abort(reason);
    expect(await rejected(file.runWith({ pool, signal }, () => {}))).toBe(reason);
    expect(pool.threads).toBe(0);
  });

  test('that is aborted in the queue runs nothing, and leaves the others alone', async () => {
    const { file, pool } = await openWith(1);
    const stop = new AbortController();
    const { signal } = stop;
    const bump = (file: { writeUInt8(value: number, offset: number): unknown }, at: number) =>
      file.writeUInt8(255, at);
    const first = file.runWith({ pool }, (file) => file.length);
    const second = rejected(file.runWith({ pool, signal }, bump, 50));
    const third = file.runWith({ pool }, bump, 51);
    stop.abort();
    expect(await second).toBe(signal.reason);
    await Promise.all([first, third]);
    expect([file.readUInt8(50), file.readUInt8(51)]).toEqual([CONTENT[50], 255]);
    expect(pool.queued).toBe(0);
  });

  test.each(['runWith', 'map'] as const)('ends the wait of %s for earlier calls', async (name) => {
    const { file, pool } = await openWith(1);
    let release = (): void => {};
    void file._mapping.queue.change(() => new Promise<void>((resolve) => (release = resolve)));
    const stop = new AbortController();
    const options = { pool, signal: stop.signal };
    const waiting = rejected(
      name === 'map' ? file.map(() => 1, options) : file.runWith(options, () => 1),
    );
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await waiting).toBe(reason);
    expect(pool.threads).toBe(0);
    release();
    await expectUsable(file, pool);
  });

  test('that is aborted after changes nothing', async () => {
    const { file, pool } = await openWith(1);
    const stop = new AbortController();
    expect(await file.runWith({ pool, signal: stop.signal }, (file) => file.length)).toBe(10_000);
    const next = file.runWith({ pool }, (file) => file.length);
    stop.abort();
    expect(await next).toBe(10_000);
    expect(pool.threads).toBe(1);
  });
});

test.each([
  [{ timeout: 0 }, 'timeout'],
  [{ timeout: 'soon' }, 'timeout'],
  [{ signal: {} }, 'options.signal'],
  [{ pool: {} }, 'pool'],
  [null, 'options'],
])('the options %o are refused', async (options, argument) => {
  await using file = AsyncMmapFile.memory('x', CONTENT);
  expect(await rejected(file.runWith(options as never, () => {}))).toMatchObject({ argument });
});

test('a task that returns a view whose memory is gone fails, and its thread does not', async () => {
  await using file = AsyncMmapFile.memory('memory', 'text');
  const gone = () => {
    const view = new Uint8Array(8);
    structuredClone(view, { transfer: [view.buffer] });
    return view;
  };
  expect(await rejected(file.run(gone))).toMatchObject({ code: 'ERR_MMAP_TASK_RESULT' });
  expect(await file.run(() => new Uint8Array(0))).toEqual(new Uint8Array(0));
  expect(await file.run(() => new DataView(new ArrayBuffer(2)).byteLength)).toBe(2);
});
