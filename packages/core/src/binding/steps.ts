// Calls into the binding, written once for the sync and the async classes. An operation of a single call is data: the
// call. An operation of several calls, which undoes them if one fails, is a generator that yields them.
import { type Binding, binding, type StepName } from './binding.js';
import { relieve } from './shortage.js';

/** A call into the binding that may have to wait for the system. */
export interface Call<T = number> {
  readonly name: StepName;
  readonly args: readonly unknown[];
  /** The mapping that the call is about, if any; a failure may have changed it. */
  readonly subject: { noteFailure(): void } | undefined;
  /** Turns the call's value into what the caller gets; undefined if they are the same. */
  readonly finish: ((value: number) => T) | undefined;
}

/** A wait for something that the system does not signal. */
interface Pause {
  readonly milliseconds: number;
}

/** Several calls; all but the last may decide what comes next. What a call finds besides its value is in `result`. */
export type Steps<T> = Generator<Call<unknown> | Pause, T, unknown>;

/** What a method does, in either form. */
export type Action<T> = Call<T> | Steps<T>;

/** Calls that take something scarce, and fail before they change anything. */
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

export function makeCall<Name extends StepName>(
  name: Name,
  ...args: Parameters<Binding[Name]>
): Call {
  return { name, args, subject: undefined, finish: undefined };
}

/** Calls a function of the binding. What it finds besides its value is in `result`. */
export function callBinding(name: StepName, args: readonly unknown[]): number {
  const functions = binding as unknown as Record<StepName, (...args: readonly unknown[]) => number>;
  const [a, b, c, d] = args;
  switch (args.length) {
    case 1:
      return functions[name](a);
    case 2:
      return functions[name](a, b);
    case 3:
      return functions[name](a, b, c);
    case 4:
      return functions[name](a, b, c, d);
    default:
      return functions[name](...args); // which alone costs as much as a short call
  }
}

/** Whether a call failed because of a shortage that may be over now. */
export function isWorthRepeating({ name }: Call<unknown>, error: unknown): boolean {
  return TAKING.has(name) && relieve(error, name === 'probe');
}

/** Makes a call now, on this thread. */
export function invoke<T>(call: Call<T>): T {
  let value: number;
  for (let isRepeated = false; ; isRepeated = true) {
    try {
      value = callBinding(call.name, call.args);
      break;
    } catch (error) {
      if (!isRepeated && isWorthRepeating(call, error)) continue;
      call.subject?.noteFailure();
      throw error;
    }
  }
  return call.finish ? call.finish(value) : (value as T);
}

/** Runs all the steps now, on this thread. */
export function runSync<T>(steps: Steps<T>): T {
  let next = steps.next();
  while (!next.done) {
    const step = next.value;
    let value: unknown = 0;
    try {
      if ('name' in step) value = invoke(step);
      else sleep(step.milliseconds);
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(value);
  }
  return next.value;
}

/** A call as the only one of several. */
export function* stepOf<T>(call: Call<T>): Steps<T> {
  return (yield call) as T;
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread; the thread or the process can still be ended. */
export function sleep(milliseconds: number): void {
  Atomics.wait(sleeper, 0, 0, milliseconds);
}
