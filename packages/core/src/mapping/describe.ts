// Descriptions of files and cursors for JSON.stringify and util.inspect.
import type * as util from 'node:util';
import { inspect as inspectAny } from 'node:util';

/** The advisory lock held by a handle. */
export type LockState = 'none' | 'shared' | 'exclusive';

/** The current state of a mapped file, for people and logs; nothing of its content. */
export interface FileDescription {
  /** The path as given; for a file opened by descriptor, the descriptor's number. */
  readonly path: string;
  /** Number of mapped bytes; 0 once closed or poisoned. */
  readonly length: number;
  /** What the mapping allows; `'copy'` is copy-on-write. */
  readonly access: 'read' | 'exec' | 'write' | 'copy';
  /** Same as `lockState`. */
  readonly lock: LockState;
  /** Why methods throw, unless `'open'`. */
  readonly state: 'open' | 'closed' | 'poisoned' | 'faulted';
}

/** The current state of a reader or writer. */
export interface CursorDescription extends Pick<FileDescription, 'path' | 'state'> {
  /** Offset of the part in the mapping, in bytes. */
  readonly offset: number;
  /** Length of the part in bytes, as far as it is mapped. */
  readonly length: number;
  /** Position in the part, in bytes. */
  readonly position: number;
}

/**
 * Formats an object as its class name and its `toJSON()`; never throws. The other arguments are those of
 * `util.inspect.custom`.
 */
export function show(
  object: { toJSON(): object },
  depth = 0,
  options: Partial<util.InspectOptionsStylized> = {},
  inspect: typeof util.inspect = inspectAny,
): string {
  const { name } = object.constructor;
  if (depth < 0) return options.stylize?.(`[${name}]`, 'special') ?? `[${name}]`;
  const facts = factsOf(object);
  // Otherwise it only looks like one of ours.
  return facts
    ? `${name} ${inspect(facts, options)}`
    : inspect(object, { ...options, customInspect: false });
}

function factsOf(object: { toJSON(): object | undefined }): object | undefined {
  try {
    return object.toJSON();
  } catch {
    return undefined;
  }
}
