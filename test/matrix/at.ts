import type { SharedMapping } from '@fmmap/core/internal';
import type { Notes } from './notes.js';

/** What is known of a call before it is made; plain data, because the call may be made in another thread. */
export interface Place {
  /** Where in the file it reads or writes. */
  readonly offset: number;
  /** The length, if the call does not determine it. */
  readonly length: number;
  /** The size that the file is truncated to. */
  readonly size: number;
  readonly path: string;
  /** For new files, next to the file. */
  readonly directory: string;
  /** The number of the file's content. */
  readonly file: number;
}

/** What a recipe works with. */
export interface At extends Place {
  readonly notes: Notes;
  /** The number of the call in this process. */
  readonly call: number;
  /** A token for the handle that the member belongs to. */
  share(): SharedMapping;
}

/**
 * Makes one call and notes what it saw. It must make the call before it awaits anything. The caller
 * notes what it throws.
 */
export type Recipe<Target = never> = (target: Target, at: At) => unknown;

export type Recipes = Readonly<Record<string, Recipe>>;
