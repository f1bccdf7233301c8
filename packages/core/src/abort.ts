interface Watch {
  readonly acts: Set<() => void>;
  readonly callAll: () => void;
}

const watches = new WeakMap<AbortSignal, Watch>();

function watch(signal: AbortSignal): Watch {
  const known = watches.get(signal);
  if (known) return known;
  const acts = new Set<() => void>();
  const callAll = () => {
    for (const act of [...acts]) act();
  };
  signal.addEventListener('abort', callAll);
  watches.set(signal, { acts, callAll });
  return { acts, callAll };
}

/**
 * Calls `act` when the signal is aborted. There is one listener for each signal, however many things
 * have it: Node warns of more than ten.
 * @returns What ends that.
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  const { acts, callAll } = watch(signal);
  acts.add(act);
  return () => {
    if (!acts.delete(act) || acts.size > 0) return;
    signal.removeEventListener('abort', callAll);
    watches.delete(signal);
  };
}

const dropped = new FinalizationRegistry<() => void>((end) => end());

/**
 * As {@link onAbort}, for something that may be dropped: the signal, which may live long, does not keep it.
 * @param act - Must not keep it either.
 */
export function onAbortWeakly<T extends object>(
  signal: AbortSignal,
  target: T,
  act: (target: T) => void,
): () => void {
  const weak = new WeakRef(target);
  const end = onAbort(signal, () => {
    const alive = weak.deref();
    if (alive) act(alive);
  });
  dropped.register(target, end, end);
  return () => {
    dropped.unregister(end);
    end();
  };
}
