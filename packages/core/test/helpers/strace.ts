import * as fs from 'node:fs';
import { join } from 'node:path';
import { tempDir } from './temp.js';

export interface Trace {
  /** For the option of the same name of `child` and `hearProgram`. */
  readonly through: string[];
  /** The calls that were made, in order, such as `fsync(18</tmp/file>) = 0`. */
  calls(): string[];
}

/**
 * Runs a child so that its system calls are recorded, and some of them fail.
 *
 * @param calls - Names, such as `'unlinkat,fsync'`.
 * @param fail - What `strace -e inject=` takes, such as `'fsync:error=EIO:when=1'`,
 *   or `'fsync:signal=SIGKILL'` for a process that is killed at that call.
 * @param path - Records only the calls for this file.
 */
export function strace(calls: string, fail: string[] = [], path?: string): Trace {
  const log = join(tempDir(), 'strace.log');
  // This is faster, but cannot send signals.
  const fast = fail.some((what) => what.includes(':signal=')) ? [] : ['--seccomp-bpf'];
  const through = ['strace', '-f', '-qq', '-y', ...fast, '-o', log, '-e', `trace=${calls}`];
  for (const what of fail) through.push('-e', `inject=${what}`);
  if (path !== undefined) through.push('-P', path);
  return {
    through,
    calls: () =>
      fs
        .readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.includes('('))
        .map((line) => line.replace(/^\d+ +/, '').replace(/\) +=/, ') =')),
  };
}

/** Mounts a tmpfs on `directory` for the child only: it is gone when the child ends. */
export function onTmpfs(directory: string, options: string): string[] {
  // Real root may mount; other users may in a user namespace.
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const mount = `mount -t tmpfs -o ${options} fmmap-test "$0" && exec "$@"`;
  return ['unshare', '--mount', ...asRoot, 'sh', '-c', mount, directory];
}
