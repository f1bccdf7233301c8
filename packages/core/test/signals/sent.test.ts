import { describe, expect, test } from 'vitest';
import { expectSame, hearForeign, SURVIVED } from '../helpers/foreign.js';

// SIGBUS and SIGSEGV that somebody sends: no fault, and none of ours.

describe.each(['SIGBUS', 'SIGSEGV'])('%s that is sent', (signal) => {
  const BEFORE = `
    const foreign = load();
    const [one, other] = [open(), open()];
    if (isGuarded) survive();
    const send = () => process.kill(process.pid, '${signal}');
  `;
  /** Lets the event loop come to what a signal asked for, however long it takes. */
  const UNTIL = 'const until = async (test) => { while (!test()) await turn(); };';

  test('ends the process as without the guard', async () => {
    const ended = await expectSame(`${BEFORE} say('before'); send(); await new Promise(() => {});`);
    expect(ended).toMatchObject({ code: null, signal, stdout: '"before"\n' });
  });

  test('by another process ends it as without the guard', async () => {
    const ended = await expectSame(`
      ${BEFORE}
      require('node:child_process').spawnSync('sh', ['-c', 'kill -${signal.slice(3)} ' + process.pid]);
      await new Promise(() => {});
    `);
    expect(ended).toMatchObject({ code: null, signal });
  });

  test.each(['before the first mapping', 'after it'])(
    'to a process that ignores it has no effect, if that was %s',
    async (when) => {
      const ended = await expectSame(`
        ${when.startsWith('before') ? `load().ignore(${signal});` : ''}
        ${BEFORE}
        ${when.startsWith('after') ? `foreign.ignore(${signal}); open();` : ''}
        for (let i = 0; i < 10; ++i) send();
        say(isGuarded ? survive(one, other) : ${JSON.stringify(SURVIVED)});
        for (let i = 0; i < 10; ++i) send();
        say('alive');
      `);
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(ended.stdout).toBe(`${JSON.stringify(SURVIVED)}\n"alive"\n`);
    },
  );

  test('is no way to ignore a fault of somebody else', async () => {
    const touch = signal === 'SIGBUS' ? 'foreign.mapLost(AT)' : 'AT';
    const ended = await expectSame(`
      load().ignore(${signal});
      ${BEFORE}
      foreign.read(${touch});
    `);
    expect(ended).toMatchObject({ code: null, signal });
  });

  test('comes to a handler with what it was sent with', async () => {
    const ended = await expectSame(`
      load().take('a', RETURN);
      ${BEFORE}
      send();
      send();
      say('alive');
    `);
    const line = {
      by: 'a',
      signal: signal === 'SIGBUS' ? 7 : 11,
      code: 0,
      address: '(nil)',
      blocks: [1, 1],
    };
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(
      ended.stdout
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text)),
    ).toEqual([line, line, 'alive']);
  });

  test.each(['before the first mapping', 'after it'])(
    'comes to a listener, that was added %s',
    async (when) => {
      const listen = `let heard = 0; process.on('${signal}', () => { heard += 1; });`;
      const ended = await expectSame(`
        ${when.startsWith('before') ? listen : ''}
        ${BEFORE} ${UNTIL}
        ${when.startsWith('after') ? listen : ''}
        for (let i = 1; i <= 5; ++i) { send(); await until(() => heard >= i); }
        say(heard);
        process.exit();
      `);
      expect(ended).toMatchObject({ code: 0, signal: null, stdout: '5\n' });
    },
  );

  test('ends the process again when the listener is gone', async () => {
    const ended = await expectSame(`
      ${BEFORE} ${UNTIL}
      let heard = 0;
      process.once('${signal}', () => { heard += 1; });
      send();
      await until(() => heard === 1);
      say(heard);
      send();
      await new Promise(() => {});
    `);
    expect(ended).toMatchObject({ code: null, signal, stdout: '1\n' });
  });

  const listener = '() => {}';
  test.each(
    Object.entries({
      'is there': [`process.on('${signal}', ${listener});`],
      'was there before the first mapping': [`process.on('${signal}', ${listener});`, 'early'],
      'is gone': [`process.on('${signal}', listener); process.off('${signal}', listener);`],
      'is gone, and another one there': [
        `process.on('${signal}', listener); process.on('${signal}', ${listener}); process.off('${signal}', listener);`,
      ],
      'was for one time': [
        `process.once('${signal}', () => { heard += 1; }); send(); await until(() => heard === 1);`,
      ],
      'is gone, and all others': [
        `process.on('${signal}', listener); process.removeAllListeners('${signal}');`,
      ],
      'is gone, and those of every event': [
        `process.on('${signal}', listener); process.removeAllListeners();`,
      ],
      'came after those of every event had gone': [
        `process.removeAllListeners(); process.on('${signal}', listener); open();`,
      ],
      'came and went a hundred times': [
        `for (let i = 0; i < 100; ++i) { process.on('${signal}', listener); process.off('${signal}', listener); }`,
      ],
    }),
  )('a fault of ours is survived when its listener %s', async (_, [listen, early]) => {
    const steps = `
      ${UNTIL}
      let heard = 0;
      const listener = () => {};
      ${early ? listen : ''}
      ${BEFORE}
      ${early ? '' : listen}
      say(survive(one, other));
      // And with another mapping on top of it all.
      say(survive());
      process.exit();
    `;
    expect(await hearForeign(steps)).toEqual([SURVIVED, SURVIVED]);
  });
});

test('every other signal is left as it was', async () => {
  const said = await hearForeign(`
    const foreign = load();
    const handlers = () => Array.from({ length: 31 }, (_, i) => foreign.handlerOf(i + 1));
    const before = handlers();
    survive();
    say(handlers().flatMap((handler, i) => (handler === before[i] ? [] : [i + 1])));
  `);
  expect(said).toEqual([[7, 11]]);
});
