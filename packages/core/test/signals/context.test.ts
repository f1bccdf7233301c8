import { describe, expect, test } from 'vitest';
import { foreign, hearForeign, SURVIVED } from '../helpers/foreign.js';

// What native code finds that touches a mapping of ours: as if nothing had happened.

const LOST = `
  const library = load();
  const lost = () => {
    const one = open();
    fs.truncateSync(one.path, 0);
    return { ...one, address: addressOf(one.path) };
  };
`;

describe('native code that meets a fault of ours', () => {
  test('finds errno as it was', async () => {
    const said = await hearForeign(`
      ${LOST}
      const one = lost();
      const other = open();
      say([library.readErrno(one.address), library.writeErrno(addressOf(other.path))]);
      say([causeOf(one.file), causeOf(other.file)].join());
    `);
    expect(said).toEqual([[123, 123], SURVIVED]);
  });

  test('finds errno as it was in a library after us that calls us, too', async () => {
    const said = await hearForeign(`
      ${LOST}
      const one = lost();
      library.setQuiet(1);
      library.take('a', CHAIN);
      say([library.readErrno(one.address), library.calls(), causeOf(one.file)]);
    `);
    expect(said).toEqual([[123, 1, 'MmapFaultError truncated']]);
  });

  test('needs no stack for it in a thread that has another one for signals', async () => {
    const said = await hearForeign(`
      ${LOST}
      const one = lost();
      say([library.readInFullThread(one.address, 1), causeOf(one.file)]);
    `);
    expect(said).toEqual([[0, 'MmapFaultError truncated']]);
  });

  test('needs no other stack in a thread that has none', async () => {
    const said = await hearForeign(`
      ${LOST}
      for (let i = 0; i < 3; ++i) say(lose());
    `);
    expect(said).toEqual(Array(3).fill('MmapFaultError truncated'));
  });

  test('ends the process where the stack has no room for a signal, as any would', async () => {
    const ended = await foreign(`
      ${LOST}
      library.readInFullThread(lost().address, 0);
      say('after');
    `);
    expect(ended).toMatchObject({ code: null, signal: 'SIGSEGV', stdout: '' });
  });
});

test.each(['before', 'after'])(
  'a library that was there %s us is called on the other stack as well',
  async (when) => {
    const ended = await foreign(`
      const library = load();
      ${when === 'after' ? 'open();' : ''}
      library.take('a', END, ONSTACK);
      ${when === 'before' ? 'open();' : ''}
      library.readInFullThread(library.mapLost(AT), 1);
    `);
    expect(ended).toMatchObject({ code: null, signal: 'SIGBUS' });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      by: 'a',
      address: '0x200000000000',
      apart: true,
    });
  },
);
