import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Flags under which Node starts no worker threads. */
export const WITHOUT_WORKERS: string[] = [
  process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission',
  '--allow-fs-read=*',
  '--allow-fs-write=*',
  '--allow-addons',
  '--no-warnings',
];

/** For `through`: runs a child as a user for whom the system counts threads, and who has no others if we are root. */
export function asCounted(): string[] {
  if (process.getuid?.() !== 0) return [];
  const id = randomInt(100_000, 2 ** 30);
  return ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups'];
}

/** Whether a running child that was started `through` these may have more threads than it has. */
export function allowThreads(through: string[], pid: number | undefined, allowed: boolean): void {
  // The soft limit, which may be raised again, up to the hard one.
  const [, , hard] =
    /^Max processes +(\S+) +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? [];
  const limit = `--nproc=${allowed ? hard : 1}:`;
  const [command = '', ...rest] = [...through, 'prlimit', `--pid=${pid}`, limit];
  execFileSync(command, rest);
}
