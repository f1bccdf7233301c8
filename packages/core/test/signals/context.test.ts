import { expect } from 'vitest';
import { foreign, hearForeign, SURVIVED } from '../helpers/foreign.js';
import { whereSignals } from '../helpers/platform.js';

const { describe, test } = whereSignals;

// What native code that touches one of our mappings finds: everything must look as if nothing had happened.

describe('native code that meets one of our faults', () => {
  test('finds errno unchanged', async () => {
    const said = await hearForeign('signals/context#errno');
    expect(said).toEqual([[123, 123], SURVIVED]);
  });

  test('finds errno unchanged in a library that was installed after us and calls us, too', async () => {
    const said = await hearForeign('signals/context#errnoInLibrary');
    expect(said).toEqual([[123, 1, 'MmapFaultError truncated']]);
  });

  test('needs no room on its own stack in a thread that has an alternate signal stack', async () => {
    const said = await hearForeign('signals/context#otherStack');
    expect(said).toEqual([[0, 'MmapFaultError truncated']]);
  });

  test('needs no alternate stack in a thread that has none', async () => {
    const said = await hearForeign('signals/context#noOtherStack');
    expect(said).toEqual(Array(3).fill('MmapFaultError truncated'));
  });

  test('ends the process if the stack has no room for a signal, like any other fault', async () => {
    const ended = await foreign('signals/context#noRoom');
    expect(ended).toMatchObject({ code: null, signal: 'SIGSEGV', stdout: '' });
  });
});

test.each(['before', 'after'])(
  'a library that was installed %s us is called on the alternate stack, too',
  async (when) => {
    const ended = await foreign('signals/context#libraryOnOtherStack', { args: [when] });
    expect(ended).toMatchObject({ code: null, signal: 'SIGBUS' });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      by: 'a',
      address: '0x200000000000',
      apart: true,
    });
  },
);
