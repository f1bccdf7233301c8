import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hearProgram } from '../helpers/program.js';
import { tempDir, tempFile } from '../helpers/temp.js';

// Arguments that run user code, which closes the file in the middle of the call and opens another
// one of the same size in its place. In a child process: a bug here hangs or crashes.

async function outcomeOf(program: string, ...args: string[]): Promise<unknown> {
  const said = await hearProgram(program, { args, cwd: tempDir(), timeout: 10_000 });
  expect(said).toHaveLength(1);
  return said[0];
}

const CLOSED = { outcome: 'MmapClosedError', intact: true, isClosed: true };

describe('a file that is closed by an argument of the call', () => {
  test('stat returns or throws, and touches no other file', async () => {
    expect(await outcomeOf('closing/during-call#stat')).toMatchObject({
      intact: true,
      isClosed: true,
    });
  });

  test.each(['read', 'readExact', 'reader.read', 'reader.readExact'])(
    '%s into a target whose `length` would close it throws, or does not read `length`',
    async (call) => {
      const outcome = await outcomeOf('closing/during-call#length', call);
      const NOT_ASKED = { outcome: 'no error', intact: true, isClosed: false };
      expect([CLOSED, NOT_ASKED]).toContainEqual(outcome);
    },
  );

  test.each(['read', 'readExact', 'reader.read', 'writer.read'])(
    '%s into a target with its own `set` exposes no other file',
    async (call) => {
      const outcome = await outcomeOf('closing/during-call#set', call);
      expect(outcome).toEqual({ outcome: 'shows nothing', intact: true, isClosed: true });
    },
  );

  test.each([
    'write',
    'writeSome',
    'writeAll',
    'fill',
    'indexOf',
    'lastIndexOf',
    'writer.write',
    'writer.writeSome',
    'reader.readUntil',
    'writer.writeAll',
  ])('%s of bytes that close it in a getter changes no other file', async (call) => {
    for (const getter of ['subarray', 'length', 'byteLength', 'byteOffset', 'buffer', 'slice']) {
      const outcome = await outcomeOf('closing/during-call#getter', call, getter);
      expect(outcome, getter).toEqual({ outcome: 'ended', intact: true, isClosed: true });
    }
  });

  test('write of an array whose species closes it changes no other file', async () => {
    expect(await outcomeOf('closing/during-call#species')).toEqual({
      outcome: 'ended',
      intact: true,
      isClosed: true,
    });
  });

  test('writeToNewFile to a URL that closes it throws MmapClosedError and makes no file', async () => {
    const outcome = await outcomeOf('closing/during-call#url');
    expect(outcome).toMatchObject({ outcome: 'MmapClosedError', intact: true });
  });

  test('a loop over its lines or chunks ends with MmapClosedError', async () => {
    expect(await outcomeOf('closing/during-call#loops')).toEqual({
      outcome: 'MmapClosedError,MmapClosedError',
      intact: true,
      isClosed: true,
    });
  });

  test('a typed write whose value would close it throws without converting the value', async () => {
    expect(await outcomeOf('closing/during-call#typedWrite')).toEqual({
      outcome: Array(6).fill('TypeError').join(),
      intact: true,
      isClosed: false,
    });
  });
});

test('a false length does not make memory() read past its data', async () => {
  const said = await hearProgram('closing/lying-arguments#lyingLength');
  expect(said).toEqual([8]);
});

test('options whose getters close another file open the requested one', async () => {
  const path = tempFile('one');
  const said = await hearProgram('closing/lying-arguments#getters', { args: [path] });
  expect(said).toEqual([[true, 5, 'one']]);
  expect(fs.statSync(path).size).toBe(5);
});
