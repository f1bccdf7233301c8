// Who holds locks on a file, according to `/proc/locks`.
import * as fs from 'node:fs';
import process from 'node:process';
import { MmapUnsupportedError } from '@fmmap/core';
import { hasProc, placeOf } from './place.js';

/** `flock(2)`, `fcntl(2)` of processes and of open files, leases, and those of file servers. */
type LockKind = 'flock' | 'posix' | 'ofd' | 'lease' | 'delegation';

export interface Lock {
  /** Undefined if it is not visible from here, as in a container. */
  readonly pid?: number;
  readonly command?: string;
  readonly kind: LockKind;
  readonly mode: 'shared' | 'exclusive';
  /** Whether it is waited for, and not held. */
  readonly isWaiting: boolean;
  /** The first byte. */
  readonly start: number;
  /** The last byte; undefined for the end of the file, wherever it is. */
  readonly end?: number;
}

const KINDS: Readonly<Record<string, LockKind>> = {
  FLOCK: 'flock',
  POSIX: 'posix',
  OFDLCK: 'ofd',
  LEASE: 'lease',
  DELEG: 'delegation',
};

const LINE = /^\d+:\s+(->)?\s*(\w+)\s+\S+\s+(\w+)\s+(-?\d+)\s+(\S+)\s+(\d+)\s+(\d+|EOF)$/;

/** The locks on a file in the text of `/proc/locks`, or of `/proc/PID/fdinfo/N`. */
export function parseLocks(text: string, key: string): Lock[] {
  return text.split('\n').flatMap((line) => {
    const fields = LINE.exec(line.replace(/^lock:\s+/, ''));
    const [, arrow, name = '', mode, pid, at, start, end] = fields ?? [];
    const kind = KINDS[name];
    if (kind === undefined || at !== key) return [];
    return {
      ...(Number(pid) > 0 && { pid: Number(pid) }),
      kind,
      mode: mode === 'WRITE' ? 'exclusive' : 'shared',
      isWaiting: arrow !== undefined,
      start: Number(start),
      ...(end !== 'EOF' && { end: Number(end) }),
    } as const;
  });
}

const TRIES = 20;

/**
 * What two readings in a row agree on. The kernel gives out its list in pieces, between which other locks come and go: one
 * reading may have a lock twice, or not at all.
 */
export function agreed(look: () => Lock[]): Lock[] {
  let found = look();
  for (let tries = 1; tries < TRIES; ++tries) {
    const before = JSON.stringify(found);
    found = look();
    if (JSON.stringify(found) === before) break;
  }
  return found;
}

/** Looks without opening the file, and so without being in anybody's way. @throws MmapUnsupportedError */
export function locksOf(path: string): Lock[] {
  if (!hasProc()) {
    throw new MmapUnsupportedError(
      `${path}: who holds a lock is known only on Linux, with /proc mounted`,
      { path },
    );
  }
  const { key } = placeOf(path);
  const found = agreed(() => parseLocks(fs.readFileSync('/proc/locks', 'utf8'), key));
  return found.flatMap((lock) => holdersOf(lock, key)).map((lock) => ({ ...lock, ...named(lock) }));
}

function named({ pid }: Lock): { command: string } | undefined {
  const command = pid === undefined ? undefined : read(`/proc/${pid}/comm`)?.trimEnd();
  return command === undefined ? undefined : { command };
}

/**
 * The lock of each process that has it. Locks that belong to an open file name no process, or one that has
 * ended and left the file to its children.
 */
function holdersOf(lock: Lock, key: string): Lock[] {
  if (lock.pid !== undefined && fs.existsSync(`/proc/${lock.pid}`)) return [lock];
  if (lock.isWaiting || lock.kind === 'posix') return [lock];
  const { pid: _, ...own } = lock;
  const text = JSON.stringify(own);
  const isSame = ({ pid: _, ...other }: Lock) => JSON.stringify(other) === text;
  // Without this process, which may have been left the file, too.
  const pids = fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const holders = pids.filter((pid) =>
    descriptorsOf(pid).some((info) => parseLocks(info, key).some(isSame)),
  );
  return holders.length === 0 ? [own] : holders.map((pid) => ({ pid: Number(pid), ...own }));
}

/** What the kernel says of the descriptors of a process, as far as it tells this one. */
function descriptorsOf(pid: string): string[] {
  const folder = `/proc/${pid}/fdinfo`;
  try {
    return fs.readdirSync(folder).map((name) => read(`${folder}/${name}`) ?? '');
  } catch {
    return []; // ended meanwhile, or somebody else's
  }
}

function read(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return undefined; // ended meanwhile, or somebody else's
  }
}

/** `1234 (node)` */
export const holderOf = ({ pid, command }: Lock): string =>
  pid === undefined ? 'a process not visible from here' : `${pid} (${command ?? '?'})`;

/** `0-99`, `0-EOF` */
export const extentOf = ({ start, end }: Lock): string => `${start}-${end ?? 'EOF'}`;
