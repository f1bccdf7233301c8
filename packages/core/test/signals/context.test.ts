import { describe, expect, test } from 'vitest';
import { foreign, hearForeign, SURVIVED } from '../helpers/foreign.js';

// What native code finds that touches a mapping of ours: as if nothing had happened.

describe('native code that meets a fault of ours', () => {
  test('finds errno as it was', async () => {
    const said = await hearForeign('signals/context#errno');
    expect(said).toEqual([[123, 123], SURVIVED]);
  });

  test('finds errno as it was in a library after us that calls us, too', async () => {
    const said = await hearForeign('signals/context#errnoInLibrary');
    expect(said).toEqual([[123, 1, 'MmapFaultError truncated']]);
  });

  test('needs no stack for it in a thread that has another one for signals', async () => {
    const said = await hearForeign('signals/context#otherStack');
    expect(said).toEqual([[0, 'MmapFaultError truncated']]);
  });

  test('needs no other stack in a thread that has none', async () => {
    const said = await hearForeign('signals/context#noOtherStack');
    expect(said).toEqual(Array(3).fill('MmapFaultError truncated'));
  });

  test('ends the process where the stack has no room for a signal, as any would', async () => {
    const ended = await foreign('signals/context#noRoom');
    expect(ended).toMatchObject({ code: null, signal: 'SIGSEGV', stdout: '' });
  });
});

test.each(['before', 'after'])(
  'a library that was there %s us is called on the other stack as well',
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
