import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';
import { whereCallsAreTraced } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern, tempFile } from '../helpers/temp.js';

// The unlink has succeeded, but the sync of the directory has not.

whereCallsAreTraced.test.each(['close', 'dispose', 'dispose with removeOnDispose', 'remove again'])(
  'after a partial removal, %s syncs the directory',
  async (end) => {
    const path = tempFile(pattern(5000));
    const trace = strace('fsync,unlinkat', ['fsync:error=EIO:when=1']);
    const said = await hearProgram('removal/close#end', {
      args: [path, end],
      through: trace.through,
    });
    expect(said).toEqual(['EIO', [true, false]]);
    const directory = fs.realpathSync(dirname(path));
    const syncs = trace
      .calls()
      .filter((call) => call.startsWith('fsync') && call.includes(`<${directory}>`));
    expect(syncs).toHaveLength(2);
    expect(syncs[0]).toContain('EIO');
    expect(syncs[1]).toMatch(/= 0$/);
    expect(trace.calls().filter((call) => call.startsWith('unlinkat'))).toHaveLength(1);
  },
);

whereCallsAreTraced.test('a close whose sync fails, too, still closes the file', async () => {
  const path = tempFile(pattern(5000));
  const trace = strace('fsync', ['fsync:error=EIO']);
  const said = await hearProgram('removal/close#failing', { args: [path], through: trace.through });
  expect(said).toEqual(['EIO', 'no error', true]);
  expect(trace.calls()).toHaveLength(2);
});

whereCallsAreTraced.test('a close without a partial removal syncs nothing', async () => {
  const trace = strace('fsync');
  const path = tempFile(pattern(5000));
  await hearProgram('removal/close#nothingToSync', { args: [path], through: trace.through });
  expect(trace.calls()).toHaveLength(1); // the one of remove()
});
