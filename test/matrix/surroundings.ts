// Who else has the file open, and what else happens to it.

import type { Random } from './random.js';

/** A handle, and the thread that it is used in. */
export interface Role {
  readonly handle: 'owner' | 'attached' | 'foreign';
  readonly thread: 'main' | 'worker';
}

export interface Others {
  /** The handle of the pending operation. */
  readonly pending: Role;
  /** The handle that the member is called on; it is attached to the owner if it is of another class. */
  readonly subject: Role;
  /** One more attached handle, which does nothing. */
  readonly beside?: 'sync' | 'async' | 'worker';
}

const owner: Role = { handle: 'owner', thread: 'main' };
const attached: Role = { handle: 'attached', thread: 'main' };
const inWorker: Role = { handle: 'attached', thread: 'worker' };

export const OTHERS: Readonly<Record<string, Others>> = {
  /** If both are of one class, it is the same handle; otherwise each opens the file. */
  none: { pending: owner, subject: { handle: 'foreign', thread: 'main' } },
  'a sync handle beside': { pending: owner, subject: owner, beside: 'sync' },
  'an async handle beside': { pending: owner, subject: owner, beside: 'async' },
  'a handle of a worker beside': { pending: owner, subject: owner, beside: 'worker' },
  'called on an attached handle': { pending: owner, subject: attached },
  'pending on an attached handle': { pending: attached, subject: owner },
  'called in a worker': { pending: owner, subject: inWorker },
  'pending in a worker': { pending: inWorker, subject: owner },
};

export const hasWorker = ({ pending, subject, beside }: Others): boolean =>
  pending.thread === 'worker' || subject.thread === 'worker' || beside === 'worker';

/** An additional event: a handle is closed, another process cuts the file, the worker is terminated. */
export type Event = 'nothing' | 'closed' | 'cut' | 'terminated';

/** There no one can cut a file that is mapped, or remove it. */
export const isWindows: boolean = process.platform === 'win32';

/** Starting another worker takes as long as a dozen other cells. */
const RARELY = 12;

export function eventWith(others: Others, random: Random): Event {
  if (hasWorker(others) && random.once(RARELY)) return 'terminated';
  return random.pick(
    isWindows ? (['nothing', 'closed'] as const) : (['nothing', 'closed', 'cut'] as const),
  );
}
