// The operations that are pending while something else is called.

export interface Pending {
  /** The member of the async class. */
  readonly member: string;
  /** Only writable files have it. */
  readonly isOfMut?: boolean;
  /** Whether the file becomes shorter when it is resized. */
  readonly shrinks?: boolean;
  /** Whether another process holds the lock, so that the operation has to wait. */
  readonly isHeldUp?: boolean;
  /** The flavour that has it, if not all do. */
  readonly flavour?: string;
}

export const PENDINGS: Readonly<Record<string, Pending>> = {
  open: { member: 'static open' },
  'truncate up': { member: 'truncate', isOfMut: true },
  'truncate down': { member: 'truncate', isOfMut: true, shrinks: true },
  freeze: { member: 'freeze', isOfMut: true },
  freezeExec: { member: 'freezeExec', isOfMut: true },
  reopen: { member: 'reopen' },
  remove: { member: 'remove', isOfMut: true },
  close: { member: 'close' },
  closeWithTruncate: { member: 'closeWithTruncate', isOfMut: true, shrinks: true },
  flush: { member: 'flush', isOfMut: true },
  startFlush: { member: 'startFlush', isOfMut: true },
  prefetch: { member: 'prefetch' },
  read: { member: 'read' },
  readExact: { member: 'readExact' },
  lock: { member: 'lock', isHeldUp: true },
  lockShared: { member: 'lockShared', isHeldUp: true },
  tryLock: { member: 'tryLock' },
  tryLockShared: { member: 'tryLockShared' },
  unlock: { member: 'unlock' },
  stat: { member: 'stat' },
  writeToNewFile: { member: 'writeToNewFile' },
  advise: { member: 'advise' },
  lockMemory: { member: 'lockMemory' },
  unlockMemory: { member: 'unlockMemory' },
  checkFault: { member: 'checkFault' },
  run: { member: 'run', flavour: 'worker' },
  map: { member: 'map', flavour: 'worker' },
  lines: { member: 'lines', flavour: 'stream' },
  readable: { member: 'readable', flavour: 'stream' },
  writable: { member: 'writable', flavour: 'stream', isOfMut: true },
};

export function pendingsOf(flavour: string): string[] {
  return Object.entries(PENDINGS)
    .filter(([, { flavour: only = flavour }]) => only === flavour)
    .map(([name]) => name);
}

/** Variants of `run`. */
const VARIANTS = new Set(['runWith']);

/** The promise-returning methods of a class that are not among the pending operations. */
export function missing(of: { prototype: object }, names: readonly string[]): string[] {
  const covered = new Set(Object.values(PENDINGS).map(({ member }) => member));
  return names.filter((name) => {
    const method: unknown = Reflect.get(of.prototype, name);
    const isAsync = method?.constructor?.name === 'AsyncFunction';
    return isAsync && !covered.has(name) && !VARIANTS.has(name);
  });
}
