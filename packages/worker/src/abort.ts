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
 * Calls `act` when the signal is aborted. There is one listener for each signal, however many jobs
 * have it: Node warns of more than ten.
 * @returns What ends that.
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  const { acts, callAll } = watch(signal);
  acts.add(act);
  return () => {
    acts.delete(act);
    if (acts.size > 0) return;
    signal.removeEventListener('abort', callAll);
    watches.delete(signal);
  };
}
