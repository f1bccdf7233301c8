import { expect } from 'vitest';
import { expectSame } from '../helpers/foreign.js';
import { whereSignals } from '../helpers/platform.js';

const { describe, test } = whereSignals;

// Invalid accesses to memory that is not ours. Each child runs with the guard and without; with it,
// faults in mappings of ours come first.

const AT = 0x2000_0000_0000;

/** The signal, its code and the address for each touch of the program. */
const FAULTS: Record<
  string,
  [signal: 'SIGBUS' | 'SIGSEGV', code: number, address: number | undefined]
> = {
  'a read of address 0': ['SIGSEGV', 1, 0],
  'a write to address 8': ['SIGSEGV', 1, 8],
  'a call of address 0': ['SIGSEGV', 1, 0],
  'a read where nothing is mapped': ['SIGSEGV', 1, AT + 5],
  'a write to a page that may only be read': ['SIGSEGV', 2, AT + 7],
  'a read of a page that may not be used': ['SIGSEGV', 2, AT + 9],
  'a jump into a page that may not be run': ['SIGSEGV', 2, AT],
  'a read of a file that was truncated': ['SIGBUS', 2, AT + 3],
  'a write to a file that was truncated': ['SIGBUS', 2, AT + 4],
  // The processor does not report which address.
  'a read of an address that cannot be': ['SIGSEGV', 128, undefined],
};

const SIGNALS = { SIGBUS: 7, SIGSEGV: 11 };
const hex = (address = 0) => (address === 0 ? '(nil)' : `0x${address.toString(16)}`);

describe.each(Object.entries(FAULTS))('%s', (touch, [signal, code, address]) => {
  test('ends the process as it does without the guard', async () => {
    const ended = await expectSame('signals/foreign#touch', { args: [touch] });
    expect(ended).toMatchObject({ code: null, signal, stdout: '"before"\n' });
  });

  test('is reported to a handler that was there before, as it is without the guard', async () => {
    const ended = await expectSame('signals/foreign#touchWithHandler', { args: [touch] });
    expect(ended).toMatchObject({ code: null, signal });
    expect(
      ended.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        by: 'a',
        signal: SIGNALS[signal],
        code,
        address: hex(address),
        blocks: [1, 1],
      },
    ]);
    expect(ended.last).toContain(`si_signo=${signal}`);
  });

  test('ends the process as it does without the guard, in a worker thread', async () => {
    const ended = await expectSame('signals/foreign#touchInThread', { args: [touch] });
    expect(ended).toMatchObject({ code: null, signal, stdout: '' });
  });
});

test.each([
  'a read of address 0',
  'a read of a file that was truncated',
  'a write to a page that may only be read',
])('a core is dumped if any is: %s', async (touch) => {
  const aborted = await expectSame('signals/foreign#abort');
  const fault = await expectSame('signals/foreign#prepareAndTouch', { args: [touch] });
  expect(fault.hasDumped).toBe(aborted.hasDumped);
});

test('a jump into one of our mappings is an error of the program, not of the file', async () => {
  const ended = await expectSame('signals/foreign#jumpIntoOurs');
  expect(ended).toMatchObject({ code: null, signal: 'SIGSEGV', stdout: '"before"\n' });
});
