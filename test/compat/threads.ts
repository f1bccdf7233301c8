import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { MessageChannel, Worker } from 'node:worker_threads';
import { MmapFileMut } from '@fmmap/core';
import type { Group, Outcome } from './row.js';
import type { Trial } from './trial.js';

/** Keeps what it receives, and returns its current content when asked. */
const KEEPER = `
  const { parentPort, workerData } = require('node:worker_threads');
  let kept = workerData;
  parentPort.on('message', (message) => {
    if (message === 'look') parentPort.postMessage(Uint8Array.from(kept));
    else kept = message;
  });`;

async function keeper(workerData?: Uint8Array): Promise<[Worker, () => Promise<Uint8Array>]> {
  const worker = new Worker(KEEPER, { eval: true, workerData });
  await once(worker, 'online');
  return [
    worker,
    async () => {
      worker.postMessage('look');
      const [bytes] = await once(worker, 'message');
      return bytes;
    },
  ];
}

/** What arrives at the other end of a channel. */
async function through(
  view: Uint8Array<ArrayBuffer>,
  transfer: ArrayBuffer[],
): Promise<Uint8Array> {
  const { port1, port2 } = new MessageChannel();
  const message = once(port2, 'message');
  port1.postMessage(view, transfer);
  const [received] = await message;
  port1.close();
  return received;
}

async function sentToWorker(trial: Trial, transfer: ArrayBuffer[]) {
  const [worker, look] = await keeper();
  try {
    worker.postMessage(trial.view, transfer);
    return transfer.length > 0 ? await trial.moved(look) : await trial.keeps(look);
  } finally {
    await worker.terminate();
  }
}

/** Expects a clone of the view's bytes, not of the file's. */
function own(trial: Trial, clone: Uint8Array): Uint8Array {
  trial.equal([clone.byteOffset, clone.buffer.byteLength], [0, trial.bytes.length]);
  return clone;
}

const hasTransfer = (): boolean => 'transfer' in ArrayBuffer.prototype;

export const threads: Group = {
  title: 'Clones, transfers and threads',
  packages: [],
  rows: [
    {
      name: '`structuredClone(view)`',
      remark: 'the bytes of the view, not of the file',
      run: (t) => {
        const clone = own(t, structuredClone(t.view));
        return t.keeps(() => clone);
      },
    },
    {
      name: '`structuredClone(view.subarray(…))`',
      remark: 'all bytes of the view, as JavaScript does for any array',
      run: (t) => {
        const clone = structuredClone(t.view.subarray(100, 200));
        t.same(clone, t.bytes.subarray(100, 200));
        return t.keeps(() => clone.buffer);
      },
    },
    {
      name: '`structuredClone(view, { transfer })`',
      remark: 'the view is empty afterwards; the file and its other views are not affected',
      run: (t) => {
        const other = t.range();
        const moved = structuredClone(t.view, { transfer: [t.view.buffer] });
        t.same(other);
        return t.moved(() => moved);
      },
    },
    {
      name: '`view.buffer.transfer()`',
      exists: hasTransfer,
      run: (t) => {
        const moved = t.view.buffer.transfer();
        return t.moved(() => moved);
      },
    },
    {
      name: '`view.buffer.transfer(newLength)`',
      remark: 'if the length changes, V8 copies',
      exists: hasTransfer,
      run: (t) => {
        const moved = t.view.buffer.transfer(t.bytes.length + 8);
        t.same(moved.slice(t.bytes.length), new Uint8Array(8));
        return t.moved(() => moved.slice(0, t.bytes.length));
      },
    },
    {
      name: '`worker.postMessage(view)`',
      run: (t) => sentToWorker(t, []),
    },
    {
      name: '`worker.postMessage(view, [view.buffer])`',
      remark: 'the same memory in another thread; `file.share()` gives it the whole file',
      run: (t) => sentToWorker(t, [t.view.buffer]),
    },
    {
      name: '`new Worker(…, { workerData: view })`',
      run: async (t) => {
        const [worker, look] = await keeper(t.view);
        try {
          return await t.keeps(look);
        } finally {
          await worker.terminate();
        }
      },
    },
    {
      name: '`MessagePort`: `port.postMessage(view)`',
      run: async (t) => {
        const received = own(t, await through(t.view, []));
        return await t.keeps(() => received);
      },
    },
    {
      name: '`MessagePort`: `port.postMessage(view, [view.buffer])`',
      run: async (t) => {
        const received = own(t, await through(t.view, [t.view.buffer]));
        return await t.moved(() => received);
      },
    },
    {
      name: '`BroadcastChannel.postMessage(view)`',
      run: async (t) => {
        const [from, to] = [new BroadcastChannel('compat'), new BroadcastChannel('compat')];
        const message = new Promise<Uint8Array>((resolve) => {
          to.onmessage = ({ data }) => resolve(data);
        });
        from.postMessage(t.view);
        const received = own(t, await message);
        from.close();
        to.close();
        return await t.keeps(() => received);
      },
    },
    {
      name: "`child.send(view)`, with `serialization: 'advanced'`",
      run: async (t) => {
        const echo = "process.once('message', (message) => process.send(message));";
        const child: ChildProcess = fork('-', {
          execArgv: ['-e', echo],
          serialization: 'advanced',
        });
        child.send(t.view);
        const [received] = await once(child, 'message');
        child.kill('SIGKILL');
        return await t.keeps(() => received);
      },
    },
    {
      name: '`Atomics` on a view with `shared: true`, in two threads',
      remark: 'of elements that are aligned in the file; the view lies at an offset in its buffer',
      run: async (t): Promise<Outcome> => {
        using file = MmapFileMut.create(`${t.path}.shared`, { maxSize: 64, shared: true });
        const view = file.asBuffer();
        const cells = new Int32Array(view.buffer, view.byteOffset, 2);
        const add = `
          const cells = require('node:worker_threads').workerData;
          for (let i = 0; i < 100_000; i++) Atomics.add(cells, 0, 1);
          Atomics.store(cells, 1, 1);
          Atomics.notify(cells, 1);`;
        const worker = new Worker(add, { eval: true, workerData: cells });
        const done = once(worker, 'exit');
        for (let i = 0; i < 100_000; i++) Atomics.add(cells, 0, 1);
        t.equal(Atomics.wait(cells, 1, 0, 20_000) === 'timed-out', false);
        await done;
        t.equal(fs.readFileSync(`${t.path}.shared`).readInt32LE(), 200_000);
        return 'kept';
      },
    },
    {
      name: '`Atomics` on an ordinary view, in one thread',
      run: (t) => {
        const cells = new Uint8Array(t.view.buffer);
        const sum = (Atomics.add(cells, 5, 3) + 3) % 256;
        const expected = Buffer.from(t.bytes);
        expected[5] = sum;
        t.wrote(expected);
        return t.keeps(() => cells);
      },
    },
  ],
};
