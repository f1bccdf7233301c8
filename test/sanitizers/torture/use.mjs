import { MmapError, MmapFile, MmapFileMut } from '@fmmap/core';
import { AsyncMmapFile, AsyncMmapFileMut } from '@fmmap/node';
import { READABLE, REOPEN, WRITABLE } from './calls.mjs';
import { randomFrom } from './random.mjs';

/**
 * Uses a shared file in this thread: through a sync and an async handle, which are closed or dropped
 * and attached again now and then, with up to four calls in progress at once.
 *
 * @param pending - Counts the calls of this thread that have not returned, as {@link WRITABLE} has them.
 * @param onStep - Called with the number of each step.
 * @returns The number of calls by outcome; and errors that should not occur.
 */
export async function use({ token, isWritable, seed, steps }, pending, onStep = () => {}) {
  const random = randomFrom(seed);
  const calls = isWritable ? WRITABLE : READABLE;
  const types = isWritable ? [MmapFileMut, AsyncMmapFileMut] : [MmapFile, AsyncMmapFile];
  const handles = [];
  const outcomes = {};
  const wrong = [];

  /** What a buffered writer cannot put into the file any more is lost, and `close` says so. */
  async function close(file) {
    try {
      await file?.close();
    } catch (error) {
      if (!(error instanceof MmapError)) wrong.push(`close: ${error?.stack ?? error}`);
    }
  }

  async function handle(index) {
    if (handles[index] === undefined || random.chance(0.05)) {
      const old = handles[index];
      handles[index] = await types[index].attach(token);
      if (random.chance(0.7)) await close(old); // otherwise it is dropped
    }
    return handles[index];
  }

  async function attempt([name, call]) {
    const index = WRITABLE.findIndex(([other]) => other === name);
    Atomics.add(pending, index, 1);
    let outcome = 'done';
    try {
      await call(await handle(random.below(types.length)), random);
    } catch (error) {
      outcome = error?.code ?? 'no code';
      if (!(error instanceof MmapError)) wrong.push(`${name}: ${error?.stack ?? error}`);
    }
    Atomics.sub(pending, index, 1);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    // Otherwise most calls would have nothing to work on.
    if (outcome === 'ERR_MMAP_FAULT' && random.chance(0.2)) await attempt(REOPEN);
  }

  for (let step = 0; step < steps; ++step) {
    onStep(step);
    await Promise.all(Array.from({ length: 1 + random.below(4) }, () => attempt(random.of(calls))));
  }
  for (const file of handles) await close(file);
  return { outcomes, wrong };
}
