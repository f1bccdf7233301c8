// The seam: what an async package has of its own. This one is for checking the template, and does
// everything on the event loop. The code generator leaves it out.
import { callBinding, FileReads, FileWrites, type Runtime, result } from '../src/internal.js';

export const runtime: Runtime = {
  call: async (name, args) => [callBinding(name, args), ...result],
};

/** What files have besides the template's methods. */
export abstract class Reads<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends FileReads<Memory> {}

/** What writable files have besides. */
export abstract class Writes extends FileWrites {}

/** What readers and writers extend: these, or classes with further methods. */
export { CursorReads as Reader, CursorWriter as Writer } from '../src/internal.js';
