import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { ProgramOptions } from './program.js';
import { tempDir } from './temp.js';

<<<<<<< HEAD
/** The directory in which a process opens a relative path. */
export interface Situation {
  readonly options: ChildOptions;
  /** Changes to the directory. */
  readonly enter: string;
}

=======
>>>>>>> programs
const isRoot = process.getuid?.() === 0;

/** A directory that is removed by whatever can remove it, however deep it has become. */
function deepDir(): string {
  const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-test-'));
  onTestFinished(() => {
    execFileSync('rm', ['-rf', directory]);
  });
  return directory;
}

<<<<<<< HEAD
/** All situations in which `fs` opens relative paths; in the first, absolute paths work, too. */
export const situations: Readonly<Record<string, () => Situation>> = {
  'a directory': () => ({ options: { cwd: tempDir() }, enter: '' }),
=======
/**
 * Where a process may be when it opens a relative path: options of `opening/relative-paths#use`.
 * All in which `fs` opens them, and the first one in which absolute ones lead there as well.
 */
export const situations: Readonly<Record<string, () => ProgramOptions>> = {
  'a directory': () => ({ cwd: tempDir(), args: ['stay'] }),
>>>>>>> programs
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

<<<<<<< HEAD
/** Counts the open directories: other descriptors may belong to a thread. */
export const DIRECTORIES: string = `
  const directories = () => fs.readdirSync('/proc/self/fd').filter((descriptor) => {
    const found = fs.statSync('/proc/self/fd/' + descriptor, { throwIfNoEntry: false });
    return found && found.isDirectory();
  }).length;
`;

/** Calls everything that takes a path, with the classes `File` and `FileMut`, sync or async, and reports the outcome. */
export const USE: string = `
  const here = fs.openSync('.', 'r');
  const names = () => fs.readdirSync('/proc/self/fd/' + here).sort().join();
  ${DIRECTORIES}
  const before = directories();
  fs.mkdirSync('below');
  for (const name of ['made', './below/made', 'below/../made2']) {
    const made = await FileMut.create(name, { maxSize: 3 });
    made.writeAll('abc');
    await made.close();
    for (const type of [File, FileMut]) {
      for (const open of ['open', 'openExec', 'openCow', 'openExisting']) {
        if ((type === FileMut && open === 'openExec') || !type[open]) continue;
        const file = await type[open](name);
        if (file.path !== name || file.copyBytes().toString() !== 'abc') say([open, name]);
        await file.close();
      }
    }
    const file = await FileMut.openExisting(name);
    await file.writeToNewFile(name + '.copy');
    process.chdir('/');
    await file.remove();
    process.chdir('/proc/self/fd/' + here);
  }
  say([names(), fs.readdirSync('below').join(), directories() - before]);
`;

export const USED: unknown[] = [['below,made.copy,made2.copy', 'made.copy', 0]];

/** In a directory that has been removed: the same as `fs`. */
export const GONE: string = `
  fs.writeFileSync('made', 'abc');
  fs.mkdirSync('gone');
  process.chdir('gone');
  fs.rmdirSync('../gone');
  const code = async (call) => {
    try { await call(); } catch ({ code, syscall }) { return code + ' ' + syscall; }
    return 'fine';
  };
  say([await code(() => File.open('x')), await code(() => fs.openSync('x'))]);
  say([await code(() => FileMut.create('x')), await code(() => fs.openSync('x', 'wx'))]);
  const file = await FileMut.openExisting('../made');
  say([file.copyBytes().toString(), fs.readFileSync('../made', 'utf8')]);
  await file.remove();
`;

=======
/** What `opening/relative-paths#use` says. */
export const USED: unknown[] = [['below,made.copy,made2.copy', 'made.copy', 0]];

/** Expects what `opening/relative-paths#gone` says to be the same as of `fs`. */
>>>>>>> programs
export function expectAsFs(said: readonly unknown[]): void {
  expect(said).toHaveLength(3);
  for (const each of said as [unknown, unknown][]) expect(each[0]).toBe(each[1]);
}
