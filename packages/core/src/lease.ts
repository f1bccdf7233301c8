import { binding, type HandleId } from './binding.js';

/** What outlives a dropped mapping until the binding has unmapped it: V8 must not free it before. */
export interface Lease {
  readonly id: HandleId;
  /** Of a file that should have been closed; memory and attached handles need no closing. */
  readonly path: string | undefined;
  readonly memories: SharedArrayBuffer[];
}

let hasWarned = false;

const leases = new FinalizationRegistry<Lease>(({ id, path }) => {
  binding.release(id);
  if (path === undefined || hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    `'${path}' was dropped without close() and has been unmapped by the garbage collector; ` +
      'close it, or declare it with `using`. Further files are not reported.',
    { type: 'MmapLeakWarning', code: 'FMMAP_LEAK' },
  );
});

/** Unmaps when `owner` is collected. */
export function holdLease(owner: object, lease: Lease): void {
  leases.register(owner, lease, owner);
}

export function releaseLease(owner: object, lease: Lease): void {
  leases.unregister(owner);
  lease.memories.length = 0;
}
