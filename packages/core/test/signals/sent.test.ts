import { expect } from 'vitest';
import { expectSame, hearForeign, SURVIVED } from '../helpers/foreign.js';
import { whereSignals } from '../helpers/platform.js';
import { namesIn } from '../helpers/program.js';

const { describe, test } = whereSignals;

// SIGBUS and SIGSEGV that are sent by a process: no faults.

describe.each(['SIGBUS', 'SIGSEGV'])('%s that is sent', (signal) => {
  test('ends the process as it does without the guard', async () => {
    const ended = await expectSame('signals/sent#send', { args: [signal] });
    expect(ended).toMatchObject({ code: null, signal, stdout: '"before"\n' });
  });

  test('by another process ends it as it does without the guard', async () => {
    const ended = await expectSame('signals/sent#sendByAnother', { args: [signal] });
    expect(ended).toMatchObject({ code: null, signal });
  });

  test.each(['before the first mapping', 'after it'])(
    'has no effect if it was ignored %s',
    async (when) => {
      const ended = await expectSame('signals/sent#ignore', {
        args: [signal, when.startsWith('before')],
      });
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(ended.stdout).toBe(`${JSON.stringify(SURVIVED)}\n"alive"\n`);
    },
  );

  test('does not suppress a foreign fault when ignored', async () => {
    const ended = await expectSame('signals/sent#ignoreFault', { args: [signal] });
    expect(ended).toMatchObject({ code: null, signal });
  });

  test('reaches a handler with the original information', async () => {
    const ended = await expectSame('signals/sent#handle', { args: [signal] });
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
    'reaches a listener that was added %s',
    async (when) => {
      const ended = await expectSame('signals/sent#listen', {
        args: [signal, when.startsWith('before')],
      });
      expect(ended).toMatchObject({ code: 0, signal: null, stdout: '5\n' });
    },
  );

  test('ends the process again once the listener is removed', async () => {
    const ended = await expectSame('signals/sent#sendAfterListener', { args: [signal] });
    expect(ended).toMatchObject({ code: null, signal, stdout: '1\n' });
  });

  test.each(namesIn('signals/sent#LISTENERS'))(
    'a fault in our mapping is survived when the listener for the signal %s',
    async (listener) => {
      expect(
        await hearForeign('signals/sent#surviveWithListener', { args: [signal, listener] }),
      ).toEqual([SURVIVED, SURVIVED]);
    },
  );
});

test('every other signal is left alone', async () => {
  const said = await hearForeign('signals/sent#otherSignals');
  expect(said).toEqual([[7, 11]]);
});
