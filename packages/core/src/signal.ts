import { typeError } from './errors.js';

/** Options of what takes a while. */
export interface OperationOptions {
  /**
   * Ends the operation early, with the signal's reason, as soon as the step is over that the system is
   * at. What has been done by then is undone, or is of no consequence.
   */
  signal?: AbortSignal | undefined;
}

/**
 * The signal of some options: as for `node:fs`, anything that can be asked whether it is `aborted`, so that those of other
 * realms and of polyfills do.
 * @throws TypeError, or the signal's reason if it is aborted.
 */
export function abortable(options: OperationOptions | undefined): AbortSignal | undefined {
  if (options !== undefined && (typeof options !== 'object' || options === null)) {
    throw typeError('options', 'an object', options);
  }
  const signal = options?.signal;
  if (signal === undefined) return undefined;
  if (typeof signal !== 'object' || signal === null || !('aborted' in signal)) {
    throw typeError('options.signal', 'an AbortSignal', signal);
  }
  throwIfAborted(signal);
  return signal;
}

/** Why a signal is aborted; of one that gives no reason, what Node would say. */
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
 * Calls `act`, with the reason, when the signal is aborted. There is one listener for each signal, however many wait for it:
 * Node warns of more than ten.
 * @returns What ends that.
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
