// Calls into the binding, written once for the sync and the async classes. An operation whose calls are known when it
// starts is data: a call, or a sequence of them. One that has to look at what a call found is a generator that yields them.
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

/** Several calls that are known when the first is made. Not a generator: that would cost a synchronous open a twentieth of its time. */
export interface Sequence<T> {
  /** Starts the operation. */
  readonly calls: () => readonly Call<unknown>[];
  /** Called after the last call. @returns What the caller gets. */
  readonly finish: () => T;
  /** Called if `calls` or one of them has failed. @returns A call that undoes the others, if needed. */
  readonly fail: () => Call | undefined;
}

/** Several calls; all but the last may decide what comes next. What a call finds besides its value is in `result`. */
export type Steps<T> = Generator<Call<unknown> | Pause, T, unknown>;

/** What a method does, in any form. */
export type Action<T> = Call<T> | Sequence<T> | Steps<T>;

/** Calls that take something scarce, and fail before they change anything. */
const TAKING: ReadonlySet<StepName> = new Set<StepName>([
  'open',
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
  return TAKING.has(name) && relieve(error);
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

/** Does all that an action consists of now, on this thread. */
export function runSync<T>(action: Action<T>): T {
  if ('name' in action) return invoke(action);
  return 'calls' in action ? runSequence(action) : runSteps(action);
}

function runSequence<T>(sequence: Sequence<T>): T {
  try {
    for (const call of sequence.calls()) invoke(call);
  } catch (error) {
    const undo = sequence.fail();
    if (undo) invoke(undo);
    throw error;
  }
  return sequence.finish();
}

function runSteps<T>(steps: Steps<T>): T {
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

/** Any action as steps. */
export function* stepsOf<T>(action: Action<T>): Steps<T> {
  if ('name' in action) return (yield action) as T;
  if (!('calls' in action)) return yield* action;
  try {
    for (const call of action.calls()) yield call;
  } catch (error) {
    const undo = action.fail();
    if (undo) yield undo;
    throw error;
  }
  return action.finish();
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread; the thread or the process can still be ended. */
export function sleep(milliseconds: number): void {
  Atomics.wait(sleeper, 0, 0, milliseconds);
}
