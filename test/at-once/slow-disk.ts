// The disk is slow (whoever runs this delays a system call), and the event loop must not wait
// for it.

import { MmapFileMut } from '@fmmap/core';
import { AsyncMmapFileMut } from '@fmmap/node';
import { BYTE, expect, finish, makeFile, options, PAGE, step } from './program.js';

const [name = 'flush'] = options;

type File = AsyncMmapFileMut;
/** Each waits for a different system call, which the main thread has no other reason to make. */
const operations: Readonly<Record<string, (file: File) => Promise<unknown>>> = {
  flush: (file) => file.flush(),
  truncate: (file) => file.truncate(20 * PAGE),
  writeToNewFile: (file) => file.writeToNewFile(`${file.path}-copy`),
  create: async (file) => (await AsyncMmapFileMut.create(`${file.path}-new`)).close(),
  lockMemory: (file) => file.lockMemory(),
  remove: (file) => file.remove(),
};

const file = await AsyncMmapFileMut.open(makeFile('file', 10 * PAGE));
const token = file.share();
const start = performance.now();
let isOver = false;
const pending = operations[name]?.(file).then(() => {
  isOver = true;
});

/** Turns of the event loop in which everything is called once. */
const ROUNDS = 5;
for (let round = 0; round < ROUNDS; ++round) {
  await new Promise(setImmediate);
  step(`round ${round}`);
  const attached = AsyncMmapFileMut.attach(token);
  const sync = MmapFileMut.attach(attached.share());
  const [byte, length] = [attached.readUInt8(PAGE), file.length];
  attached.writeUInt8(BYTE, 1);
  const copy = file.copyBytes(0, 100);
  const counts = [sync.read(Buffer.alloc(10)), await file.read(Buffer.alloc(10))];
  const states = [file.isFaulted, file.isClosed, file.isPoisoned, sync.lockState];
  const view = sync.bytes(0, 10);
  const [pages, stats] = [sync.residency(), sync.stat()];
  sync.close();
  // The flavour's own work may wait for its turn.
  void attached.close();
  expect(!isOver, `the loop has waited for ${name}, in round ${round}`);
  if (isOver) break;
  expect(byte === BYTE && copy[99] === BYTE && view[9] === BYTE, 'a byte is wrong');
  expect(length === 10 * PAGE && stats.size === length && pages.length === 10, 'it is shorter');
  expect(String(counts) === '10,10', `so many bytes are read: ${counts}`);
  expect(String(states) === 'false,false,false,exclusive', `its state is ${states}`);
}
await pending;
expect(performance.now() - start > 1000, 'nothing was slow, so that this shows nothing');
await file.close();
finish();
