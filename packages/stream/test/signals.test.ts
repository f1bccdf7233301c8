import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { hear } from '../../core/test/helpers/child.js';
import { GARBAGE } from '../../core/test/helpers/garbage.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { opened } from './helpers/files.js';

const MAIN = new URL('../dist/index.cjs', import.meta.url).pathname;

/** What may have a signal, and be neither ended nor cancelled. */
const STREAMS: Readonly<Record<string, string>> = {
  'readables that were never read': 'file.readable({ signal })',
  'readables that were read in part':
    'void file.readable({ signal, chunkSize: 10 }).getReader().read()',
  'BYOB readers':
    'void file.readable({ signal }).getReader({ mode: "byob" }).read(new Uint8Array(5))',
  'writables that were never written': 'file.writable({ signal })',
  'writables that were written': 'void file.writable({ signal }).getWriter().write("x")',
  'writables that grow': 'file.writable({ signal, grow: true })',
  lines: 'file.lines({ signal })',
};

test.each(Object.entries(STREAMS))(
  '%s leave one listener on a signal, and none when they are collected',
  async (_, make) => {
    const said = await hear(
      `${GARBAGE}
     const { getEventListeners } = require('node:events');
     const { AsyncMmapFileMut } = fmmap;
     const warnings = [];
     process.on('warning', ({ name }) => warnings.push(name));
     const file = await AsyncMmapFileMut.open(args[0]);
     const { signal } = new AbortController();
     const count = () => getEventListeners(signal, 'abort').length;
     await apart(() => { for (let index = 0; index < 1000; ++index) { ${make}; } });
     say(count() <= 1);
     await until(() => count() === 0);
     say(warnings);
     await file.close();`,
      { main: MAIN, args: [tempFile(pattern(10_000))] },
    );
    expect(said).toEqual([true, []]);
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
  const [reason] = await hear(
    `${GARBAGE}
     const { AsyncMmapFileMut } = fmmap;
     const file = await AsyncMmapFileMut.open(args[0]);
     const controller = new AbortController();
     const reader = await apart(() => file.readable({ signal: controller.signal }).getReader());
     await collect();
     controller.abort(new Error('enough'));
     try { await reader.read(); say('no error'); } catch ({ message }) { say(message); }
     await file.close();`,
    { main: MAIN, args: [tempFile(pattern(10_000))] },
  );
  expect(reason).toBe('enough');
});
