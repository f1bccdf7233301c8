import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { hearProgram, namesIn } from '../../core/test/helpers/program.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
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
