import { expect, test } from 'vitest';
import { callBinding, type MmapFile, MmapFileMut, result } from '../../src/internal.js';
import { readTogether } from '../../src/operations/read-batch.js';
import type { Runtime } from '../../src/operations/run-async.js';
import { expectBytes } from '../helpers/bytes.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(2 ** 16 + 10);
const SIZE = 4096;

/** Makes each call when it is told to. */
class Thread implements Runtime {
  readonly calls: { readonly bytes: number; readonly answer: () => void }[] = [];
  readonly call: Runtime['call'] = (name, args) => {
    const bytes = (args[2] as unknown as Uint8Array).length;
    return new Promise((resolve) => {
      const answer = () => resolve((async () => [callBinding(name, args), ...result])());
      this.calls.push({ bytes, answer });
    });
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function readMany(thread: Runtime, file: MmapFile, count: number, size = SIZE) {
  return Array.from({ length: count }, (_, index) => {
    const target = new Uint8Array(size);
    const offset = (index * 97) % (CONTENT.length - size);
    return { target, offset, read: readTogether(thread, file._mapping, target, offset, size) };
  });
}

async function expectRead(reads: ReturnType<typeof readMany>) {
  for (const { target, offset, read } of reads) {
    expect(await read).toBe(true);
    expectBytes(target, CONTENT.subarray(offset, offset + target.length));
  }
}

test('a thousand reads at once are four calls', async () => {
  using file = MmapFileMut.open(tempFile(CONTENT));
  const thread = new Thread();
  const reads = readMany(thread, file, 1000);
  await turn();
  expect(thread.calls.map(({ bytes }) => bytes)).toEqual(Array(4).fill(250 * SIZE));
  for (const { answer } of thread.calls) answer();
  await expectRead(reads);
});

test('no more than 1 MiB is in one call, and no more than four calls are under way', async () => {
  using file = MmapFileMut.open(tempFile(CONTENT));
  const thread = new Thread();
  const reads = readMany(thread, file, 160, 2 ** 16);
  for (let answered = 0; answered < 10; answered += 1) {
    await turn();
    expect(thread.calls.length).toBe(Math.min(answered + 4, 10));
    expect(thread.calls[answered]?.bytes).toBe(2 ** 20);
    thread.calls[answered]?.answer();
  }
  await expectRead(reads);
});

test('reads before and after a change are not read together', async () => {
  using file = MmapFileMut.open(tempFile(CONTENT));
  const thread = new Thread();
  const before = readMany(thread, file, 10);
  let isChanged = false;
  const change = file._mapping.queue.change(async () => {
    isChanged = true;
  });
  const after = readMany(thread, file, 10);
  await turn();
  expect([thread.calls.length, isChanged]).toEqual([1, false]);
  thread.calls[0]?.answer();
  await expectRead(before);
  await change;
  await turn();
  expect(thread.calls.length).toBe(2);
  thread.calls[1]?.answer();
  await expectRead(after);
});

test('what a call has read counts only if the file kept its length and is still open', async () => {
  const changes: ((file: MmapFileMut) => void)[] = [
    (file) => file.truncate(SIZE),
    (file) => file.close(),
  ];
  for (const change of changes) {
    using file = MmapFileMut.open(tempFile(CONTENT));
    const thread = new Thread();
    const reads = readMany(thread, file, 10);
    await turn();
    change(file);
    thread.calls[0]?.answer();
    for (const { read, target } of reads) {
      expect(await read).toBe(false);
      expectBytes(target, Buffer.alloc(SIZE));
    }
  }
});

test('a thread that fails serves none of them', async () => {
  using file = MmapFileMut.open(tempFile(CONTENT));
  const failing: Runtime = { call: () => Promise.reject(new Error('the thread has ended')) };
  for (const { read } of readMany(failing, file, 100)) expect(await read).toBe(false);
});
