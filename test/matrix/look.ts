import type { Handle } from './handles.js';
import { toThrown } from './notes.js';
import type { Look } from './protocol.js';

/** What a handle shows once everything has finished. */
export function look(handle: Handle): Look {
  if (handle.isClosed) return {};
  try {
    return { length: handle.length, bytes: handle.copyBytes() };
  } catch (error) {
    return { error: toThrown(error) };
  }
}
