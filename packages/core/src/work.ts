import { type Binding, binding, type StepName } from './binding.js';

/** A call into the binding that may have to wait for the system. */
export interface Step<Name extends StepName = StepName> {
  readonly name: Name;
  readonly args: Parameters<Binding[Name]>;
}

/**
 * A piece of work, written once for the sync and the async classes: it yields each step that may
 * wait, and goes on when somebody has taken it. What a step finds besides its value is in `result`.
 */
export type Work<T> = Generator<Step, T, number>;

/** One step of a piece of work. */
export function* call<Name extends StepName>(
  name: Name,
  ...args: Parameters<Binding[Name]>
): Work<number> {
  return yield { name, args };
}

/** Takes a step on this thread. What it finds besides its value is in `result`. */
export function invoke(name: StepName, args: readonly unknown[]): number {
  return (binding[name] as (...args: readonly unknown[]) => number)(...args);
}

/** Does all of it now, on this thread. */
export function perform<T>(work: Work<T>): T {
  let next = work.next();
  while (!next.done) {
    const { name, args } = next.value;
    let value = 0;
    try {
      value = invoke(name, args);
    } catch (error) {
      next = work.throw(error);
      continue;
    }
    next = work.next(value);
  }
  return next.value;
}
