// Calls on the main thread while `stat` of the same file is in progress.
import { setImmediate } from 'node:timers/promises';
import type * as node from '@fmmap/node';
import { BYTE, expect, finish, flavour, makeFile, PAGE, step } from './program.js';

const { AsyncMmapFileMut }: typeof node = await import(`@fmmap/${flavour}`);

const file = await AsyncMmapFileMut.open(makeFile('file', 10 * PAGE));
const attached = AsyncMmapFileMut.attach(file.share());

for (let round = 0; round < 100; ++round) {
  step(`attach in round ${round}`);
  const stat = file.stat();
  const other = AsyncMmapFileMut.attach(file.share());
  expect(other.readUInt8(PAGE) === BYTE, 'a byte is wrong');
  await other.close();
  expect((await stat).size === file.length, 'stat says another size');

  step(`truncate in round ${round}`);
  const size = (round % 2 === 0 ? 5 : 10) * PAGE;
  const all = [file.stat(), attached.truncate(size), attached.stat(), file.stat()];
  expect(file.readUInt8(PAGE) === BYTE, 'a byte is wrong while it is truncated');
  await setImmediate();
  expect(file.readUInt8(PAGE) === BYTE, 'a byte is wrong while it is truncated');
  const [, , stats] = await Promise.all(all);
  expect(stats?.size === size, `stat after truncate says ${stats?.size}`);
  expect(file.length === size, `the length is ${file.length}`);
  await attached.truncate(10 * PAGE);
  file.fill(BYTE);
}

const lengthOf = (of: { length: number }): number => of.length;

// At least as many as there are threads.
const lanes = Array.from({ length: 12 }, async (_, lane) => {
  for (let round = 0; round < 30; ++round) {
    step(`lane ${lane}, round ${round}`);
    const target = Buffer.alloc(PAGE);
    const calls = [
      () => file.stat(),
      () => file.read(target),
      () => attached.checkFault(),
      () => ('run' in file ? (file.run as (task: unknown) => unknown)(lengthOf) : file.stat()),
      () => attached.truncate((5 + (round % 5)) * PAGE),
    ];
    await calls[lane % calls.length]?.();
    if (lane % calls.length === 1) expect(target[5] === BYTE, 'a byte that was read is wrong');
  }
});
await Promise.all(lanes);
await attached.close();
await file.close();
finish();
