// The seam: what an async package has of its own. This one is for checking the template, and does
// everything on the event loop. The code generator leaves it out.
import {
  MemoryReads,
  MemoryWrites,
  perform,
  type Runtime,
  result,
  type Work,
} from '../src/internal.js';

export const runtime: Runtime = {
  call: async (name, args) => {
    const value = perform(
      (function* (): Work<number> {
        return yield { name, args };
      })(),
    );
    return [value, ...result];
  },
};

/** What files have besides the template's methods. */
export abstract class Reads extends MemoryReads {}

/** What writable files have besides. */
export abstract class Writes extends MemoryWrites {}
