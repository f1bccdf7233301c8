// The effects that a call may have on other users of the file. Calls that are not listed have none.

export interface Effect {
  /** Closes the handle, or all handles. */
  readonly closes?: boolean;
  /** Gives the file the size of the place. */
  readonly sizes?: boolean;
  readonly freezes?: boolean;
  readonly removes?: boolean;
  /** Takes or releases locks, or fails because of them. */
  readonly locks?: boolean;
  /** Opens the file at the path. */
  readonly opens?: boolean;
  /** May block its thread until a lock is free. */
  readonly waits?: boolean;
  /** Keeps memory in, which the system limits, and which rules out some advice. */
  readonly keepsIn?: boolean;
  /** Maps the file over memory of others, which Windows cannot do. */
  readonly isGuest?: boolean;
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
  mapInto: { isGuest: true },
  'static open': opening,
  'static openExec': opening,
  'static openExisting': opening,
  'static openCow': opening,
};

export const effectOf = (name: string): Effect => EFFECTS[name] ?? {};
