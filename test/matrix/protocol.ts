import type { SharedMapping } from '@fmmap/core/internal';
import type { Place } from './at.js';
import type { Member } from './members.js';
import type { Note, Thrown, Written } from './notes.js';

// What the main thread of a matrix process and its worker send each other.

export type Order =
  /** Attach to a file, and prepare the calls. */
  | {
      readonly order: 'attach';
      readonly type: string;
      readonly token: SharedMapping;
      readonly member: Member | undefined;
      readonly place: Place | undefined;
    }
  /** Make a number of calls, and report what they saw. */
  | { readonly order: 'call'; readonly count: number }
  /** Report what the file looks like. */
  | { readonly order: 'look' }
  | { readonly order: 'close' };

export interface Look {
  readonly length?: number;
  readonly bytes?: Uint8Array;
  readonly error?: Thrown;
}

export interface Answers {
  attach: undefined;
  call: { readonly notes: readonly Note[]; readonly written: readonly Written[] };
  look: readonly Look[];
  close: undefined;
}
