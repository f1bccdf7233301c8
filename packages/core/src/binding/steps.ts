import { type Binding, binding, type StepName } from './binding.js';
import { relieve } from './shortage.js';

/** A call into the binding that may have to wait for the system. */
export interface Step<Name extends StepName = StepName> {
  readonly name: Name;
  readonly args: Parameters<Binding[Name]>;
}

/** Waiting for something that the system does not tell of. */
export interface Pause {
  readonly milliseconds: number;
}

/**
 * A piece of work, written once for the sync and the async classes: it yields each step that may
 * wait, and goes on when somebody has taken it. What a step finds besides its value is in `result`.
 */
export type Work<T> = Generator<Step | Pause, T, number>;

/** Steps that take what there may be too little of, and fail before they change anything. */
const TAKING: ReadonlySet<StepName> = new Set<StepName>([
  'open',
  'probe',
  'map',
  'advise',
  'lockMemory',
  'writeToNewFile',
  'remove',
  'syncDirectory',
]);

/** One step of a piece of work. */
export function* call<Name extends StepName>(
  name: Name,
  ...args: Parameters<Binding[Name]>
): Work<number> {
  try {
    return yield { name, args };
  } catch (error) {
    if (!TAKING.has(name) || !relieve(error, name === 'probe')) throw error;
  }
  return yield { name, args };
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Keeps the thread waiting, and still lets it, or the process, be ended. */
export function sleep(milliseconds: number): void {
  Atomics.wait(sleeper, 0, 0, milliseconds);
}

/** Takes a step on this thread. What it finds besides its value is in `result`. */
export function invoke(name: StepName, args: readonly unknown[]): number {
  return (binding[name] as (...args: readonly unknown[]) => number)(...args);
}

/** Does all of it now, on this thread. */
export function perform<T>(work: Work<T>): T {
  let next = work.next();
  while (!next.done) {
    let value = 0;
    try {
      if ('milliseconds' in next.value) sleep(next.value.milliseconds);
      else value = invoke(next.value.name, next.value.args);
    } catch (error) {
      next = work.throw(error);
      continue;
    }
    next = work.next(value);
  }
  return next.value;
}
