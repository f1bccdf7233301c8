import type { SharedMapping } from '@fmmap/core/internal';
import type { Notes } from './notes.js';

/** What is known of a call before it is made; plain data, for it may be made in another thread. */
export interface Place {
  /** Where in the file it reads or writes. */
  readonly offset: number;
  /** How much, where it is not up to the call. */
  readonly length: number;
  /** To which the file is truncated. */
  readonly size: number;
  readonly path: string;
  /** For new files, next to it. */
  readonly directory: string;
  /** Which content the file has. */
  readonly file: number;
}

/** What a recipe has to work with. */
export interface At extends Place {
  readonly notes: Notes;
  /** Counts the calls in this process. */
  readonly call: number;
  /** A token of the handle that the member is called on, or belongs to. */
  share(): SharedMapping;
}

/**
 * Makes one call and notes what it saw. It must make it before it waits for anything. What it
 * throws is noted by who runs it.
 */
export type Recipe<Target = never> = (target: Target, at: At) => unknown;

export type Recipes = Readonly<Record<string, Recipe>>;
