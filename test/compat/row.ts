import type { Trial } from './trial.js';

/** What became of the bytes: `kept` in the file's own memory, `copied`, or `used` up, where nothing remains that could tell. */
export type Outcome = 'kept' | 'copied' | 'used';

/** One thing that is done with a view of a mapped file. */
export interface Row {
  /** As it stands in the table. */
  readonly name: string;
  readonly remark?: string;
  /** Whether the running Node has it; without this all of them do. */
  readonly exists?: () => boolean;
  /** What the view shows, where that cannot be just any bytes. */
  readonly content?: () => Uint8Array | Promise<Uint8Array>;
  /** Has a copy-on-write map, not one that writes to the file. */
  readonly cow?: boolean;
  /** Throws if the API does, and `WrongBytes` if it has not seen, or has changed, what it should. */
  readonly run: (trial: Trial) => Outcome | Promise<Outcome>;
}

/** Rows that stand together. */
export interface Group {
  readonly title: string;
  /** npm packages, whose versions the document tells. */
  readonly packages: readonly string[];
  readonly rows: readonly Row[];
}
