import { getEventListeners } from 'node:events';
import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { turn } from '../../core/test/helpers/process.js';
import { hearProgram, namesIn } from '../../core/test/helpers/program.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { AsyncMmapFileMut } from '../src/index.js';
import { coldFile } from './generated/cold.js';
import { opened } from './helpers/files.js';

/** A program of `programs/signals.cjs`. */
const program = (name: string): URL => new URL(`programs/signals.cjs#${name}`, import.meta.url);

test.each(namesIn(program('STREAMS')))(
  '%s leave one listener on a signal, and none when they are collected',
  async (streams) => {
    const args = [streams, tempFile(pattern(10_000))];
    expect(await hearProgram(program('drop'), { args })).toEqual([true, []]);
  },
);

test('an aborted signal ends all streams that have it, and no other ones', async () => {
  const file = await opened(pattern(10_000));
  const controller = new AbortController();
  const { signal } = controller;
  const readers = Array.from({ length: 20 }, () =>
    file.readable({ signal, chunkSize: 10 }).getReader(),
  );
  const writers = Array.from({ length: 20 }, () => file.writable({ signal }).getWriter());
  for (const writer of writers) writer.closed.catch(() => {});
  const other = file.readable({ chunkSize: 10 }).getReader();
  for (const reader of readers) expect((await reader.read()).value).toHaveLength(10);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await readers.pop()?.cancel();
  await writers.pop()?.close();
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  const reason = new Error('enough');
  controller.abort(reason);
  for (const reader of readers) await expect(reader.read()).rejects.toBe(reason);
  for (const writer of writers) await expect(writer.write('x')).rejects.toBe(reason);
  expect((await other.read()).value).toHaveLength(10);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a stream that is reachable by nothing but its consumer is ended as well', async () => {
  const args = [tempFile(pattern(10_000))];
  const [reason] = await hearProgram(program('consumerAlone'), { args });
  expect(reason).toBe('enough');
});

/** Aborts what waits for an earlier call on the file. */
async function abortWhileHeld(
  file: AsyncMmapFileMut,
  start: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  let release = (): void => {};
  void file._mapping.queue.change(() => new Promise<void>((resolve) => (release = resolve)));
  const controller = new AbortController();
  const ended = start(controller.signal).catch((error: unknown) => error);
  await turn();
  const reason = new Error('enough');
  controller.abort(reason);
  expect(await ended).toBe(reason);
  release();
}

test.each([
  ['lines', (file, signal) => file.lines({ signal }).next()],
  ['a readable', (file, signal) => file.readable({ signal }).getReader().read()],
  ['a writable', (file, signal) => file.writable({ signal }).getWriter().close()],
  [
    'a writable that grows',
    (file, signal) =>
      file.writable({ grow: true, offset: 10_000, signal }).getWriter().write('more'),
  ],
] satisfies [string, (file: AsyncMmapFileMut, signal: AbortSignal) => Promise<unknown>][])(
  '%s ends the wait for earlier calls with its signal',
  async (_name, start) => {
    const file = await AsyncMmapFileMut.open(coldFile(pattern(10_000)));
    await abortWhileHeld(file, (signal) => start(file, signal));
    await file.truncate(5);
    await file.close();
    expect(fs.statSync(file.path).size).toBe(5);
  },
);
