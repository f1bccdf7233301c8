import { expect } from 'vitest';
import { someOf } from './effort.js';
import { expectOneOf, type Files, HIDDEN } from './files.js';
import { type Fault, faultsOf, play, playFault, type Sequence } from './injection.js';
import { namesIn } from './program.js';
import { pattern } from './temp.js';

/** How a sequence ended: it returned, it threw, or its process was killed. */
type Ending = 'done' | 'failed' | 'killed';

export interface CheckedSequence extends Sequence {
  /** The files that may be in the directory, by how it ended. */
  readonly allowed: (ending: Ending, isPoisoned: boolean) => readonly Files[];
}

type Check = Omit<CheckedSequence, 'name'>;

const OLD = pattern(10_000);
/** As {@link OLD}, after its first byte was changed. */
const CHANGED = Buffer.concat([Buffer.from([0xee]), OLD.subarray(1)]);
/** Another file in the directory. */
const others: Files = { other: Buffer.from('other') };
const before: Files = { ...others, 'file.bin': OLD };

const zeroes = (length: number): Buffer => Buffer.alloc(length);
const withFile = (content: Buffer): Files => ({ ...others, 'file.bin': content });
const grown = (content: Buffer, length: number): Buffer =>
  Buffer.concat([content, zeroes(length - content.length)]);

/** Opens a file, which leaves it unchanged. */
const opening = (): Check => ({
  files: before,
  allowed: () => [before],
});

/** Creates a file of 5,000 zeroes. */
const creating = (): Check => ({
  files: others,
  allowed: (ending) => {
    const whole = withFile(zeroes(5000));
    if (ending === 'done') return [whole];
    return ending === 'failed' ? [others] : [others, withFile(zeroes(0)), whole];
  },
});

/** Does something that leaves the content of an open file unchanged. */
const using = (): Check => ({
  files: before,
  allowed: () => [withFile(CHANGED)],
});

/** Makes an open file `size` bytes long. */
const resizing = (size: number): Check => ({
  files: before,
  allowed: (ending, isPoisoned) => {
    const after = size < OLD.length ? CHANGED.subarray(0, size) : grown(CHANGED, size);
    if (ending === 'done') return [withFile(after)];
    const isEither = ending === 'killed' || isPoisoned;
    return isEither ? [withFile(CHANGED), withFile(after)] : [withFile(CHANGED)];
  },
});

/** Removes an open file; if it fails, only the sync may have failed. */
const removing = (): Check => ({
  files: before,
  allowed: (ending) => (ending === 'done' ? [others] : [withFile(CHANGED), others]),
});

/** Writes the content of an open file to a new one. */
const copying = (open: 'openExisting' | 'openCow'): Check => ({
  files: before,
  allowed: (ending) => {
    const source = withFile(open === 'openCow' ? OLD : CHANGED);
    const both = { ...source, copy: CHANGED };
    if (ending === 'done') return [both];
    return ending === 'failed' ? [source] : [source, both];
  },
});

const truncateOnOpen = (size: number): Check => ({
  files: before,
  allowed: (ending) => {
    const after = withFile(zeroes(size));
    if (ending === 'done') return [after];
    // What has been cut off cannot be restored. Whether there is room is checked first.
    const tried = ending === 'killed' ? [withFile(grown(OLD, Math.max(size, OLD.length)))] : [];
    return [before, ...tried, withFile(zeroes(0)), after];
  },
});

const growOnOpen = (size: number): Check => ({
  files: before,
  allowed: (ending) => {
    const after = withFile(grown(OLD, size));
    if (ending === 'done') return [after];
    return ending === 'failed' ? [before] : [before, after];
  },
});

/** Copies an open file over an existing one: afterwards it is the old or the new one, and complete. */
const replacing = (open: 'openExisting' | 'openCow', target: string): Check => ({
  files: before,
  allowed: (ending) => {
    const old = open === 'openCow' ? before : withFile(CHANGED);
    const done = { ...old, [target]: CHANGED };
    if (ending === 'done') return [done];
    // The sync of the directory is last. A process that dies between two steps may leave the hidden copy.
    return [old, done, ...(ending === 'killed' ? [{ ...old, [HIDDEN]: CHANGED }] : [])];
  },
});

/** Everything that changes a file, its name or its size, and the files that it may leave. */
const checks: Readonly<Record<string, Check>> = {
  'MmapFile.open': opening(),
  'MmapFileMut.openExisting': opening(),
  'MmapFileMut.openCow': opening(),
  'open that populates': opening(),
  create: creating(),
  'create that allocates': creating(),
  'open of what is not there': creating(),
  'open that grows': growOnOpen(20_000),
  'open that grows and allocates': growOnOpen(20_000),
  'open that grows, and is shared then': growOnOpen(20_000),
  'open of a size that is for new files': opening(),
  'open that truncates': truncateOnOpen(0),
  'open that truncates and grows': truncateOnOpen(20_000),
  'truncate to more': resizing(20_000),
  'truncate to less': resizing(5000),
  'truncate to nothing': resizing(0),
  closeWithTruncate: resizing(5000),
  flush: using(),
  startFlush: using(),
  freeze: using(),
  reopen: using(),
  close: using(),
  remove: removing(),
  removeOnDispose: {
    ...removing(),
    // It does not report whether it has failed.
    allowed: () => [withFile(CHANGED), others],
  },
  writeToNewFile: copying('openExisting'),
  'writeToNewFile of private pages': copying('openCow'),
  'writeToNewFile that replaces another': replacing('openExisting', 'other'),
  'writeToNewFile that replaces its own': replacing('openExisting', 'file.bin'),
  'writeToNewFile of private pages that replaces its own': replacing('openCow', 'file.bin'),
};

/** The sequences of `programs/durability/injection.cjs`, each of which has a check. */
export const sequences: Readonly<Record<string, CheckedSequence>> = Object.fromEntries(
  namesIn('durability/injection#SEQUENCES').map((name) => {
    const check = checks[name];
    if (!check) throw new Error(`nothing is known of the sequence '${name}'`);
    return [name, { name, ...check }];
  }),
);

/** The only remedy is to call it again. */
const RETRIED = 'EINTR';

/**
 * Lets every fault happen to every call that a sequence really makes, one at a time, and checks the outcome:
 * allowed files, one of our errors, no leaks, and success when it is done again.
 *
 * @param main - The package that does it.
 */
export async function survivesEveryFault(
  sequence: CheckedSequence,
  main?: string,
): Promise<string> {
  const baseline = await play(sequence, undefined, main);
  expect(baseline.outcome).toMatchObject({ outcome: 'done', leaks: 0 });
  expect(baseline.calls.length).toBeGreaterThan(0);
  expectOneOf(baseline.files, sequence.allowed('done', false), 'without a fault');
  const faults = someOf(faultsOf(baseline), 6);
  const queue = faults.values();
  const work = async () => {
    for (const fault of queue) await survives(sequence, fault, main);
  };
  await Promise.all([work(), work(), work()]);
  return `${baseline.calls.length} calls, ${faults.length} faults injected`;
}

async function survives(sequence: CheckedSequence, fault: Fault, main?: string): Promise<void> {
  const about = `${fault.error ?? 'killed'} at ${fault.call.text}`;
  const run = await playFault(sequence, fault, main);
  if (!run.outcome) {
    expectOneOf(run.files, sequence.allowed('killed', false), about);
    return;
  }
  const { outcome, state, files, again, filesAfter, leaks } = run.outcome;
  if (fault.error === RETRIED) expect(outcome, about).toBe('done');
  if (outcome === 'done') {
    expectOneOf(files, sequence.allowed('done', false), about);
  } else {
    const code = expect.stringMatching(/^E/);
    expect(outcome, about).toMatchObject({ name: expect.stringMatching(/^Mmap/), code });
    expectOneOf(files, sequence.allowed('failed', state?.isPoisoned ?? false), about);
  }
  if (again !== undefined) {
    expect(again, about).toBe('done');
    expectOneOf(filesAfter, sequence.allowed('done', false), about);
  }
  expect(leaks, about).toBe(0);
}
