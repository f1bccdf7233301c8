// Tasks of one program take turns with the lock of one handle.
import { setImmediate } from 'node:timers/promises';
import { MmapFileMut } from '@fmmap/core';
import type * as node from '@fmmap/node';
import { expect, finish, flavour, makeFile, refusal, step } from './program.js';

const { AsyncMmapFileMut }: typeof node = await import(`@fmmap/${flavour}`);

const TASKS = 20;
const ROUNDS = 20;
const file = await AsyncMmapFileMut.open(makeFile('file', 4096));

step('adopts the lock of open');
await file.lock();
expect(file.lockState === 'exclusive', `the lock is ${file.lockState}`);
let isSecond = false;
const second = file.lock().then(() => {
  isSecond = true;
});
await setImmediate();
expect(!isSecond, 'a second owner got the lock of the first');
await file.unlock();
await second;
await file.unlock();
expect(file.lockState === 'none', `the lock is ${file.lockState} after the last unlock`);

step('exclusive owners take turns');
let inside = 0;
let sections = 0;
await Promise.all(
  Array.from({ length: TASKS }, async (_, task) => {
    for (let round = 0; round < ROUNDS; ++round) {
      await file.lock();
      inside += 1;
      expect(inside === 1, `${inside} tasks are in their critical sections`);
      for (let turns = (task + round) % 3; turns > 0; --turns) await setImmediate();
      expect(inside === 1, `${inside} tasks are in their critical sections`);
      inside -= 1;
      sections += 1;
      await file.unlock();
    }
  }),
);
expect(sections === TASKS * ROUNDS, 'a task has not had its turns');
expect(file.lockState === 'none', `the lock is ${file.lockState} after the last unlock`);

step('shared owners overlap');
await file.lockShared();
await file.lockShared();
const refused = await refusal(() => file.lock({ timeout: 100 }));
expect(refused === 'ERR_MMAP_LOCK_STATE', `the other kind: ${refused}`);
await file.unlock();
expect(file.lockState === 'shared', `the lock is ${file.lockState} while one owner is left`);
await file.unlock();
expect(file.lockState === 'none', `the lock is ${file.lockState} after the last unlock`);

step('the sync class');
const sync = MmapFileMut.open(makeFile('other', 4096));
sync.lock();
sync.lock();
expect(sync.lockState === 'exclusive', `the lock is ${sync.lockState}`);
const kind = await refusal(() => sync.lockShared());
expect(kind === 'ERR_MMAP_LOCK_STATE', `the other kind: ${kind}`);
sync.unlock();
sync.close();
await file.close();
finish();
