// Abort signals as options, and listening to them.
import { typeError } from '../errors.js';
import { readOptions } from './options.js';

/** Options of operations that may take a while. */
export interface OperationOptions {
  /**
   * Aborts the operation with the signal's reason, as soon as the system has finished the current step. What has been
   * done until then is undone, or has no effect.
   */
  signal?: AbortSignal | undefined;
}

/**
 * Reads the options of an operation as they are at the call: `signal`, and the others in `takes`, which are not
 * validated here. As for `node:fs`, any object with a property `aborted` is a signal, so signals of other realms and of
 * polyfills are accepted.
 * @throws TypeError, or the signal's reason if it is aborted.
 */
export function operationOptions<Options extends OperationOptions>(
  options: Options | undefined,
  takes: Iterable<string> = [],
  owner?: string,
): Options {
  const values = owner
    ? readOptions(options, new Set(takes), owner, ['signal'])
    : readOptions(options, new Set([...takes, 'signal']));
  const { signal } = values;
  if (signal === undefined) return values;
  if (typeof signal !== 'object' || signal === null || !('aborted' in signal)) {
    throw typeError('options.signal', 'an AbortSignal', signal);
  }
  throwIfAborted(signal);
  return values;
}

/** The signal of options that hold nothing else. @throws The same errors as {@link operationOptions} */
export function abortable(options: OperationOptions | undefined): AbortSignal | undefined {
  return options === undefined ? undefined : operationOptions(options).signal;
}

/** Why a signal was aborted; for a signal without a reason, the error that Node would use. */
export function reasonOf(signal: AbortSignal): unknown {
  if (signal.reason !== undefined) return signal.reason;
  const error = new Error('The operation was aborted');
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

/** @throws The signal's reason */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

interface Watch {
  readonly acts: Set<(reason: unknown) => void>;
  readonly callAll: () => void;
}

const watches = new WeakMap<AbortSignal, Watch>();

function watch(signal: AbortSignal): Watch {
  const known = watches.get(signal);
  if (known) return known;
  const acts = new Set<(reason: unknown) => void>();
  const callAll = () => {
    for (const act of [...acts]) act(reasonOf(signal));
  };
  signal.addEventListener?.('abort', callAll);
  watches.set(signal, { acts, callAll });
  return { acts, callAll };
}

/**
 * Calls `act` with the reason when the signal is aborted. Each signal has a single listener, however many callers wait
 * for it: Node warns about more than ten.
 * @returns A function that removes `act`.
 */
export function onAbort(
  signal: AbortSignal | undefined,
  act: (reason: unknown) => void,
): () => void {
  if (!signal) return () => {};
  const { acts, callAll } = watch(signal);
  acts.add(act);
  return () => {
    if (!acts.delete(act) || acts.size > 0) return;
    signal.removeEventListener?.('abort', callAll);
    watches.delete(signal);
  };
}

/**
 * Waits for a promise that is never rejected, or until the signal is aborted.
 * @throws The signal's reason
 */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    throwIfAborted(signal);
    const ignore = onAbort(signal, (reason) => {
      ignore();
      reject(reason);
    });
    void promise.then((value) => {
      ignore();
      resolve(value);
    });
  });
}

const dropped = new FinalizationRegistry<() => void>((end) => end());

/**
 * Like {@link onAbort}, for a target that may be garbage-collected: the signal, which may live long, does not keep it
 * alive.
 * @param act - Must not keep the target alive either.
 */
export function onAbortWeakly<T extends object>(
  signal: AbortSignal | undefined,
  target: T,
  act: (target: T, reason: unknown) => void,
): () => void {
  if (!signal) return () => {};
  const weak = new WeakRef(target);
  const end = onAbort(signal, (reason) => {
    const alive = weak.deref();
    if (alive) act(alive, reason);
  });
  dropped.register(target, end, end);
  return () => {
    dropped.unregister(end);
    end();
  };
}
