import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
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
export const situations: Readonly<Record<string, () => ProgramOptions>> = {
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
export const USED: unknown[] = [['below,made.copy,made2.copy', 'made.copy', 0]];

/** Expects what `opening/relative-paths#gone` says to be the same as of `fs`. */
export function expectAsFs(said: readonly unknown[]): void {
  expect(said).toHaveLength(3);
  for (const each of said as [unknown, unknown][]) expect(each[0]).toBe(each[1]);
}
