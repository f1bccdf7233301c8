import * as fs from 'node:fs';
import { join } from 'node:path';
import { tempDir } from './temp.js';

export interface Trace {
  /** For the option of `child` and `hear`. */
  readonly through: string[];
  /** The calls that were made, in their order, such as `fsync(18</tmp/file>) = 0`. */
  calls(): string[];
}

/**
 * Runs a child so that its system calls are recorded, and some of them fail.
 *
 * @param calls - Names, such as `'unlinkat,fsync'`.
 * @param fail - What `strace -e inject=` takes, such as `'fsync:error=EIO:when=1'`,
 *   or `'fsync:signal=SIGKILL'` for a process that does not come to it.
 * @param path - Looks only at the calls that are about this file.
 */
export function strace(calls: string, fail: string[] = [], path?: string): Trace {
  const log = join(tempDir(), 'strace.log');
  // With which it is faster, and sends no signals.
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

/** Mounts a tmpfs on `directory`, for the child alone: it goes when that ends. */
export function onTmpfs(directory: string, options: string): string[] {
  // Root of the machine has the right to mount; everybody else gets it in a namespace of users.
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const mount = `mount -t tmpfs -o ${options} fmmap-test "$0" && exec "$@"`;
  return ['unshare', '--mount', ...asRoot, 'sh', '-c', mount, directory];
}
