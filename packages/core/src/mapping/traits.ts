// The fixed properties of a mapping, and how it is sent to another thread.
import type { Views } from '../arguments/options.js';
import type { Access, HandleId } from '../binding/binding.js';
import type { LockUse } from './lock-queue.js';

/** The fixed properties of a mapping. */
export interface MappingTraits extends Views {
  readonly id: HandleId;
  readonly path: string;
  readonly access: Access;
  /** Offset of the first visible byte in the file. */
  readonly offset: number;
  readonly isMemory: boolean;
  /** Copy-on-write; stays true once frozen. */
  readonly isCow: boolean;
  /** Opened by descriptor: `path` is for messages only. */
  readonly isNameless: boolean;
  /** The lock use of the `open` call that waited for the lock. */
  readonly lockUse?: LockUse | undefined;
}

/**
 * What another thread needs to see the file through the same windows; see `share()`. Made for structured cloning;
 * useless once the file is closed. Its holder may read the file, and write to it if it is writable.
 */
export interface SharedMapping {
  /** The version of the token. */
  readonly fmmap: 1;
  /** The path, for people. */
  readonly path: string;
  /** Identifies the mapping to the binding; cannot be guessed. */
  readonly secret: string;
  /** The memory through which the file is seen. */
  readonly windows: readonly SharedArrayBuffer[];
}

/** Makes structured cloning fail with this text: a clone would look like a file without being one. */
export const UNCLONEABLE: unique symbol = Symbol(
  'an fmmap file; send what its share() returns, and attach() that in the other thread',
);
