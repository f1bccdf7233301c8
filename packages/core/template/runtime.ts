// The seam: what differs between the async packages. This one is for type-checking and testing the template, and does
// everything on the event loop. The code generator leaves it out.
import { callBinding, FileReads, FileWrites, type Runtime, result } from '../src/internal.js';

export const runtime: Runtime = {
  call: async (name, args) => [callBinding(name, args), ...result],
};

/** The base class of files, which may add to the template's methods. */
export abstract class Reads<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends FileReads<Memory> {}

/** The base class of writable files' writing methods, which may add to the template's. */
export abstract class Writes extends FileWrites {}

/** The base classes of readers and writers: these, or classes that add methods to them. */
export { CursorReads as Reader, CursorWriter as Writer } from '../src/internal.js';
