import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MmapFileMut } from '@fmmap/core';
import { RingBuffer } from '@fmmap/recipes/ring-buffer';
import { expect, test } from 'vitest';
import { outputOf, start } from './helpers/program.ts';
import { tempPath } from './helpers/temp.ts';

/** Of all lengths up to what fits, some of which are around the end of the ring. */
const messageOf = (n: number): Buffer => Buffer.alloc(n % 253, `${n} `);

test('messages of another process arrive whole, in order, and all', async () => {
  const path = tempPath();
  const ring = new RingBuffer(path, 1000);
  const sender = outputOf(start('send', path, '3000'));
  for (let n = 0; n < 3000; ++n) {
    const message = await ring.receive(AbortSignal.timeout(20_000));
    if (!message.equals(messageOf(n))) throw new Error(`message ${n} is '${message}'`);
  }
  expect(await sender).toBe('sent\n');
  expect(ring.pop()).toBeUndefined();
  ring.close();
});

test('what does not fit waits, and what never fits is refused', async () => {
  const ring = new RingBuffer(tempPath(), 64);
  expect(ring.push(Buffer.alloc(60))).toBe(true);
  expect(ring.push(Buffer.alloc(0))).toBe(false);
  await expect(ring.send(Buffer.alloc(1), AbortSignal.timeout(20))).rejects.toThrow(/aborted/);
  expect(ring.pop()).toHaveLength(60);
  expect(ring.push(Buffer.alloc(0))).toBe(true);
  expect(ring.pop()).toHaveLength(0);
  expect(ring.pop()).toBeUndefined();
  await expect(ring.receive(AbortSignal.timeout(20))).rejects.toThrow(/aborted/);
  expect(() => ring.push(Buffer.alloc(61))).toThrow(RangeError);
  ring.close();
});

test('messages outlive the process that has sent them, and its ring', () => {
  const path = tempPath();
  const ring = new RingBuffer(path, 64);
  ring.push(Buffer.from('one'));
  ring.close();
  const again = new RingBuffer(path, 64);
  expect(String(again.pop())).toBe('one');
  again.close();
  expect(() => new RingBuffer(path, 68)).toThrow('has not opened it with a capacity of 68');
  expect(() => new RingBuffer(path, 65)).toThrow(RangeError);
});

test('Atomics.notify wakes threads of the same process', async () => {
  const file = MmapFileMut.open(tempPath(), { maxSize: 4096, shared: true });
  const code = `
    const { workerData, parentPort } = require('node:worker_threads');
    const { MmapFileMut } = require('@fmmap/core');
    const file = MmapFileMut.attach(workerData, { shared: true });
    const words = file.array(Int32Array);
    parentPort.postMessage('waiting');
    parentPort.postMessage(Atomics.wait(words, 0, 0, 20_000));
    file.close();`;
  const worker = new Worker(code, { eval: true, workerData: file.share() });
  const signal = AbortSignal.timeout(20_000);
  expect(await once(worker, 'message', { signal })).toEqual(['waiting']);
  const answer = once(worker, 'message', { signal });
  const words = file.array(Int32Array);
  await expect.poll(() => Atomics.notify(words, 0), { timeout: 20_000 }).toBe(1);
  expect(await answer).toEqual(['ok']);
  file.close();
});

test('Atomics.notify wakes no other process, so that a ring has to be asked', async () => {
  const path = tempPath();
  const options = { maxSize: 4096, shared: true, lock: 'shared' } as const;
  const file = MmapFileMut.open(path, options);
  const words = file.array(Int32Array);
  const { waitAsync } = Atomics as unknown as {
    waitAsync(array: Int32Array, index: number, value: number): { value: Promise<string> };
  };
  const waiting = waitAsync(words, 0, 0);
  expect(await outputOf(start('notify', path))).toBe('0 were woken\n');
  expect(Atomics.load(words, 0)).toBe(1); // what it has stored is seen
  expect(Atomics.notify(words, 0)).toBe(1);
  expect(await waiting.value).toBe('ok');
  file.close();
});
