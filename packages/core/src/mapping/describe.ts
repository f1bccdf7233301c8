import * as util from 'node:util';

/** The advisory lock that a handle holds. */
export type LockState = 'none' | 'shared' | 'exclusive';

/** What a mapped file is at this moment, for people and logs: nothing of what it holds. */
export interface FileDescription {
  /** As it was given; of a file that was opened by a descriptor the number of that. */
  readonly path: string;
  /** Mapped bytes; 0 once closed or poisoned. */
  readonly length: number;
  /** `'copy'` is copy-on-write. */
  readonly access: 'read' | 'exec' | 'write' | 'copy';
  /** As `lockState`. */
  readonly lock: LockState;
  /** Why methods throw, if they do. */
  readonly state: 'open' | 'closed' | 'poisoned' | 'faulted';
}

/** What a reader or a writer is at this moment, likewise. */
export interface CursorDescription extends Pick<FileDescription, 'path' | 'state'> {
  /** Of the part in the mapping. */
  readonly offset: number;
  /** Of the part, as far as the mapping has it. */
  readonly length: number;
  /** In the part. */
  readonly position: number;
}

/** Shows an object by its class and what `toJSON` gives; it never throws. The other arguments are those of `util.inspect.custom`. */
export function show(
  object: { toJSON(): object },
  depth = 0,
  options: Partial<util.InspectOptionsStylized> = {},
  inspect: typeof util.inspect = util.inspect,
): string {
  const { name } = object.constructor;
  if (depth < 0) return options.stylize?.(`[${name}]`, 'special') ?? `[${name}]`;
  const facts = factsOf(object);
  // Else it only looks like one of ours.
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
