import { getEventListeners } from 'node:events';
import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectBytes } from '../../test/helpers/bytes.js';
import { countDescriptors, countMappings, turn } from '../../test/helpers/process.js';
import { pattern, snapshot, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { type Call, creates, methods, opens } from './abortable.js';
import { coldFile } from './cold.js';
import { rejected } from './rejections.js';

const PAGE = 4096;
const CONTENT = pattern(10 * PAGE);

const reason = new Error('for this test');

describe('a signal that is aborted already', () => {
  test.each(Object.entries({ ...opens, ...creates }))('keeps %s from all', async (_name, call) => {
    const path = tempFile(CONTENT);
    const before = [snapshot(path), countDescriptors(path), countMappings(path)];
    for (const at of [path, `${path}.new`])
      expect(await rejected(call(at, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect([snapshot(path), countDescriptors(path), countMappings(path)]).toEqual(before);
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  });

  test.each(Object.entries(methods))('keeps %s from all', async (_name, call) => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    const before = snapshot(file.path);
    const { stack } = reason;
    expect(await rejected(call(file, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(await rejected(call(file, { signal: AbortSignal.abort('a string') }))).toBe('a string');
    const error = await rejected(call(file, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(reason.stack).toBe(stack);
    expect(snapshot(file.path)).toEqual(before);
    expect(fs.existsSync(`${file.path}.new`)).toBe(false);
    expectBytes(file.asBuffer(), CONTENT);
  });
});

/** Waits longer and longer: some steps of promises, then some turns of the event loop. */
async function wait(moment: number): Promise<void> {
  if (moment < 5) for (let i = 0; i < moment; ++i) await undefined;
  else for (let i = 5; i <= moment; ++i) await turn();
}

describe('a signal that is aborted meanwhile, sooner or later,', () => {
  const MOMENTS = Array.from({ length: 12 }, (_, index) => index);

  /** What became of the call, which may have been quicker. */
  async function aborted<T>(call: Call<T>, on: T, moment: number): Promise<unknown> {
    const controller = new AbortController();
    const frozen = Object.freeze(new Error('for this test'));
    const calling = call(on, { signal: controller.signal }).catch((error: unknown) => {
      expect(error).toBe(frozen);
      return 'aborted';
    });
    if (moment > 0) await wait(moment);
    controller.abort(frozen);
    const result = await calling;
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    return result;
  }

  test.each(Object.entries(creates))('leaves of %s a file or nothing', async (_name, call) => {
    const path = tempFile();
    const before = [countDescriptors(path), countMappings(path)];
    for (const moment of MOMENTS) {
      const file = await aborted(call, path, moment);
      if (moment === 0) expect(file).toBe('aborted'); // the first step was over too late
      if (file instanceof AsyncMmapFileMut) {
        expect(file.isClosed).toBe(false);
        await file.remove();
      }
      expect(fs.existsSync(path)).toBe(false);
      expect([countDescriptors(path), countMappings(path)]).toEqual(before);
    }
  });

  test.each(Object.entries(opens))('leaves of %s a file or nothing', async (_name, call) => {
    for (const moment of MOMENTS) {
      const path = coldFile(CONTENT);
      const before = [snapshot(path), countDescriptors(path), countMappings(path)];
      const file = await aborted(call, path, moment);
      if (moment === 0) expect(file).toBe('aborted');
      if (file instanceof AsyncMmapFile) await file.close();
      else expect([snapshot(path), countDescriptors(path), countMappings(path)]).toEqual(before);
      await (await AsyncMmapFileMut.open(path)).close();
    }
  });

  test.each(Object.entries(methods))('leaves %s done or undone', async (name, call) => {
    for (const moment of MOMENTS) {
      await using file = await AsyncMmapFileMut.open(coldFile(CONTENT));
      const before = snapshot(file.path);
      const result = await aborted(call, file, moment);
      expect(file).toMatchObject({ isPoisoned: false, isFaulted: false });
      if (result === 'aborted') {
        expect(snapshot(file.path)).toEqual(before);
        expect(fs.existsSync(`${file.path}.new`)).toBe(false);
      }
      const { size } = fs.statSync(file.path);
      expect(file.length).toBe(size);
      expectBytes(file.asBuffer(), fs.readFileSync(file.path));
      if (!name.startsWith('truncate')) expectBytes(file.asBuffer(), CONTENT);
      await file.flush();
    }
  });
});

test('a call that waits for its turn does nothing once its signal is aborted', async () => {
  await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
  const { signal, abort } = controllerOf();
  const first = file.truncate(5 * PAGE);
  const late = [
    file.truncate(PAGE, { signal }),
    file.writeToNewFile(`${file.path}.new`, 0, 1, { signal }),
    file.writeToNewFile(`${file.path}.new`, { signal, replace: true }),
    file.flush(0, 1, { signal }),
  ].map(rejected);
  abort();
  await first;
  expect(await Promise.all(late)).toEqual(late.map(() => reason));
  expect(file.length).toBe(5 * PAGE);
  expect(fs.existsSync(`${file.path}.new`)).toBe(false);
});

test('a reader gives what was not read yet to the next call', async () => {
  await using file = await AsyncMmapFile.open(coldFile(CONTENT));
  const reader = file.reader();
  const { signal, abort } = controllerOf();
  abort();
  const target = Buffer.alloc(10);
  const calls = [
    reader.read(target, { signal }),
    reader.readExact(target, { signal }),
    reader.readLine({ signal }),
  ];
  for (const error of await Promise.all(calls.map(rejected))) expect(error).toBe(reason);
  expect(reader.position).toBe(0);
  await reader.readExact(target);
  expectBytes(target, CONTENT.subarray(0, 10));
});

function controllerOf() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(reason) };
}

describe('waiting for the lock', () => {
  test('ends with the reason of the signal, and leaves no listener', async () => {
    const path = tempFile(CONTENT);
    await using file = await AsyncMmapFile.open(path);
    await file.unlock();
    await using holder = await AsyncMmapFileMut.open(path);
    for (const lock of ['lock', 'lockShared'] as const) {
      for (const moment of [0, 1, 3, 5, 10]) {
        const { signal, abort } = controllerOf();
        const waiting = rejected(file[lock]({ signal, timeout: 20_000 }));
        await wait(moment);
        abort();
        expect(await waiting).toBe(reason);
        expect(getEventListeners(signal, 'abort')).toEqual([]);
      }
    }
    expect(file.lockState).toBe('none');
    await holder.unlock();
    expect(await file.tryLock()).toBe(true);
  });
});

test('a signal that is aborted afterwards, and one that never is, change nothing', async () => {
  const { signal, abort } = controllerOf();
  await using file = await AsyncMmapFileMut.create(tempFile(), { signal, maxSize: 5 });
  for (const call of Object.values(methods)) {
    await file.truncate(PAGE);
    await call(file, { signal });
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  abort();
  expect(file.isClosed).toBe(false);
  await file.flush();
  for (const nothing of [undefined, {}, { signal: undefined }]) await file.flush(0, 1, nothing);
});

/** As polyfills have it, and other realms: of no class of ours, and without a reason. */
class OtherSignal {
  aborted = false;
  readonly listeners = new Set<() => void>();

  addEventListener(_: string, listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_: string, listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(): void {
    this.aborted = true;
    for (const listener of [...this.listeners]) listener();
  }
}

describe('a signal that is no AbortSignal of this realm, which node:fs takes,', () => {
  const other = () => {
    const signal = new OtherSignal();
    return { signal, options: { signal: signal as unknown as AbortSignal } };
  };
  const aborted = { name: 'AbortError', code: 'ABORT_ERR' };

  test.each(Object.entries({ ...opens, ...creates }))('is for %s', async (name, call) => {
    const path = tempFile(name in creates ? undefined : CONTENT);
    const { signal, options } = other();
    const file = (await call(path, options)) as AsyncMmapFile;
    await file.close();
    signal.abort();
    fs.rmSync(path);
    expect(await rejected(call(path, options))).toMatchObject(aborted);
    expect(fs.existsSync(path)).toBe(false);
  });

  test.each(Object.entries(methods))('is for %s', async (_name, call) => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT));
    const { signal, options } = other();
    await call(file, options);
    expect(signal.listeners.size).toBe(0);
    signal.abort();
    expect(await rejected(call(file, options))).toMatchObject(aborted);
  });

  test('ends a wait for the lock', async () => {
    await using file = await AsyncMmapFile.open(tempFile(CONTENT));
    await file.unlock();
    await file.lock();
    const { signal, options } = other();
    const waiting = rejected(file.lock(options));
    while (signal.listeners.size === 0) await turn();
    signal.abort();
    expect(await waiting).toMatchObject(aborted);
    expect(signal.listeners.size).toBe(0);
  });

  test('is refused if it is none', async () => {
    for (const bad of [null, 5, 'signal', {}, [], () => {}]) {
      const error = await rejected(AsyncMmapFile.open('x', { signal: bad as never }));
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE', argument: 'options.signal' });
    }
  });
});

test('many calls that wait with one signal have one listener', async () => {
  await using file = await AsyncMmapFile.open(tempFile(CONTENT));
  await file.unlock();
  await file.lock();
  const { signal, abort } = controllerOf();
  const waiting = Array.from({ length: 20 }, () => rejected(file.lock({ signal })));
  while (getEventListeners(signal, 'abort').length === 0) await turn();
  expect(getEventListeners(signal, 'abort').length).toBe(1);
  abort();
  await Promise.all(waiting);
});

describe('while an earlier call is not done,', () => {
  /** Keeps the calls that come after it waiting. */
  function held(file: AsyncMmapFileMut): () => void {
    let release = (): void => {};
    void file._mapping.queue.change(() => new Promise<void>((resolve) => (release = resolve)));
    return () => release();
  }

  test.each(Object.entries(methods))('an abort ends %s', async (_name, call) => {
    await using file = await AsyncMmapFileMut.open(coldFile(CONTENT));
    const release = held(file);
    const { signal, abort } = controllerOf();
    const late = call(file, { signal }).catch((error: unknown) => expect(error).toBe(reason));
    const after = file.truncate(CONTENT.length + 1);
    await turn();
    abort();
    await late;
    expect(file.length).toBe(CONTENT.length); // nothing overtakes what was called for earlier
    release();
    await after;
    expect(file.length).toBe(CONTENT.length + 1);
    expect(fs.existsSync(`${file.path}.new`)).toBe(false);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test.each(['lock', 'lockShared'] as const)('a timeout ends %s', async (name) => {
    await using file = await AsyncMmapFileMut.open(tempFile(CONTENT), { lock: 'none' });
    const release = held(file);
    const error = await rejected(file[name]({ timeout: 5 }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'flock' });
    expect(error.message).toContain('earlier calls'); // and not another handle
    release();
    expect(await file.tryLock()).toBe(true); // it was not taken later
  });
});

test('chunks end at the first look after the signal is aborted', async () => {
  await using file = AsyncMmapFile.memory('memory', CONTENT);
  const { signal, abort } = controllerOf();
  let count = 0;
  const read = async () => {
    for await (const _ of file.reader().chunks(10, { signal })) {
      count += 1;
      abort();
    }
  };
  expect(await rejected(read())).toBe(reason);
  expect(count).toBe(1);
});
