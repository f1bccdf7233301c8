// Runs the calls and steps of the sync classes asynchronously, in another thread.
import { onAbort, reasonOf, throwIfAborted } from '../arguments/signal.js';
import { type Binding, binding, isOperation, type Operation, result } from '../binding/binding.js';
import { type Action, type Call, invoke, isWorthRepeating, stepsOf } from '../binding/steps.js';
import { isError } from '../errors.js';
import { pause } from '../mapping/lock-queue.js';

/** How an async package runs operations of the binding in another thread. */
export interface Runtime {
  /**
   * @param signal - May end the wait for a thread, but not what a thread has started.
   * @returns The value of the operation, and then its `result`.
   */
  call<Name extends Operation>(
    name: Name,
    args: Parameters<Binding[Name]>,
    signal?: AbortSignal | undefined,
  ): Promise<readonly number[]>;
}

/** Runs operations on libuv's thread pool. */
export const poolRuntime: Runtime = {
  async call(name, args, signal) {
    const outcome = (binding.queued[name] as (...args: unknown[]) => Promise<readonly number[]>)(
      ...args,
    );
    const [number = 0] = result;
    const ignore = onAbort(signal, () => binding.cancel(number));
    try {
      return await outcome;
    } catch (error) {
      throw signal && error === undefined ? reasonOf(signal) : error;
    } finally {
      ignore();
    }
  },
};

let pending = 0;

/** How many calls are waiting for another thread, or run there. */
export const pendingOperations = (): number => pending;

/** Makes a call in another thread. @returns Its value, and then its `result`. */
async function send(
  runtime: Runtime,
  call: Call<unknown>,
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  for (let isRepeated = false; ; isRepeated = true) {
    ++pending;
    try {
      return await runtime.call(call.name as Operation, call.args as never, signal);
    } catch (error) {
      if (!isRepeated && isWorthRepeating(call, error)) continue;
      call.subject?.noteFailure();
      throw error;
    } finally {
      --pending;
    }
  }
}

/** All calls share one `result`, so it is read before any other code runs. */
function take<T>({ finish }: Call<T>, [value = 0, ...rest]: readonly number[]): T {
  result.set(rest);
  return finish ? finish(value) : (value as T);
}

/** Runs a call, or all the steps, in another thread. An aborted signal ends them between two steps. */
export async function runAsync<T>(
  runtime: Runtime,
  action: Action<T>,
  signal?: AbortSignal | undefined,
): Promise<T> {
  if ('name' in action) {
    throwIfAborted(signal);
    try {
      return isOperation(action.name)
        ? take(action, await send(runtime, action, signal))
        : invoke(action);
    } catch (error) {
      throw traced(error, signal);
    }
  }
  const steps = stepsOf(action);
  let watched = signal;
  const advance = (value?: unknown) => {
    try {
      return steps.next(value);
    } catch (error) {
      throw traced(error, signal);
    }
  };
  let next = advance();
  while (!next.done) {
    const step = next.value;
    let value: unknown = 0;
    if (watched?.aborted) {
      next = steps.throw(reasonOf(watched));
      watched = undefined; // only the undoing is left
      continue;
    }
    try {
      if ('milliseconds' in step) {
        await pause(step.milliseconds, watched).catch(() => {}); // the next iteration sees the abort
      } else if (isOperation(step.name)) {
        value = take(step, await send(runtime, step, watched));
      } else {
        // A change that stores of this thread must not meet half done: nothing runs before the next step.
        value = invoke(step);
      }
    } catch (error) {
      next = steps.throw(traced(error, signal));
      watched = undefined;
      continue;
    }
    next = advance(value);
  }
  return next.value;
}

/** Gives an error that was created elsewhere the stack that leads to the caller. The signal's reason keeps its own. */
function traced(error: unknown, signal?: AbortSignal): unknown {
  const isReason = signal?.aborted && error === reasonOf(signal);
  if (isError(error) && !isReason) Error.captureStackTrace(error, traced);
  return error;
}
