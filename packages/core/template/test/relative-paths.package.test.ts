// A relative path means what it meant at the call, and the working directory is the process's own.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { whereLimits } from '../../test/helpers/platform.js';
import { namesIn } from '../../test/helpers/program.js';
import { testRelativePaths } from '../../test/helpers/relative-paths.js';
import { tempDir } from '../../test/helpers/temp.js';
import { hearPackage } from './children.js';

describe('a relative path is opened unchanged', () => testRelativePaths(hearPackage));

test.each(namesIn('async/relative-paths#CALLS'))(
  '%s takes the directory of the call',
  async (name) => {
    const directories = [tempDir(), tempDir()];
    for (const [index, directory] of directories.entries()) {
      fs.writeFileSync(join(directory, 'name'), ['here', 'there'][index] ?? '');
    }
    const args = [name, ...directories];
    const said = await hearPackage('async/relative-paths#leaves', { args });
    expect(said).toEqual([...Array(30).fill('here'), 0]);
  },
);

test('a rejected open lets go of the directory', async () => {
  const said = await hearPackage('async/relative-paths#rejected', { cwd: tempDir() });
  expect(said).toEqual([0]);
});

whereLimits.test(
  'dropped files are collected when no descriptor is left for the directory',
  async () => {
    const cwd = tempDir();
    fs.writeFileSync(join(cwd, 'name'), 'text');
    const through = ['prlimit', '--nofile=100'];
    const said = await hearPackage('async/relative-paths#dropped', { args: [500], cwd, through });
    expect(said).toEqual([500]);
  },
);
