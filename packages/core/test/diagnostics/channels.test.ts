import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import * as fs from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { MmapClosedError, MmapFile, MmapFileMut } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { faultError, LOST } from '../helpers/faults.js';
import { everywhere, whereFilesAreCut } from '../helpers/platform.js';
import { hearProgram, runProgram } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

/** What is published on a channel from now on. */
function heard(name: string): unknown[] {
  const messages: unknown[] = [];
  const listener = (message: unknown) => messages.push(message);
  subscribe(`fmmap:${name}`, listener);
  onTestFinished(() => void unsubscribe(`fmmap:${name}`, listener));
  return messages;
}

const duration = expect.any(Number);

test.each<[string, (path: string) => { close(): void }]>([
  ['MmapFile.open', (path) => MmapFile.open(path)],
  ['MmapFile.openExec', (path) => MmapFile.openExec(path)],
  ['MmapFileMut.open', (path) => MmapFileMut.open(path)],
  ['MmapFileMut.openExisting', (path) => MmapFileMut.openExisting(path)],
  ['MmapFileMut.openCow', (path) => MmapFileMut.openCow(path)],
  [
    'MmapFileMut.create',
    (path) => {
      fs.unlinkSync(path);
      return MmapFileMut.create(path, { maxSize: CONTENT.length });
    },
  ],
  ['MmapFile.memory', (path) => MmapFile.memory(path, CONTENT)],
  ['MmapFileMut.memory', (path) => MmapFileMut.memory(path, CONTENT)],
])('%s and close are published once each', (_, open) => {
  const [opened, closed] = [heard('open'), heard('close')];
  const path = tempFile(CONTENT);
  const file = open(path);
  expect(opened).toEqual([{ path, length: CONTENT.length, duration, error: undefined }]);
  expect(closed).toEqual([]);
  file.close();
  file.close();
  expect(closed).toEqual([{ path, duration, error: undefined, isLeak: false }]);
  expect(opened).toHaveLength(1);
  for (const message of [...opened, ...closed]) {
    expect((message as { duration: number }).duration).toBeGreaterThan(0);
  }
});

test('anonymous memory has an empty path', () => {
  const opened = heard('open');
  MmapFileMut.anonymous(100).close();
  expect(opened).toEqual([{ path: '', length: 100, duration, error: undefined }]);
});

test('an attached handle is opened and closed like any other', () => {
  const [opened, closed] = [heard('open'), heard('close')];
  const path = tempFile(CONTENT);
  const file = MmapFile.open(path);
  const attached = MmapFile.attach(file.share());
  expect(opened).toHaveLength(2);
  expect(opened[1]).toEqual(opened[0] && { ...opened[0], duration });
  file.close();
  expect(closed).toHaveLength(1);
  expect(attached.isClosed).toBe(true); // and notices it here
  expect(closed).toHaveLength(2);
});

test('a call that fails is published with its error', () => {
  const [opened, flushed] = [heard('open'), heard('flush')];
  const path = `${tempFile('')}-missing`;
  const error = thrown(() => MmapFile.open(path));
  expect(opened).toEqual([{ path, length: 0, duration, error }]);
  const holder = MmapFileMut.openExisting(tempFile(CONTENT));
  const refused = thrown(() => MmapFileMut.openExisting(holder.path));
  expect(opened[2]).toEqual({ path: holder.path, length: 0, duration, error: refused });
  holder.close();
  const closed = thrown(() => holder.flush()); // nothing was flushed
  expect(closed).toBeInstanceOf(MmapClosedError);
  expect(flushed).toEqual([]);
});

test('arguments that are refused are not a call', () => {
  const opened = heard('open');
  expect(thrown(() => MmapFile.open({} as never))).toBeInstanceOf(TypeError);
  expect(thrown(() => MmapFile.open('x', { offset: -1 }))).toBeInstanceOf(RangeError);
  expect(opened).toEqual([]);
});

test.each<[string, (file: MmapFileMut) => unknown]>([
  ['remove', (file) => file.remove()],
  ['closeWithTruncate', (file) => file.closeWithTruncate(10)],
  ['the end of a `using` block', (file) => file[Symbol.dispose]()],
])('%s publishes that the handle is closed', (_, end) => {
  const closed = heard('close');
  const path = tempFile(CONTENT);
  end(MmapFileMut.openExisting(path));
  expect(closed).toEqual([{ path, duration, error: undefined, isLeak: false }]);
});

test('flush and startFlush are published with their range', () => {
  const flushed = heard('flush');
  const path = tempFile(CONTENT);
  const file = MmapFileMut.openExisting(path);
  file.flush();
  file.startFlush(4096, 100);
  file.close({ flush: true });
  const about = { path, duration, error: undefined };
  const { length } = CONTENT;
  expect(flushed).toEqual([
    { ...about, offset: 0, length, wait: true },
    { ...about, offset: 4096, length: 100, wait: false },
    { ...about, offset: 0, length, wait: true },
  ]);
});

whereFilesAreCut.test('a flush that meets a fault is published with it', () => {
  const [flushed, lost] = [heard('flush'), heard('fault')];
  const path = tempFile(CONTENT);
  const file = MmapFileMut.openExisting(path);
  fs.truncateSync(path, 0);
  const error = thrown(() => file.flush());
  expect(error).toMatchObject({ name: 'MmapFaultError' });
  expect(flushed).toMatchObject([{ path, error }]);
  expect(lost).toEqual([{ path, error: expect.objectContaining({ name: 'MmapFaultError' }) }]);
  file.close();
});

everywhere.test('a fault is published soon after it, once, and the next one again', async () => {
  const path = tempFile(CONTENT);
  const said = await hearProgram('diagnostics/channels#faults', { args: [path] });
  expect(said).toEqual([
    [faultError(LOST, 5, path)],
    [faultError(LOST, 5, path), faultError(LOST, 7, path)],
  ]);
});

everywhere.test(
  'a listener that comes after the file was opened hears of a fault by the next call',
  async () => {
    const path = tempFile(CONTENT);
    const said = await hearProgram('diagnostics/channels#late', { args: [path] });
    expect(said).toEqual([[faultError(LOST, 5, path)]]);
  },
);

test('a handle that was dropped is published as a leak; of memory it is none', async () => {
  const path = tempFile(CONTENT);
  const said = await hearProgram('diagnostics/channels#leaks', { args: [path] });
  expect(said).toEqual([
    [
      [path, true],
      ['memory', false],
    ],
  ]);
});

test('a listener that throws does not change the call', async () => {
  const { code, stdout, stderr } = await runProgram('diagnostics/channels#throwing', {
    args: [tempFile(CONTENT)],
  });
  expect({ code, stdout }).toEqual({ code: 1, stdout: `[${CONTENT.length},true]\n` });
  expect(stderr).toContain('of the listener');
});

test('a listener may use other files', () => {
  const path = tempFile(CONTENT);
  const lengths: number[] = [];
  let depth = 0;
  const listener = () => {
    if (++depth > 3) return;
    const file = MmapFile.open(path);
    lengths.push(file.length);
    file.close();
  };
  subscribe('fmmap:open', listener);
  onTestFinished(() => void unsubscribe('fmmap:open', listener));
  const file = MmapFile.open(path);
  expect(file.copyBytes()).toEqual(CONTENT);
  file.close();
  expect(lengths).toEqual([CONTENT.length, CONTENT.length, CONTENT.length]);
});
