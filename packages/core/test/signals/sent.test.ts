import { describe, expect, test } from 'vitest';
import { expectSame, hearForeign, SURVIVED } from '../helpers/foreign.js';
import { namesIn } from '../helpers/program.js';

// SIGBUS and SIGSEGV that somebody sends: no fault, and none of ours.

describe.each(['SIGBUS', 'SIGSEGV'])('%s that is sent', (signal) => {
  test('ends the process as without the guard', async () => {
    const ended = await expectSame('signals/sent#send', { args: [signal] });
    expect(ended).toMatchObject({ code: null, signal, stdout: '"before"\n' });
  });

  test('by another process ends it as without the guard', async () => {
    const ended = await expectSame('signals/sent#sendByAnother', { args: [signal] });
    expect(ended).toMatchObject({ code: null, signal });
  });

  test.each(['before the first mapping', 'after it'])(
    'to a process that ignores it has no effect, if that was %s',
    async (when) => {
      const ended = await expectSame('signals/sent#ignore', {
        args: [signal, when.startsWith('before')],
      });
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(ended.stdout).toBe(`${JSON.stringify(SURVIVED)}\n"alive"\n`);
    },
  );

  test('is no way to ignore a fault of somebody else', async () => {
    const ended = await expectSame('signals/sent#ignoreFault', { args: [signal] });
    expect(ended).toMatchObject({ code: null, signal });
  });

  test('comes to a handler with what it was sent with', async () => {
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
    'comes to a listener, that was added %s',
    async (when) => {
      const ended = await expectSame('signals/sent#listen', {
        args: [signal, when.startsWith('before')],
      });
      expect(ended).toMatchObject({ code: 0, signal: null, stdout: '5\n' });
    },
  );

  test('ends the process again when the listener is gone', async () => {
    const ended = await expectSame('signals/sent#sendAfterListener', { args: [signal] });
    expect(ended).toMatchObject({ code: null, signal, stdout: '1\n' });
  });

  test.each(namesIn('signals/sent#LISTENERS'))(
    'a fault of ours is survived when its listener %s',
    async (listener) => {
      expect(
        await hearForeign('signals/sent#surviveWithListener', { args: [signal, listener] }),
      ).toEqual([SURVIVED, SURVIVED]);
    },
  );
});

test('every other signal is left as it was', async () => {
  const said = await hearForeign('signals/sent#otherSignals');
  expect(said).toEqual([[7, 11]]);
});
