import { describe, expect, test } from 'vitest';
import { expectSame } from '../helpers/foreign.js';

// Memory of somebody else is touched in vain. Each child runs with the guard and without; with it,
// faults in mappings of ours come first.

const BEFORE = `
  const foreign = load();
  const kept = open();
  if (isGuarded) for (let i = 0; i < 3; ++i) survive();
`;

/** What is done, with the signal, its code and the address that come of it. */
const FAULTS = {
  'a read of address 0': ['foreign.read(0)', 'SIGSEGV', 1, 0],
  'a write to address 8': ['foreign.write(8, 1)', 'SIGSEGV', 1, 8],
  'a call of address 0': ['foreign.jump(0)', 'SIGSEGV', 1, 0],
  'a read where nothing is mapped': ['foreign.read(AT + 5)', 'SIGSEGV', 1, 5],
  'a write to a page that may only be read': [
    'foreign.write(foreign.mapPage(AT, READ) + 7, 1)',
    'SIGSEGV',
    2,
    7,
  ],
  'a read of a page that may not be used': [
    'foreign.read(foreign.mapPage(AT, 0) + 9)',
    'SIGSEGV',
    2,
    9,
  ],
  'a jump into a page that may not be run': [
    'foreign.jump(foreign.mapPage(AT, READ | WRITE))',
    'SIGSEGV',
    2,
    0,
  ],
  'a read of a file that was truncated': ['foreign.read(foreign.mapLost(AT) + 3)', 'SIGBUS', 2, 3],
  'a write to a file that was truncated': [
    'foreign.write(foreign.mapLost(AT) + 4, 1)',
    'SIGBUS',
    2,
    4,
  ],
  // The processor does not tell which one.
  'a read of an address that cannot be': ['foreign.read(2 ** 63)', 'SIGSEGV', 128, undefined],
} as const;

const SIGNALS = { SIGBUS: 7, SIGSEGV: 11 };
const hex = (at: number) => (at === 0 ? '(nil)' : `0x${at.toString(16)}`);
const addressIn = (touch: string, offset: number | undefined) =>
  offset === undefined ? '(nil)' : hex((touch.includes('AT') ? 0x2000_0000_0000 : 0) + offset);

describe.each(Object.entries(FAULTS))('%s', (_, [touch, signal, code, offset]) => {
  test('ends the process as without the guard', async () => {
    const ended = await expectSame(`${BEFORE} say('before'); ${touch}; say('after');`);
    expect(ended).toMatchObject({ code: null, signal, stdout: '"before"\n' });
  });

  test('is what a handler that was there before is told', async () => {
    const ended = await expectSame(`
      load().take('a', END);
      ${BEFORE}
      ${touch};
      say('after');
    `);
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
        address: addressIn(touch, offset),
        blocks: [1, 1],
      },
    ]);
    expect(ended.last).toContain(`si_signo=${signal}`);
  });

  test('ends the process as without the guard, in a worker thread', async () => {
    const ended = await expectSame(`
      const kept = open();
      if (isGuarded) survive();
      const thread = await startEquipped();
      await thread.run(() => { ${BEFORE} ${touch}; });
      say('after');
    `);
    expect(ended).toMatchObject({ code: null, signal, stdout: '' });
  });
});

test.each([
  'foreign.read(0)',
  'foreign.read(foreign.mapLost(AT))',
  'foreign.write(foreign.mapPage(AT, READ), 1)',
])('a core is dumped where any can be: %s', async (touch) => {
  const aborted = await expectSame(`
    ${BEFORE}
    process.kill(process.pid, 'SIGABRT'); await new Promise(() => {});`);
  const fault = await expectSame(`${BEFORE} ${touch};`);
  expect(fault.hasDumped).toBe(aborted.hasDumped);
});

test('a jump into a mapping of ours is an error of the program, not of the file', async () => {
  const ended = await expectSame(`${BEFORE} say('before'); foreign.jump(addressOf(kept.path));`);
  expect(ended).toMatchObject({ code: null, signal: 'SIGSEGV', stdout: '"before"\n' });
});
