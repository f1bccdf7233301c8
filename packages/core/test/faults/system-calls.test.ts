import { expect } from 'vitest';
import { faultError } from '../helpers/faults.js';
import { whereFilesAreCut } from '../helpers/platform.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const { describe, test } = whereFilesAreCut;

const PAGE = 4096;
const CONTENT = pattern(5 * PAGE);

async function use(call: string, size: number): Promise<unknown[]> {
  return await hearProgram('faults/system-calls#use', {
    args: [tempFile(CONTENT), tempFile('', 'sink'), tempFile(CONTENT, 'source'), size, call],
  });
}

describe.each(namesIn('faults/system-calls#CALLS'))('%s', (call) => {
  const truncated = (offset: number) => faultError('truncated', offset, expect.any(String));

  test('with a view of a file truncated to 0 fails with EFAULT, and checkFault says why', async () => {
    expect(await use(call, 0)).toEqual(['EFAULT', truncated(0), true, 0]);
  });

  test('with a view of a file that has lost its end is survived, and checkFault says so', async () => {
    const size = 2 * PAGE + 100;
    expect(await use(call, size)).toEqual([
      expect.stringMatching(/^(done|EFAULT)$/), // what was still there may have been processed
      truncated(size),
      true,
      size,
    ]);
  });
});

test('a server that sends a view of a lost file ends the connection and goes on', async () => {
  const said = await hearProgram('faults/system-calls#httpServer', {
    args: [tempFile(pattern(64 * PAGE))],
  });
  const error = faultError('truncated', 0, expect.any(String));
  expect(said).toEqual(['EFAULT', false, error]);
});

test('a socket that is given a view of a lost file reports EFAULT, and nothing else happens', async () => {
  const said = await hearProgram('faults/system-calls#socket', {
    args: [tempFile(pattern(64 * PAGE))],
  });
  expect(said).toEqual(['EFAULT', 0, faultError('truncated', 0, expect.any(String))]);
});
