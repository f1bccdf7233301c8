import { describe, expect, test } from 'vitest';
import { expectSame, foreign, hearForeign, SURVIVED } from '../helpers/foreign.js';

// Libraries with handlers of their own for the signals, installed in any order with ours.

const FAULTS = {
  SIGBUS: 'foreign.read(foreign.mapLost(AT))',
  SIGSEGV: 'foreign.write(foreign.mapPage(AT, READ), 1)',
};
const NUMBERS = { SIGBUS: 7, SIGSEGV: 11 };

/** Runs steps that come to a bad end, and says who was called on the way, in order. */
async function callsAtEnd(source: string, signal: keyof typeof FAULTS) {
  const { code, signal: end, stdout } = await foreign(`const foreign = load(); ${source}`);
  expect([code, end], stdout.slice(0, 2000)).toEqual([null, signal]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  const said = lines.map((line) => JSON.parse(line));
  for (const line of said.filter((line) => line.by)) {
    expect(line).toMatchObject({ signal: NUMBERS[signal], code: 2, address: '0x200000000000' });
  }
  return said.map((line) => line.by ?? line);
}

describe.each(Object.entries(FAULTS))('a foreign %s', (name, touch) => {
  const signal = name as keyof typeof FAULTS;

  // `survive` before the end: the names of libraries behind it are called for the foreign fault.
  test.each(
    Object.entries({
      'a library before us': [`load('1').take('a', END); open(); say(survive());`, ['a']],
      'a library before us that calls what it found': [
        `load('1').take('a', CHAIN); say(survive());`,
        ['a'],
      ],
      'two before us': [
        `load('1').take('a', CHAIN); load('2').take('b', CHAIN); say(survive());`,
        ['b', 'a'],
      ],
      'two before us, the first of which is never called': [
        `load('1').take('a', END); load('2').take('b', END); say(survive());`,
        ['b'],
      ],
      'one before us and one after us': [
        `load('1').take('a', CHAIN); open(); load('2').take('b', CHAIN); say(survive());`,
        ['b', 'a'],
      ],
      'one after us that does not call us, and a mapping after it': [
        `open(); load('1').take('a', END); say(survive());`,
        ['a'],
      ],
      'one that takes the signals again and again, as we do': [
        `const one = load('1'); one.take('a', END); open();
         for (let i = 0; i < 100; ++i) { one.take('a', END); open(); }
         say(survive());`,
        ['a'],
      ],
      'two after us, with mappings after each': [
        `open(); load('1').take('a', CHAIN); open(); load('2').take('b', CHAIN); open(); say(survive());`,
        ['b', 'a'],
      ],
      'one around each mapping, a hundred times': [
        `for (let i = 1; i <= 100; ++i) { load(String(i)).take('x', CHAIN); open(); } say(survive());`,
        Array(100).fill('x'),
      ],
      'one before us that puts back what it found': [
        `const one = load('1'); one.take('a', END); open(); BOTH.forEach(one.restore); say(survive());`,
        [],
      ],
      'one after us that puts back what it found': [
        `open(); const one = load('1'); one.take('a', END); BOTH.forEach(one.restore); say(survive());`,
        [],
      ],
      'one before us, and one after it that puts back what it found': [
        `load('1').take('a', END); const two = load('2'); two.take('b', END); open();
         BOTH.forEach(two.restore); say(survive());`,
        ['a'],
      ],
    } as const),
  )('ends the process, with %s', async (_, [steps, called]) => {
    expect(await callsAtEnd(`${steps} ${touch};`, signal)).toEqual([SURVIVED, ...called]);
  });

  test('ends the process, with one that calls us and takes the signals again and again', async () => {
    const [survived, ...called] = await callsAtEnd(
      `const library = load('1');
      library.take('a', CHAIN);
      for (let i = 0; i < 100; ++i) { open(); library.take('a', CHAIN); }
      say(survive());
      ${touch};`,
      signal,
    );
    expect(survived).toBe(SURVIVED);
    // It has us for what it found, as we have it: how often it is called is for us to bound.
    expect(new Set(called)).toEqual(new Set(['a']));
    expect(called.length).toBeLessThan(20);
  });

  test('reaches a library after us that calls us, and then us', async () => {
    const said = await callsAtEnd(
      `const [one, other] = [open(), open()];
      const library = load('1');
      library.take('a', CHAIN);
      library.setQuiet(1);
      say([survive(one, other), library.calls()]);
      library.setQuiet(0);
      ${touch};`,
      signal,
    );
    expect(said).toEqual([[SURVIVED, 2], 'a']);
  });

  test('is not told to a library before us for faults of ours', async () => {
    const said = await callsAtEnd(
      `const library = load('1');
      library.take('a', END);
      for (let i = 0; i < 10; ++i) survive();
      say(library.calls());
      ${touch};`,
      signal,
    );
    expect(said).toEqual([0, 'a']);
  });

  test.each(['before', 'after'])(
    'that a library recovers from, installed %s us, is recovered from each time',
    async (when) => {
      const said = await hearForeign(`
        const foreign = load();
        foreign.setQuiet(1);
        let [one, other] = ${when === 'after'} ? [open(), open()] : [];
        foreign.take('a', RECOVER);
        [one, other] = [one ?? open(), other ?? open()];
        if (${when === 'after'}) open();
        for (let i = 0; i < 100; ++i) {
          ${touch};
          foreign.unmapPage(AT);
        }
        say(foreign.calls());
        say(survive(one, other));
      `);
      expect(said).toEqual([100, SURVIVED]);
    },
  );

  test.each([
    ['', 'END'],
    ['that is called in the middle of itself', 'END, NODEFER'],
    ['on another stack', 'END, ONSTACK'],
    ['for one time', 'END, RESETHAND'],
    ['for one time, and in the middle of itself', 'END, RESETHAND | NODEFER'],
  ])('finds the mask of a handler %s as without us', async (_, how) => {
    const ended = await expectSame(`
      load('1').take('a', ${how});
      const foreign = load();
      const [one, other] = [open(), open()];
      if (isGuarded) survive(one, other);
      ${touch};
    `);
    expect(ended).toMatchObject({ code: null, signal });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      by: 'a',
      blocks: [how.includes('NODEFER') ? 0 : 1, 1],
    });
  });

  test('that comes again after a handler for one time ends the process, and faults of ours do not', async () => {
    const ended = await expectSame(`
      const foreign = load();
      foreign.take('a', RECOVER, RESETHAND);
      const [one, other] = [open(), open()];
      ${touch};
      say(isGuarded ? survive(one, other) : ${JSON.stringify(SURVIVED)});
      foreign.unmapPage(AT);
      ${touch};
    `);
    expect(ended).toMatchObject({ code: null, signal });
    const [call, survived] = ended.stdout.split('\n');
    expect(JSON.parse(call ?? '')).toMatchObject({ by: 'a' });
    expect(survived).toBe(JSON.stringify(SURVIVED));
  });

  test('that a handler jumps away from comes to it each time', async () => {
    const said = await hearForeign(`
      const foreign = load();
      foreign.setQuiet(1);
      foreign.take('a', JUMP);
      const [one, other] = [open(), open()];
      const at = ${signal === 'SIGBUS' ? 'foreign.mapLost(AT)' : 'AT'};
      let jumps = 0;
      // In the same place of the stack, and in many others.
      for (let i = 0; i < 300; ++i) jumps -= foreign.tryRead(at, i < 100 ? 0 : i);
      say([jumps, foreign.calls()]);
      say(survive(one, other));
    `);
    expect(said).toEqual([[300, 300], SURVIVED]);
  });

  test('that a handler has jumped away from often ends the process when it no longer does', async () => {
    const said = await callsAtEnd(
      `const library = load('1');
      library.setQuiet(1);
      open();
      library.take('a', JUMP);
      open();
      const at = ${signal === 'SIGBUS' ? 'foreign.mapLost(AT)' : 'foreign.mapPage(AT, 0)'};
      let jumps = 0;
      for (let i = 0; i < 300; ++i) jumps -= library.tryRead(at, i);
      // One that calls us, and that we call.
      load('2').take('b', CHAIN);
      say([jumps, survive()]);
      BOTH.forEach((signal) => library.setWay(signal, END));
      library.setQuiet(0);
      foreign.read(at);`,
      signal,
    );
    expect(said).toEqual([[300, SURVIVED], 'b', 'a']);
  });
});

test('a handler that is called in the middle of itself may touch mappings of ours', async () => {
  const said = await hearForeign(`
    const foreign = load();
    foreign.setQuiet(1);
    foreign.take('a', RETURN, NODEFER);
    const [one, other] = [open(), open()];
    for (const signal of ['SIGBUS', 'SIGSEGV']) process.kill(process.pid, signal);
    say(foreign.calls());
    say(survive(one, other));
  `);
  expect(said).toEqual([2, SURVIVED]);
});
