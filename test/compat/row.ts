import type { Trial } from './trial.js';

/** What became of the bytes: `kept` in the file's own memory, `copied`, or `used` up, where nothing remains to tell. */
export type Outcome = 'kept' | 'copied' | 'used';

/** One way to use a view of a mapped file. */
export interface Row {
  /** Its name in the table. */
  readonly name: string;
  readonly remark?: string;
  /** Whether the running Node supports it; without this, every version does. */
  readonly exists?: () => boolean;
  /** The content of the view, if it cannot be arbitrary. */
  readonly content?: () => Uint8Array | Promise<Uint8Array>;
  /** Needs a copy-on-write mapping, instead of one that writes to the file. */
  readonly cow?: boolean;
  /** Throws if the API does, or `WrongBytes` if it saw the wrong bytes or changed them. */
  readonly run: (trial: Trial) => Outcome | Promise<Outcome>;
}

/** A section of rows. */
export interface Group {
  readonly title: string;
  /** npm packages whose versions the document lists. */
  readonly packages: readonly string[];
  readonly rows: readonly Row[];
}
