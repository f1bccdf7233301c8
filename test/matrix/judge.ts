import type { Odd } from './content.js';
import type { Effect } from './effects.js';
import type { Note, Thrown, Written } from './notes.js';
import type { Look } from './protocol.js';
import { isWindows } from './surroundings.js';

/** What may have happened to the file of a cell by the time its calls have finished. */
export interface Facts {
  /** The initial length of the file. */
  readonly length: number;
  /** The effects of the call and of the pending operation. */
  readonly effects: readonly Effect[];
  /** The sizes it was truncated to by handles on the mapping, or by other handles in our processes. */
  readonly sizes: readonly number[];
  /** The size to which another process cut it. */
  readonly cut: number | undefined;
  /** Whether the file is truncated by a handle that is not on the mapping. */
  readonly isForeign: boolean;
  /** Whether there is another mapping of it. */
  readonly isMappedTwice: boolean;
  readonly isClosed: boolean;
  /** The offset from which a terminated thread may have written unknown data. */
  readonly unknown: number | undefined;
}

const some = ({ effects }: Facts, name: keyof Effect): boolean =>
  effects.some((effect) => effect[name]);

const closes = (facts: Facts): boolean => facts.isClosed || some(facts, 'closes');

/** Whether pages may vanish under the mapping. */
export const isCut = (facts: Facts): boolean =>
  facts.cut !== undefined || ((facts.isForeign || some(facts, 'opens')) && facts.sizes.length > 0);

/** Windows neither removes a file that has another mapping, nor cuts it. */
const isHeld = (facts: Facts): boolean =>
  isWindows && facts.isMappedTwice && (some(facts, 'removes') || some(facts, 'sizes'));

/** A file that is opened after its removal is a new, empty one. */
const isNew = (facts: Facts): boolean => some(facts, 'opens') && some(facts, 'removes');

const endings = ({ length, sizes, cut }: Facts): number[] => [
  length,
  ...sizes,
  ...(cut === undefined ? [] : [cut]),
];

const shrinks = (facts: Facts): boolean => endings(facts).some((size) => size < facts.length);

/** Whether a byte may have been cut off, or never been there, before the file grew. */
const isGrown = (facts: Facts, at: number): boolean =>
  endings(facts).some((size) => size <= at) &&
  // If the file was already shorter, a cut makes it longer.
  [...facts.sizes, facts.cut ?? 0].some((size) => size > at);

const isGone = (facts: Facts, end: number): boolean => endings(facts).some((size) => size < end);

function isWritten(written: readonly Written[], at: number, byte: number): boolean {
  return written.some(({ offset, bytes, from }) => {
    const index = at - offset;
    if (bytes[index] === byte) return true;
    if (from === undefined || index < 0 || index >= bytes.length) return false;
    const stores = written.filter((each) => each.from === undefined);
    return isWritten(stores, from + index, byte);
  });
}

/** Why an odd run of bytes cannot be explained, or `undefined`. */
function oddness(odd: Odd, isView: boolean, written: readonly Written[], facts: Facts) {
  const where = `${odd.length} bytes at ${odd.at}`;
  for (let index = 0; index < odd.length; ++index) {
    const at = odd.at + index;
    const byte = odd.isZero ? 0 : odd.bytes[index];
    if (byte === undefined || isWritten(written, at, byte)) continue;
    if (facts.unknown !== undefined && at >= facts.unknown) continue;
    if (byte === 0 && isGrown(facts, at)) continue;
    if (byte === 0 && isView && (closes(facts) || isCut(facts) || isGone(facts, at + 1))) continue;
    return odd.isZero ? `${where} are zeroes that nobody wrote` : `${where} are of nobody`;
  }
  return undefined;
}

function strangeness(name: string, value: unknown, facts: Facts): boolean {
  const poisons = isCut(facts) && (some(facts, 'sizes') || some(facts, 'freezes'));
  switch (name) {
    case 'length':
      return !(
        endings(facts).includes(Number(value)) ||
        (value === 0 && (closes(facts) || isNew(facts)))
      );
    case 'size':
      return !endings(facts).includes(Number(value));
    case 'isEmpty':
      return value === true && !closes(facts);
    case 'isFaulted':
      return value === true && !isCut(facts);
    case 'isPoisoned':
      return value === true && !poisons;
    case 'isClosed':
      return value === true && !closes(facts);
    case 'isCow':
    case 'removeOnDispose':
      return value !== false;
    case 'isExec':
      return value === true && !some(facts, 'freezes');
    case 'lockState':
      return !['none', 'shared', 'exclusive'].includes(value as string);
    default:
      return typeof value !== 'string';
  }
}

/** Whether what happens in a cell can explain an error. */
export function isExplained({ name, code }: Thrown, facts: Facts): boolean {
  switch (name) {
    case 'MmapClosedError':
      return closes(facts);
    case 'MmapFaultError':
      return isCut(facts);
    case 'MmapRangeError':
      return shrinks(facts) || isNew(facts);
    case 'MmapPoisonedError':
      return isCut(facts);
    case 'MmapLockError':
      return some(facts, 'locks');
    case 'MmapIdentityError':
      return some(facts, 'removes');
    case 'MmapUnsupportedError':
      return (
        some(facts, 'freezes') || some(facts, 'keepsIn') || (isWindows && some(facts, 'isGuest'))
      );
    case 'MmapError':
      return (
        (code === 'ENOENT' && isNew(facts)) ||
        (['ENOMEM', 'EAGAIN', 'EPERM'].includes(code) && some(facts, 'keepsIn')) ||
        (['EBUSY', 'EPERM'].includes(code) && isHeld(facts))
      );
    default:
      return false;
  }
}

/** What is wrong with a note; nothing if all is as promised. */
export function judge(note: Note, written: readonly Written[], facts: Facts): string[] {
  switch (note.kind) {
    case 'bytes':
    case 'view':
      return note.odd
        .map((odd) => oddness(odd, note.kind === 'view', written, facts))
        .filter((text) => text !== undefined);
    case 'zero': {
      const isWrittenTo = written.some(({ bytes }) => bytes.includes(0));
      const isPossible =
        isWrittenTo || [...facts.sizes, facts.cut ?? 0].some((size) => isGrown(facts, size - 1));
      return isPossible ? [] : [`from ${note.offset} on there is a zero that nobody wrote`];
    }
    case 'absent': {
      const end = note.offset + Math.max(note.length, 1);
      const isOver = isGone(facts, end) || written.some(({ offset }) => offset < end);
      return isOver ? [] : [`what is at ${note.offset} was not found`];
    }
    case 'is':
      return strangeness(note.name, note.value, facts)
        ? [`"${note.name}" is ${String(note.value)}`]
        : [];
    case 'threw':
      return isExplained(note.error, facts) ? [] : [`for no reason: ${note.error.stack}`];
    case 'wrong':
      return [note.text];
  }
}

/** What is wrong with the file on disk, whose content is `found`. */
export function judgeFile(
  found: Buffer,
  odd: readonly Odd[],
  written: readonly Written[],
  facts: Facts,
): string[] {
  const problems = odd.flatMap((each) => oddness(each, false, written, facts) ?? []);
  if (!endings(facts).includes(found.length)) problems.push(`it has ${found.length} bytes`);
  for (const { offset, bytes, isDone } of written) {
    if (!isDone || isGone(facts, offset + bytes.length)) continue;
    const others = written.filter((each) => each.bytes !== bytes || each.from !== undefined);
    const isKept = bytes.every((byte, index) => {
      const at = offset + index;
      return byte === found[at] || isWritten(others, at, found[at] ?? -1);
    });
    if (!isKept) problems.push(`a write at ${offset} is lost`);
  }
  return problems.map((text) => `the file: ${text}`);
}

/** What is wrong with what a handle shows of that file. */
export function judgeLook({ length, bytes, error }: Look, found: Buffer, facts: Facts): string[] {
  if (error) return isExplained(error, facts) ? [] : [`afterwards, for no reason: ${error.stack}`];
  if (bytes === undefined) return closes(facts) ? [] : ['afterwards a handle is closed'];
  if (bytes.length === length && Buffer.compare(bytes, found) === 0) return [];
  const isPart = isCut(facts) && Buffer.compare(bytes, found.subarray(0, bytes.length)) === 0;
  return isPart ? [] : [`afterwards a handle shows ${length} bytes that are not the file's`];
}
