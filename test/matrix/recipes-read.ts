import * as fs from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { threadId } from 'node:worker_threads';
import { isAdviceSupported, type MmapFile, type WasmMemory } from '@fmmap/core';
import type { AsyncMmapFile } from '@fmmap/node';
import type { At, Recipe } from './at.js';

// Members that read, for sync and async classes alike.

type File = MmapFile | AsyncMmapFile;

/** TypeScript defines the types of WebAssembly together with those of browsers. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (of: object) => WasmMemory };
};
const sharedMemory = () => new WebAssembly.Memory({ initial: 1, maximum: 1000, shared: true });

/** What might wait for ever waits for so many milliseconds instead. */
const PATIENCE = 2000;

const ADVICE = (['normal', 'random', 'sequential', 'willneed', 'dontneed', 'cold'] as const).filter(
  isAdviceSupported,
);

/** The eight bytes at the place, which occur only there. */
const needleOf = ({ offset, notes }: At): Buffer =>
  Buffer.from(notes.content.subarray(offset, offset + 8));

function found(at: At, index: number, needle: Uint8Array): void {
  if (index >= 0) at.notes.bytes(index, needle);
  else at.notes.absent(at.offset, needle.length);
}

const getters: Record<string, Recipe<File>> = Object.fromEntries(
  (
    [
      'path',
      'length',
      'isEmpty',
      'isExec',
      'isCow',
      'isPoisoned',
      'isFaulted',
      'lockState',
      'isClosed',
    ] as const
  ).map((name) => [`get ${name}`, (file: File, at: At) => at.notes.is(name, file[name])]),
);

const locking: Record<string, Recipe<File>> = {
  // The lock is released again, or the next call would wait for it.
  lock: async (file) => {
    await file.lock({ timeout: PATIENCE });
    await file.unlock();
  },
  lockShared: async (file) => {
    await file.lockShared({ timeout: PATIENCE });
    await file.unlock();
  },
  tryLock: async (file) => {
    if (await file.tryLock()) await file.unlock();
  },
  tryLockShared: async (file) => {
    if (await file.tryLockShared()) await file.unlock();
  },
  unlock: (file) => file.unlock(),
};

const searching: Record<string, Recipe<File>> = {
  includes: (file, at) => {
    if (!file.includes(needleOf(at))) at.notes.absent(at.offset, 8);
  },
  indexOf: (file, at) => {
    const needle = needleOf(at);
    found(at, file.indexOf(needle), needle);
    const zero = file.indexOf(0, at.offset);
    if (zero >= 0) at.notes.bytes(zero, Buffer.alloc(1));
  },
  lastIndexOf: (file, at) => {
    const needle = needleOf(at);
    found(at, file.lastIndexOf(needle), needle);
    const zero = file.lastIndexOf(0);
    if (zero >= 0) at.notes.bytes(zero, Buffer.alloc(1));
  },
  indexesOf: (file, at) => {
    const offsets = new Float64Array(20);
    const count = file.indexesOf(at.notes.content[at.offset] ?? 0, offsets, at.offset);
    for (const offset of offsets.subarray(0, count)) {
      at.notes.bytes(offset, at.notes.content.subarray(at.offset, at.offset + 1));
    }
    found(at, offsets[0] === at.offset && count > 0 ? at.offset : -1, needleOf(at).subarray(0, 1));
  },
  gather: (file, { offset, length, notes }) => {
    const target = Buffer.alloc(length);
    file.gather(
      target,
      Float64Array.from(target, (_, index) => offset + index),
    );
    notes.bytes(offset, target);
  },
};

const views: Record<string, Recipe<File>> = {
  asBuffer: (file, { offset, length, notes }) => {
    const view = file.asBuffer();
    notes.is('length', view.length);
    notes.view(offset, view.subarray(offset, offset + length));
    notes.view(0, view);
  },
  array: (file, { offset, length, notes }) => {
    const from = offset - (offset % 4);
    const array = file.array(Int32Array, from, Math.floor(length / 4));
    notes.view(from, Buffer.from(array.buffer, array.byteOffset, array.byteLength));
  },
  bytes: async (file, { offset, length, notes }) => {
    const view = file.bytes(offset, length);
    notes.view(offset, view);
    await undefined; // so that the view outlives what happens next
    notes.view(offset, view);
  },
};

export const reading: Record<string, Recipe<File>> = {
  ...getters,
  ...locking,
  ...searching,
  ...views,
  mapInto: async (file, { offset, length, notes }) => {
    const memory = sharedMemory();
    const { address } = file.mapInto(memory, offset, length); // like a view, it outlives what happens next
    const view = Buffer.from(memory.buffer, address, length);
    notes.view(offset, view);
    await undefined;
    notes.view(offset, view);
  },
  copyBytes: (file, { offset, length, notes, call }) => {
    if (call % 2 === 0) return notes.bytes(0, file.copyBytes());
    const copy = file.copyBytes(offset, length);
    notes.expect(copy.length === length, `a copy of ${length} bytes has ${copy.length}`);
    return notes.bytes(offset, copy);
  },
  read: async (file, { offset, length, notes }) => {
    const target = Buffer.alloc(length);
    const count = await file.read(target, offset);
    if (count < length) notes.absent(offset + count, length - count);
    notes.bytes(offset, target.subarray(0, count));
  },
  readExact: async (file, { offset, length, notes }) => {
    const target = Buffer.alloc(length);
    await file.readExact(target, offset);
    notes.bytes(offset, target);
  },
  reader: (file, { offset, notes }) => notes.bytes(offset, file.reader(offset).bytes(0)),
  residency: (file, { offset, length, notes }) => {
    const pages = file.residency(offset, length);
    const wanted = Math.ceil((offset + length) / 4096) - Math.floor(offset / 4096);
    notes.expect(pages.length === wanted, `${pages.length} pages instead of ${wanted}`);
  },
  share: (file, { notes }) => {
    const token = file.share();
    const type = file.constructor as unknown as { attach(of: unknown): object };
    notes.keep(type.attach(token));
  },
  onFault: (file) => file.onFault(() => {})(),
  checkFault: (file) => file.checkFault(),
  prefetch: (file, { offset, length }) => file.prefetch(offset, length),
  advise: (file, { offset, length, call }) =>
    file.advise(ADVICE[call % ADVICE.length] ?? 'willneed', offset, length),
  lockMemory: (file, { offset, length }) => file.lockMemory(offset, length),
  unlockMemory: (file, { offset, length }) => file.unlockMemory(offset, length),
  stat: async (file, { notes, call }) => {
    const from = file as AsyncMmapFile;
    const stats = await (call % 2 === 0 ? from.stat() : from.stat({ bigint: true }));
    notes.is('size', Number(stats.size));
  },
  writeToNewFile: async (file, { offset, length, directory, notes, call }) => {
    const path = join(directory, `copy-${process.pid}-${threadId}-${call}`);
    await file.writeToNewFile(path, offset, length);
    const copy = fs.readFileSync(path);
    fs.rmSync(path);
    notes.expect(copy.length === length, `a file of ${length} bytes has ${copy.length}`);
    notes.bytes(offset, copy);
  },
  toJSON: (file, { notes }) => notes.is('length', file.toJSON().length),
  '[inspect.custom]': (file, { notes }) => notes.is('path', file[inspect.custom]()),
  reopen: (file) => file.reopen(),
  close: (file) => file.close(),
  '[Symbol.dispose]': (file) => (file as MmapFile)[Symbol.dispose](),
  '[Symbol.asyncDispose]': (file) => (file as AsyncMmapFile)[Symbol.asyncDispose](),
};
