import { binding, MemoryReads, MemoryWrites, type Runtime } from '@fmmap/core/internal';

/** The binding's own operations on the thread pool of libuv. */
export const runtime: Runtime = {
  call: (name, args) =>
    (binding.queued[name] as (...args: unknown[]) => Promise<readonly number[]>)(...args),
};

export abstract class Reads extends MemoryReads {}

export abstract class Writes extends MemoryWrites {}
