// `fmmap lock`: who holds locks on a file.
import { checkFile } from '../files.js';
import { printable } from '../format.js';
import { extentOf, holderOf, type Lock, locksOf } from '../locks.js';
import { print, printJson } from '../output.js';
import { paint } from '../terminal.js';

export async function lock(path: string, { json }: { readonly json?: true }): Promise<number> {
  checkFile(path);
  const locks = locksOf(path);
  const isLocked = locks.some(({ isWaiting }) => !isWaiting);
  if (json) await printJson({ path, isLocked, locks: locks.map(plainLock) });
  else if (locks.length === 0) await print(`${printable(path)}: not locked\n`);
  else for (const each of locks) await print(`${lineOf(each)}\n`);
  return isLocked ? 0 : 1;
}

/** With every property, for JSON. */
export const plainLock = ({ pid, command, end, ...rest }: Lock): object => ({
  pid: pid ?? null,
  command: command ?? null,
  ...rest,
  end: end ?? null,
});

function lineOf(lock: Lock): string {
  const state = lock.isWaiting ? paint('yellow', 'waits for') : paint('green', 'holds');
  return `${printable(holderOf(lock))} ${state} ${lock.kind} ${lock.mode} ${extentOf(lock)}`;
}
