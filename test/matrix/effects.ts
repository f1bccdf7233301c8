// What a call may do to others that use the file. What is not listed does nothing to them.

export interface Effect {
  /** The handle, or all of them, are closed. */
  readonly closes?: boolean;
  /** The file gets the place's size. */
  readonly sizes?: boolean;
  readonly freezes?: boolean;
  readonly removes?: boolean;
  /** It takes locks, gives them up, or is refused because of them. */
  readonly locks?: boolean;
  /** Of the file at the path. */
  readonly opens?: boolean;
  /** It may occupy its thread until a lock is free. */
  readonly waits?: boolean;
  /** Memory is kept in, which the system limits, and takes no advice for. */
  readonly keepsIn?: boolean;
}

const lock: Effect = { locks: true, waits: true };
const opening: Effect = { locks: true, opens: true };
const freeze: Effect = { closes: true, freezes: true };

const EFFECTS: Readonly<Record<string, Effect>> = {
  close: { closes: true },
  '[Symbol.dispose]': { closes: true },
  '[Symbol.asyncDispose]': { closes: true },
  closeWithTruncate: { closes: true, sizes: true },
  remove: { closes: true, removes: true },
  truncate: { sizes: true },
  freeze,
  freezeExec: freeze,
  lock,
  lockShared: lock,
  tryLock: { locks: true },
  tryLockShared: { locks: true },
  unlock: { locks: true },
  lockMemory: { keepsIn: true },
  'static open': opening,
  'static openExec': opening,
  'static openExisting': opening,
  'static openCow': opening,
};

export const effectOf = (name: string): Effect => EFFECTS[name] ?? {};
