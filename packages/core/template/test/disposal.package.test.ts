import { describe, expect, test } from 'vitest';
import { whereFilesAreCut } from '../../test/helpers/platform.js';
import { namesIn, runProgram } from '../../test/helpers/program.js';
import { pattern, tempDir, tempFile } from '../../test/helpers/temp.js';
import { hearPackage } from './children.js';
import { PACKAGE } from './package-under-test.js';

// What a block with `await using` returns without awaiting it: nobody handles it before the file is disposed of. A process ends
// for a rejection that is not handled, so each of these is one of its own.

const CONTENT = pattern(100_000);

whereFilesAreCut.test('every async method fails for who gets its promise', async () => {
  const args = [tempDir()];
  const said = (await hearPackage('async/disposal#everyMethod', { args })) as [
    string,
    string,
    string,
  ][];
  expect(said.length).toBeGreaterThan(20);
  const fine = ['close', 'unlock', 'remove', 'reopen', 'tryLock', 'tryLockShared'];
  const wrong = said.filter(([, name, code]) => !/^ERR_/.test(code) && !fine.includes(name));
  expect(wrong).toEqual([]);
});

describe('a call that fails later, in a block that returns', () => {
  test.each(namesIn('async/disposal#RETURNED'))('%s', async (returned) => {
    for (const files of [1, 3]) {
      const paths = Array.from({ length: files }, () => tempFile(CONTENT));
      const said = await hearPackage('async/disposal#returns', { args: [returned, ...paths] });
      expect(said).toEqual(['ENOENT', CONTENT.length]);
    }
  });

  test('is not waited for when nothing is disposed of', async () => {
    const args = [tempFile(CONTENT)];
    const said = await hearPackage('async/disposal#waitsForNothing', { args });
    expect(said).toEqual([['failed', 'closed']]);
  });
});

test.each(namesIn('async/disposal#UNHANDLED'))(
  'a rejection that really nobody handles is reported, %s',
  async (name) => {
    const { code, stderr } = await runProgram(`async/disposal#UNHANDLED.${name}`, {
      main: PACKAGE,
      args: [tempFile(CONTENT)],
    });
    expect(code).toBe(1);
    expect(stderr).toContain('ENOENT');
  },
);
