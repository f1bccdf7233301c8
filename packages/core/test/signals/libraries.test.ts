import { describe, expect, test } from 'vitest';
import { expectSame, foreign, hearForeign, SURVIVED } from '../helpers/foreign.js';
import { namesIn } from '../helpers/program.js';

// Libraries with handlers of their own for the signals, installed in any order with ours.

const NUMBERS = { SIGBUS: 7, SIGSEGV: 11 };
type Signal = keyof typeof NUMBERS;

/** Runs steps that come to a bad end, and says who was called on the way, in order. */
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

  test('ends the process, with one that calls us and takes the signals again and again', async () => {
    const [survived, ...called] = await callsAtEnd('againAndAgain', signal);
    expect(survived).toBe(SURVIVED);
    // It has us for what it found, as we have it: how often it is called is for us to bound.
    expect(new Set(called)).toEqual(new Set(['a']));
    expect(called.length).toBeLessThan(20);
  });

  test('reaches a library after us that calls us, and then us', async () => {
    const said = await callsAtEnd('afterUs', signal);
    expect(said).toEqual([[SURVIVED, 2], 'a']);
  });

  test('is not told to a library before us for faults of ours', async () => {
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
    'finds the mask of a handler %s as without us',
    async (flags) => {
      const ended = await expectSame('signals/libraries#mask', { args: [signal, flags] });
      expect(ended).toMatchObject({ code: null, signal });
      expect(JSON.parse(ended.stdout)).toMatchObject({
        by: 'a',
        blocks: [flags.includes('in the middle of itself') ? 0 : 1, 1],
      });
    },
  );

  test('that comes again after a handler for one time ends the process, and faults of ours do not', async () => {
    const ended = await expectSame('signals/libraries#handlerForOneTime', { args: [signal] });
    expect(ended).toMatchObject({ code: null, signal });
    const [call, survived] = ended.stdout.split('\n');
    expect(JSON.parse(call ?? '')).toMatchObject({ by: 'a' });
    expect(survived).toBe(JSON.stringify(SURVIVED));
  });

  test('that a handler jumps away from comes to it each time', async () => {
    const said = await hearForeign('signals/libraries#jumpsAway', { args: [signal] });
    expect(said).toEqual([[300, 300], SURVIVED]);
  });

  test('that a handler has jumped away from often ends the process when it no longer does', async () => {
    const said = await callsAtEnd('jumpedAway', signal);
    expect(said).toEqual([[300, SURVIVED], 'b', 'a']);
  });
});

test('a handler that is called in the middle of itself may touch mappings of ours', async () => {
  const said = await hearForeign('signals/libraries#inTheMiddle');
  expect(said).toEqual([2, SURVIVED]);
});
