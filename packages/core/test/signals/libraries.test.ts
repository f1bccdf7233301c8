import { expect } from 'vitest';
import { expectSame, foreign, hearForeign, SURVIVED } from '../helpers/foreign.js';
import { whereSignals } from '../helpers/platform.js';
import { namesIn } from '../helpers/program.js';

const { describe, test } = whereSignals;

// Libraries with their own handlers for the signals, installed before or after ours.

const NUMBERS = { SIGBUS: 7, SIGSEGV: 11 };
type Signal = keyof typeof NUMBERS;

/** Runs steps that end in a crash, and returns who was called on the way, in order. */
async function callsAtEnd(name: string, signal: Signal, ...args: unknown[]) {
  const {
    code,
    signal: end,
    stdout,
  } = await foreign(`signals/libraries#${name}`, {
    args: [signal, ...args],
  });
  expect([code, end], stdout.slice(0, 2000)).toEqual([null, signal]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  const said = lines.map((line) => JSON.parse(line));
  for (const line of said.filter((line) => line.by)) {
    expect(line).toMatchObject({ signal: NUMBERS[signal], code: 2, address: '0x200000000000' });
  }
  return said.map((line) => line.by ?? line);
}

describe.each(['SIGBUS', 'SIGSEGV'] as const)('a foreign %s', (signal) => {
  /** Who is called for the foreign fault, in this order. */
  const CALLED: Record<string, string[]> = {
    'a library before us': ['a'],
    'a library before us that calls what it found': ['a'],
    'two before us': ['b', 'a'],
    'two before us, the first of which is never called': ['b'],
    'one before us and one after us': ['b', 'a'],
    'one after us that does not call us, and a mapping after it': ['a'],
    'one that takes the signals again and again, as we do': ['a'],
    'two after us, with mappings after each': ['b', 'a'],
    'one around each mapping, a hundred times': Array(100).fill('x'),
    'one before us that puts back what it found': [],
    'one after us that puts back what it found': [],
    'one before us, and one after it that puts back what it found': ['a'],
  };

  test.each(namesIn('signals/libraries#LIBRARIES'))(
    'ends the process, with %s',
    async (libraries) => {
      const called = await callsAtEnd('end', signal, libraries);
      expect(called).toEqual([SURVIVED, ...(CALLED[libraries] ?? [])]);
    },
  );

  test('ends the process, with a library that calls us and takes the signals again and again', async () => {
    const [survived, ...called] = await callsAtEnd('againAndAgain', signal);
    expect(survived).toBe(SURVIVED);
    // Each of us has the other as its previous handler: we must bound how often it is called.
    expect(new Set(called)).toEqual(new Set(['a']));
    expect(called.length).toBeLessThan(20);
  });

  test('reaches a library that was installed after us and calls us, then us', async () => {
    const said = await callsAtEnd('afterUs', signal);
    expect(said).toEqual([[SURVIVED, 2], 'a']);
  });

  test('is not confused with our faults, which a library before us is not told of', async () => {
    const said = await callsAtEnd('notTold', signal);
    expect(said).toEqual([0, 'a']);
  });

  test.each(['before', 'after'])(
    'that a library recovers from, installed %s us, is recovered from each time',
    async (when) => {
      const said = await hearForeign('signals/libraries#recovers', { args: [signal, when] });
      expect(said).toEqual([100, SURVIVED]);
    },
  );

  test.each(namesIn('signals/libraries#FLAGS'))(
    'runs a handler %s with the same signal mask as without us',
    async (flags) => {
      const ended = await expectSame('signals/libraries#mask', { args: [signal, flags] });
      expect(ended).toMatchObject({ code: null, signal });
      expect(JSON.parse(ended.stdout)).toMatchObject({
        by: 'a',
        blocks: [flags.includes('in the middle of itself') ? 0 : 1, 1],
      });
    },
  );

  test('that comes again after a one-shot handler ends the process, and our own faults do not', async () => {
    const ended = await expectSame('signals/libraries#handlerForOneTime', { args: [signal] });
    expect(ended).toMatchObject({ code: null, signal });
    const [call, survived] = ended.stdout.split('\n');
    expect(JSON.parse(call ?? '')).toMatchObject({ by: 'a' });
    expect(survived).toBe(JSON.stringify(SURVIVED));
  });

  test('that a handler jumps away from reaches it each time', async () => {
    const said = await hearForeign('signals/libraries#jumpsAway', { args: [signal] });
    expect(said).toEqual([[300, 300], SURVIVED]);
  });

  test('that a handler has often jumped away from ends the process when it no longer does', async () => {
    const said = await callsAtEnd('jumpedAway', signal);
    expect(said).toEqual([[300, SURVIVED], 'b', 'a']);
  });
});

test('a handler that is called recursively may touch our mappings', async () => {
  const said = await hearForeign('signals/libraries#inTheMiddle');
  expect(said).toEqual([2, SURVIVED]);
});
