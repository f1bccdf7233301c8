import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { whereDirectoriesInUseMove } from './platform.js';
import type { ProgramOptions } from './program.js';
import { tempDir } from './temp.js';

const isRoot = process.getuid?.() === 0;

/** A directory that is removed by whatever can remove it, however deep it has become. */
function deepDir(): string {
  const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-test-'));
  onTestFinished(() => {
    execFileSync('rm', ['-rf', directory]);
  });
  return directory;
}

/**
 * Where a process may be when it opens a relative path: options of `opening/relative-paths#use`.
 * All in which `fs` opens them, and the first one in which absolute ones lead there as well.
 */
const situations: Readonly<Record<string, () => ProgramOptions>> = {
  'a directory': () => ({ cwd: tempDir(), args: ['stay'] }),
  'one below a directory that it may not walk': () => {
    const above = join(tempDir(), 'above');
    const cwd = join(above, 'here');
    fs.mkdirSync(cwd, { recursive: true });
    fs.chmodSync(cwd, 0o777);
    fs.chmodSync(above, isRoot ? 0o700 : 0o777);
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    return {
      cwd,
      through: isRoot ? nobody : [],
      args: [isRoot ? 'stay' : 'forbidAbove'],
    };
  },
  'one whose path is too long': () => ({ cwd: deepDir(), args: ['goDeep'] }),
  'one that was renamed': () => ({ cwd: tempDir(), args: ['rename'] }),
};

/** What `opening/relative-paths#use` says. */
const USED: unknown[] = [['below,made.copy,made2.copy', 'made.copy', 0]];

type Hear = (
  program: `opening/relative-paths#${'use' | 'gone'}`,
  options: ProgramOptions,
) => Promise<unknown[]>;

/** Tests that relative paths are opened unchanged, wherever the process is. */
export function testRelativePaths(hear: Hear): void {
  for (const [name, situation] of Object.entries(situations)) {
    const where = name === 'a directory' ? test : whereDirectoriesInUseMove.test;
    where(`in ${name}`, async () => {
      expect(await hear('opening/relative-paths#use', situation())).toEqual(USED);
    });
  }

  whereDirectoriesInUseMove.test(
    'in one that is gone the error is of the same kind as that of fs',
    async () => {
      const cwd = tempDir();
      const said = await hear('opening/relative-paths#gone', { cwd });
      expect(said).toHaveLength(3);
      for (const each of said as [unknown, unknown][]) expect(each[0]).toBe(each[1]);
      expect(fs.readdirSync(cwd)).toEqual([]);
    },
  );
}
