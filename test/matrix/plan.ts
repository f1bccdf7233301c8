import { effectOf } from './effects.js';
import type { Member } from './members.js';
import { PENDINGS, pendingsOf } from './pendings.js';
import { Random } from './random.js';
import { type Event, eventWith, OTHERS, type Others } from './surroundings.js';

export interface Plan {
  readonly flavour: string;
  readonly seed: number;
  readonly cells: readonly Cell[];
}

/** One combination: a call, a pending operation, and the surroundings. */
export interface Cell {
  readonly index: number;
  readonly type: string;
  readonly member: string;
  readonly pending: string;
  readonly others: string;
  readonly event: Event;
  readonly seed: number;
}

export const isSync = (type: string): boolean => !type.startsWith('Async');

export function describe({ type, member, pending, others, event }: Cell): string {
  return `${type} ${member} beside ${pending}, others: ${others}, event: ${event}`;
}

/**
 * Combinations that deadlock by themselves: a thread that waits for a lock without
 * running what would release it.
 */
function isDeadlock(type: string, member: string, pending: string, who: Others): boolean {
  if (!isSync(type) || !effectOf(member).waits || who.subject.thread === 'worker') return false;
  const { locks, opens } = effectOf(memberOf(pending));
  return who.subject.handle === 'foreign' || locks === true || opens === true;
}

const memberOf = (pending: string): string => PENDINGS[pending]?.member ?? '';

/** The sync classes are the same in all flavours: only the first flavour runs all of their pairs. */
const isDue = (flavour: string, { type }: Member, random: Random): boolean =>
  flavour === 'node' || !isSync(type) || random.once(3);

/**
 * The cells of a run: each member alongside each pending operation, in surroundings picked by the
 * seed; then, up to `count`, randomly picked ones.
 */
export function planOf(
  flavour: string,
  members: readonly Member[],
  seed: number,
  count: number,
): Plan {
  const random = new Random(seed);
  const pendings = pendingsOf(flavour);
  const cells: Omit<Cell, 'index'>[] = [];
  const add = ({ type, name: member }: Member, pending: string): void => {
    const names = Object.entries(OTHERS).filter(
      ([, who]) => !isDeadlock(type, member, pending, who),
    );
    const [others, who] = random.pick(names);
    const event = eventWith(who, random);
    cells.push({ type, member, pending, others, event, seed: random.below(2 ** 31) });
  };
  for (const member of members) {
    for (const pending of pendings) if (isDue(flavour, member, random)) add(member, pending);
  }
  while (cells.length < count) add(random.pick(members), random.pick(pendings));
  const shuffled = random.shuffle(cells).map((cell, index) => ({ index, ...cell }));
  return { flavour, seed, cells: shuffled };
}
