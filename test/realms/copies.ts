// Uses copies of the packages over one addon, as if several versions were installed, or in test environments.
// Argument: a directory. Prints what was wrong.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type * as Core from '@fmmap/core';
import type * as Worker from '@fmmap/worker';
import { Modules } from './modules.js';

type All = typeof Core & typeof Worker;

const [directory = ''] = process.argv.slice(2);
const warnings: string[] = [];
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`));

const copy = (): All => {
  const modules = new Modules();
  return { ...modules.load<All>('@fmmap/core'), ...modules.load<All>('@fmmap/worker') };
};
const first = copy();
const second = copy();
const both = [first, second] as const;

let files = 0;
function makeFile(length = 5000, byte = 1): string {
  const path = join(directory, `file-${files++}`);
  fs.writeFileSync(path, Buffer.alloc(length, byte));
  return path;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    globalThis.gc?.();
    await setTimeout(5);
  }
}

const tests: Record<string, () => unknown> = {
  'each copy opens, writes and truncates, in turns': () => {
    const handles = [...both, ...both].map(({ MmapFileMut }) => MmapFileMut.open(makeFile()));
    for (const file of handles) {
      assert.equal(file.length, 5000);
      file.writeUInt8(7, 10);
      file.truncate(9000);
      assert.equal(file.length, 9000);
      assert.equal(fs.statSync(file.path).size, 9000);
      assert.equal(file.asBuffer()[10], 7);
    }
    for (const file of handles) file.remove();
  },

  'each copy does so with promises': async () => {
    const handles = await Promise.all(
      both.map(({ AsyncMmapFileMut }) => AsyncMmapFileMut.open(makeFile())),
    );
    await Promise.all(handles.map((file) => file.truncate(9000)));
    assert.deepEqual(
      handles.map((file) => file.length),
      [9000, 9000],
    );
    const lengths = await Promise.all(handles.map((file) => file.run((other) => other.length)));
    assert.deepEqual(lengths, [9000, 9000]);
    for (const file of handles) await file.close();
  },

  'errors are of the classes of the copy that was called': async () => {
    const path = makeFile();
    const errors = ['MmapError', 'MmapLockError', 'MmapClosedError'] as const;
    for (const { MmapFile, MmapFileMut, AsyncMmapFile, ...own } of [...both, ...both]) {
      const expect = (error: unknown, name: (typeof errors)[number]) => {
        assert.equal(Object.getPrototypeOf(error), own[name].prototype);
        return true;
      };
      using _held = MmapFileMut.open(path);
      assert.throws(
        () => MmapFile.open(path),
        (error) => expect(error, 'MmapLockError'),
      );
      await assert.rejects(AsyncMmapFile.open(path), (error) => expect(error, 'MmapLockError'));
      assert.throws(
        () => MmapFile.open(`${path}.none`),
        (error) => expect(error, 'MmapError'),
      );
      const closed = MmapFile.memory('m', 'x');
      const token = closed.share();
      closed.close();
      assert.throws(
        () => MmapFile.attach(token),
        (error) => expect(error, 'MmapClosedError'),
      );
    }
  },

  'one copy attaches what another one has shared': async () => {
    const file = first.MmapFileMut.open(makeFile());
    const other = second.MmapFileMut.attach(file.share());
    other.writeUInt32LE(0xdeadbeef, 100);
    assert.equal(file.readUInt32LE(100), 0xdeadbeef);
    file.truncate(100_000);
    other.writeUInt8(5, 99_999);
    assert.equal(file.readUInt8(99_999), 5);
    const asynchronous = second.AsyncMmapFile.attach(file.share());
    assert.equal(await asynchronous.run((each) => each.readUInt8(99_999)), 5);
    file.close();
    assert.throws(() => other.readUInt8(0), second.MmapClosedError);
  },

  'a lock of one copy keeps the other one out, until it is given back': async () => {
    const path = makeFile();
    const held = await first.AsyncMmapFile.open(path);
    const waiting = await second.AsyncMmapFile.open(path);
    await held.unlock();
    await waiting.unlock();
    await held.lock();
    assert.equal(await waiting.tryLock(), false);
    const lock = waiting.lock({ timeout: 20_000 });
    await held.unlock();
    await lock;
    assert.equal(waiting.lockState, 'exclusive');
    for (const file of [held, waiting]) await file.close();
  },

  'a copy finds a fault in a view of another one': () => {
    const file = first.MmapFile.open(makeFile(8192));
    const view = file.asBuffer();
    fs.truncateSync(file.path, 0);
    assert.throws(() => second.MmapFileMut.memory('m', Buffer.alloc(8192)).write(view), {
      code: 'ERR_MMAP_FAULT',
    });
    file.close();
  },

  'listeners of all copies are told of a fault': async () => {
    const told: object[] = [];
    for (const { MmapFile, MmapFaultError } of both) {
      const file = MmapFile.open(makeFile(8192));
      file.onFault((error) => {
        assert.ok(error instanceof MmapFaultError);
        told.push(file);
      });
      fs.truncateSync(file.path, 0);
      void file.asBuffer()[0];
    }
    await until(() => told.length === 2);
  },

  'a pool is for the files of its own copy, and says so': async () => {
    await using pool = new first.WorkerPool({ size: 1 });
    await using file = second.AsyncMmapFile.memory('m', 'x');
    await assert.rejects(
      file.runWith({ pool: pool as never }, () => {}),
      /of this copy/,
    );
  },

  'files of a copy that is gone are closed like those of any other': async () => {
    const path = makeFile();
    (() => {
      copy().MmapFileMut.open(path);
    })();
    const isFree = () => {
      try {
        first.MmapFileMut.open(path).close();
        return true;
      } catch {
        return false;
      }
    };
    assert.equal(isFree(), false);
    await until(isFree);
  },

  'many copies have one hook in the process': () => {
    const count = () =>
      process.listenerCount('newListener') + process.listenerCount('removeListener');
    const before = count();
    for (let index = 0; index < 12; ++index) copy().MmapFile.open(makeFile()).close();
    assert.equal(count(), before);
  },
};

const problems: string[] = [];
for (const [name, act] of Object.entries(tests)) {
  try {
    await act();
  } catch (error) {
    problems.push(`${name}: ${(error as Error).stack}`);
  }
}
await setImmediate();
// The file that was not closed in time is reported as usual.
problems.push(...warnings.filter((text) => !text.includes('without close()')));
fs.writeSync(1, problems.join('\n'));
process.exit();
