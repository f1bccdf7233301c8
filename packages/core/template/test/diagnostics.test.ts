import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, onTestFinished, test } from 'vitest';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';

const CONTENT = pattern(10_000);
const duration = expect.any(Number);

/** What is published from now on, with the name of the channel. */
function heard(...names: string[]): [string, object][] {
  const messages: [string, object][] = [];
  for (const name of names) {
    const listener = (message: unknown) => messages.push([name, message as object]);
    subscribe(`fmmap:${name}`, listener);
    onTestFinished(() => void unsubscribe(`fmmap:${name}`, listener));
  }
  return messages;
}

test('open, flush and close are published when they are over', async () => {
  const messages = heard('open', 'flush', 'close', 'fault');
  const path = tempFile(CONTENT);
  const opening = AsyncMmapFileMut.openExisting(path);
  expect(messages).toEqual([]);
  const file = await opening;
  const about = { path, duration, error: undefined };
  const { length } = CONTENT;
  expect(messages.splice(0)).toEqual([['open', { ...about, length }]]);
  await file.flush(4096, 5);
  await file.startFlush();
  expect(messages.splice(0)).toEqual([
    ['flush', { ...about, offset: 4096, length: 5, wait: true }],
    ['flush', { ...about, offset: 0, length, wait: false }],
  ]);
  await file.close();
  await file.close();
  expect(messages).toEqual([['close', { ...about, isLeak: false }]]);
});

test('an open that fails is published with its error', async () => {
  const messages = heard('open', 'close');
  const path = `${tempFile('')}-missing`;
  const error = await AsyncMmapFile.open(path).catch((error: unknown) => error);
  expect(messages).toEqual([['open', { path, length: 0, duration, error }]]);
});
