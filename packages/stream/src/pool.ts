import { binding, type Runtime } from '@fmmap/core/internal';

/** The binding's own operations on the thread pool of libuv. */
export const runtime: Runtime = {
  call: (name, args) =>
    (binding.queued[name] as (...args: unknown[]) => Promise<readonly number[]>)(...args),
};
