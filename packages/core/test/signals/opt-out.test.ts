import { describe, expect, test } from 'vitest';
import { foreign, hearForeign, SURVIVED, UNGUARDED } from '../helpers/foreign.js';

// Programs that own the signals: nothing is installed, and nothing survived.

const HANDLERS = `
  const library = load();
  const handlers = () => [
    ...BOTH.map(library.handlerOf),
    /^SigCgt:.*$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))[0],
  ];
  const before = handlers();
  const isUntouched = () => JSON.stringify(handlers()) === JSON.stringify(before);
`;

/** Ways to go without the guard, as a source that opens `one` and what its child needs. */
const WAYS = {
  'FMMAP_FAULT_GUARD=0': { through: UNGUARDED, first: '', options: '' },
  'disableFaultGuard()': { through: [], first: 'fmmap.disableFaultGuard();', options: '' },
  'guard: false': { through: [], first: '', options: '{ guard: false }' },
};

describe.each(Object.entries(WAYS))('with %s', (_, { through, first, options }) => {
  const source = (steps: string) => `
    ${HANDLERS} ${first}
    const one = open(${options});
    ${steps}`;

  test('no handler is installed, whatever is done with the file', async () => {
    const steps = `
      const other = MmapFileMut.open('other', { maxSize: 10_000, ${options.slice(2, -2)} });
      other.truncate(100_000);
      other.freeze().close();
      const memory = [
        MmapFile.memory('memory', 'x', ${options || '{}'}),
        MmapFileMut.anonymous(100, ${options || '{}'}),
        MmapFileMut.openCow('other', ${options || '{}'}),
      ];
      const listener = () => {};
      say(isUntouched());
      process.on('SIGBUS', listener);
      process.off('SIGBUS', listener);
      process.on('SIGSEGV', listener);
      say(library.handlerOf(SIGBUS) === before[0]);
      // Ours on top of the listener's would be another one.
      const listening = library.handlerOf(SIGSEGV);
      open(${options});
      say(library.handlerOf(SIGSEGV) === listening);
      process.exit();`;
    expect(await hearForeign(source(steps), { through })).toEqual([true, true, true]);
  });

  test('no handler is installed in threads either', async () => {
    const steps = `
      const thread = await startEquipped();
      const share = one.file.share();
      await thread.run((token) => {
        my.attached = MmapFile.attach(token);
        my.one = open(${options});
      }, share);
      say(isUntouched());
      await thread.terminate();
      say(isUntouched());`;
    expect(await hearForeign(source(steps), { through })).toEqual([true, true]);
  });

  test('a read of what was truncated away ends the process with SIGBUS', async () => {
    const ended = await foreign(source(`say('before'); lose(one); say('after');`), { through });
    expect(ended).toMatchObject({ code: null, signal: 'SIGBUS', stdout: '"before"\n' });
  });

  test('a write to a view that may only be read ends the process with SIGSEGV', async () => {
    const steps = source(`say('before'); scribble(one); say('after');`);
    const ended = await foreign(steps, { through });
    expect(ended).toMatchObject({ code: null, signal: 'SIGSEGV', stdout: '"before"\n' });
  });

  test('a truncated file is found by its size', async () => {
    const steps = `
      one.file.checkFault();
      fs.truncateSync(one.path, 1000);
      const found = caught(() => one.file.checkFault());
      say([found.name, found.code, found.path === one.path, causeOf(one.file)]);
      one.file.reopen();
      one.file.checkFault();
      say([one.file.length, causeOf(one.file)]);
      say(isUntouched());`;
    expect(await hearForeign(source(steps), { through })).toEqual([
      ['MmapFaultError', 'ERR_MMAP_FAULT', true, 'MmapFaultError truncated'],
      [1000, 'read 1'],
      true,
    ]);
  });
});

describe('one mapping with guard: false', () => {
  test('leaves the others guarded', async () => {
    const said = await hearForeign(`
      const without = [open({ guard: false }), open({ guard: false })];
      say(survive());
      const one = open();
      without.push(open({ guard: false }));
      say(lose(one));
      say(without.map(({ file }) => causeOf(file)));
    `);
    expect(said).toEqual([SURVIVED, 'MmapFaultError truncated', Array(3).fill('read 1')]);
  });

  test.each([
    ['lose', 'SIGBUS'],
    ['scribble', 'SIGSEGV'],
  ])('has a process end that has others with the guard: %s', async (touch, signal) => {
    const ended = await foreign(`
      const without = open({ guard: false });
      say(survive());
      ${touch}(without);
      say('after');
    `);
    expect(ended).toMatchObject({ code: null, signal, stdout: `${JSON.stringify(SURVIVED)}\n` });
  });

  test.each([
    ['lose', 7, 'SIGBUS'],
    ['scribble', 11, 'SIGSEGV'],
  ])(
    'has its faults told to a library that was there before us: %s',
    async (touch, number, signal) => {
      const ended = await foreign(`
      load().take('a', END);
      const without = open({ guard: false });
      const guarded = survive();
      ${touch}(without);
    `);
      expect(ended).toMatchObject({ code: null, signal });
      expect(JSON.parse(ended.stdout)).toMatchObject({ by: 'a', signal: number, code: 2 });
    },
  );
});

describe('disableFaultGuard()', () => {
  const TOO_LATE = { name: 'MmapError', code: 'ERR_MMAP_GUARD_ACTIVE' };

  test('after a mapping says that it is too late, and the guard stays', async () => {
    const said = await hearForeign(`
      const [one, other] = [open(), open()];
      say(caught(fmmap.disableFaultGuard));
      say(survive(one, other));
      one.file.close();
      other.file.close();
      say(caught(fmmap.disableFaultGuard));
      say(survive());
    `);
    const late = expect.objectContaining(TOO_LATE);
    expect(said).toEqual([late, SURVIVED, late, SURVIVED]);
  });

  test('after a mapping in another thread is too late as well', async () => {
    const said = await hearForeign(`
      const thread = await startEquipped();
      await thread.run(() => { open(); });
      say(caught(fmmap.disableFaultGuard));
      await thread.end();
      say(survive());
    `);
    expect(said).toEqual([expect.objectContaining(TOO_LATE), SURVIVED]);
  });

  test('may be called twice, and after mappings that were not guarded', async () => {
    const said = await hearForeign(`
      ${HANDLERS}
      open({ guard: false });
      fmmap.disableFaultGuard();
      fmmap.disableFaultGuard();
      open();
      fmmap.disableFaultGuard();
      say(isUntouched());
    `);
    expect(said).toEqual([true]);
  });
});

test.each(['1', '', 'false'])('FMMAP_FAULT_GUARD=%s leaves the guard on', async (value) => {
  const through = ['env', `FMMAP_FAULT_GUARD=${value}`];
  expect(await hearForeign('say(survive());', { through })).toEqual([SURVIVED]);
});
