import { expect } from 'vitest';
import { foreign, hearForeign, SURVIVED, UNGUARDED } from '../helpers/foreign.js';
import { whereSignals } from '../helpers/platform.js';

const { describe, test } = whereSignals;

// Programs that need the signals themselves: no handler is installed, and no fault is survived.

/** Ways to turn the guard off: what the program is started through, and what it is called with. */
const WAYS = {
  'FMMAP_FAULT_GUARD=0': { through: UNGUARDED, args: [false, {}] },
  'disableFaultGuard()': { through: [], args: [true, {}] },
  'guard: false': { through: [], args: [false, { guard: false }] },
};

describe.each(Object.entries(WAYS))('with %s', (_, options) => {
  test('no handler is installed, whatever is done with a file', async () => {
    expect(await hearForeign('signals/opt-out#noHandler', options)).toEqual([true, true, true]);
  });

  test('no handler is installed in threads, either', async () => {
    expect(await hearForeign('signals/opt-out#noHandlerInThreads', options)).toEqual([true, true]);
  });

  test('a read of what was cut off ends the process with SIGBUS', async () => {
    const ended = await foreign('signals/opt-out#lose', options);
    expect(ended).toMatchObject({ code: null, signal: 'SIGBUS', stdout: '"before"\n' });
  });

  test('a write to a read-only view ends the process with SIGSEGV', async () => {
    const ended = await foreign('signals/opt-out#scribble', options);
    expect(ended).toMatchObject({ code: null, signal: 'SIGSEGV', stdout: '"before"\n' });
  });

  test('a truncated file is recognised by its size', async () => {
    expect(await hearForeign('signals/opt-out#bySize', options)).toEqual([
      ['MmapFaultError', 'ERR_MMAP_FAULT', true, 'MmapFaultError truncated'],
      [1000, 'read 1'],
      true,
    ]);
  });
});

describe('a mapping with guard: false', () => {
  test('leaves the others guarded', async () => {
    const said = await hearForeign('signals/opt-out#othersAreGuarded');
    expect(said).toEqual([SURVIVED, 'MmapFaultError truncated', Array(3).fill('read 1')]);
  });

  test.each([
    ['lose', 'SIGBUS'],
    ['scribble', 'SIGSEGV'],
  ])(
    'ends the process with its faults, even if others have the guard: %s',
    async (touch, signal) => {
      const ended = await foreign('signals/opt-out#touchUnguarded', { args: [touch] });
      expect(ended).toMatchObject({ code: null, signal, stdout: `${JSON.stringify(SURVIVED)}\n` });
    },
  );

  test.each([
    ['lose', 7, 'SIGBUS'],
    ['scribble', 11, 'SIGSEGV'],
  ])(
    'passes its faults to a library that was there before us: %s',
    async (touch, number, signal) => {
      const ended = await foreign('signals/opt-out#touchUnguardedWithLibrary', { args: [touch] });
      expect(ended).toMatchObject({ code: null, signal });
      expect(JSON.parse(ended.stdout)).toMatchObject({ by: 'a', signal: number, code: 2 });
    },
  );
});

describe('disableFaultGuard()', () => {
  const TOO_LATE = { name: 'MmapError', code: 'ERR_MMAP_GUARD_ACTIVE' };

  test('throws after a mapping that it is too late, and the guard stays', async () => {
    const said = await hearForeign('signals/opt-out#tooLate');
    const late = expect.objectContaining(TOO_LATE);
    expect(said).toEqual([late, SURVIVED, late, SURVIVED]);
  });

  test('throws after a mapping in another thread, too', async () => {
    const said = await hearForeign('signals/opt-out#tooLateAfterThread');
    expect(said).toEqual([expect.objectContaining(TOO_LATE), SURVIVED]);
  });

  test('may be called twice, and after unguarded mappings', async () => {
    const said = await hearForeign('signals/opt-out#twice');
    expect(said).toEqual([true]);
  });
});

test.each(['1', '', 'false'])('FMMAP_FAULT_GUARD=%s leaves the guard on', async (value) => {
  const through = ['env', `FMMAP_FAULT_GUARD=${value}`];
  const said = await hearForeign('signals/opt-out#survive', { through });
  expect(said).toEqual([SURVIVED]);
});
