// The seam: what an async package has of its own. This one is for checking the template, and does
// everything on the event loop. The code generator leaves it out.
import { invoke, MemoryReads, MemoryWrites, type Runtime, result } from '../src/internal.js';

export const runtime: Runtime = {
  call: async (name, args) => [invoke(name, args), ...result],
};

/** What files have besides the template's methods. */
export abstract class Reads extends MemoryReads {}

/** What writable files have besides. */
export abstract class Writes extends MemoryWrites {}

/** What readers and writers extend: these, or classes with further methods. */
export { MemoryReader as Reader, MemoryWriter as Writer } from '../src/internal.js';
