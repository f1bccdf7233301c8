import { expect, test } from 'vitest';
import { tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { rejected } from './rejections.js';

type Call = (options: object) => unknown;

const openers: [string, Call][] = [
  ['AsyncMmapFile.open', (options) => AsyncMmapFile.open('x', options)],
  ['AsyncMmapFile.openExec', (options) => AsyncMmapFile.openExec('x', options)],
  ['AsyncMmapFile.memory', (options) => AsyncMmapFile.memory('x', '', options)],
  ['AsyncMmapFileMut.open', (options) => AsyncMmapFileMut.open('x', options)],
  ['AsyncMmapFileMut.create', (options) => AsyncMmapFileMut.create('x', options)],
  ['AsyncMmapFileMut.openExisting', (options) => AsyncMmapFileMut.openExisting('x', options)],
  ['AsyncMmapFileMut.openCow', (options) => AsyncMmapFileMut.openCow('x', options)],
  ['AsyncMmapFileMut.memory', (options) => AsyncMmapFileMut.memory('x', '', options)],
  ['AsyncMmapFileMut.anonymous', (options) => AsyncMmapFileMut.anonymous(5, options)],
  ['AsyncMmapFile.attach', (options) => AsyncMmapFile.attach(undefined as never, options)],
  ['AsyncMmapFileMut.attach', (options) => AsyncMmapFileMut.attach(undefined as never, options)],
];

test.each(openers)('%s calls itself so in messages', async (name, call) => {
  const error = await rejected((async () => call({ nonsense: true }))());
  expect((error as Error).message).toMatch(new RegExp(`^${name} does not take the option`));
});

test.each([
  ['AsyncMmapFile', AsyncMmapFile],
  ['AsyncMmapFileMut', AsyncMmapFileMut],
])('%s is neither extended, nor made with new, nor cloned', async (name, type) => {
  class Own extends (type as unknown as new () => object) {}
  const own = Own as unknown as typeof type;
  expect(await rejected(own.open(tempFile('x')))).toMatchObject({ code: 'ERR_INVALID_THIS' });
  expect(() => own.memory('x')).toThrow(`call ${name}.memory`);
  expect(() => new Own()).toThrow('open');
  expect(() => new (type as unknown as new () => object)()).toThrow(`${name}.open`);
  await using file = type.memory('x', 'x');
  expect(() => structuredClone(file)).toThrow('share()');
});

test('AsyncMmapFileMut has no openExec, and says who has', () => {
  // @ts-expect-error: nor have its types
  expect(() => AsyncMmapFileMut.openExec(tempFile('x'))).toThrow('call AsyncMmapFile.openExec');
});
