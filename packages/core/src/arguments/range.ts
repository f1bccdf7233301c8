// All checks of numeric arguments. -0 counts as 0, as in Buffer and `fs`: to expose a checked number, add 0 to it.
import { MmapRangeError, typeError } from '../errors.js';

/** What offsets refer to: a file, or a part of one. */
export interface Extent {
  /** Length in bytes. */
  readonly length: number;
  readonly path: string;
  /** How to make it longer, for messages. */
  readonly growth: string;
  /** The method that makes the check, which is left out of the stack of its errors. */
  requireBytes(offset: number, length: number): void;
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (value === Number.MAX_SAFE_INTEGER) return '2^53 - 1';
  if (value === Number.MIN_SAFE_INTEGER) return '-(2^53 - 1)';
  return String(value);
}

function outOfRange(
  value: number | bigint,
  name: string,
  min: number | bigint,
  max: number | bigint,
): MmapRangeError {
  const kind = typeof value === 'bigint' ? 'a bigint' : 'an integer';
  const message = `"${name}" must be ${kind} from ${show(min)} to ${show(max)}; received ${show(value)}`;
  return new MmapRangeError(message, { argument: name });
}

/** @throws TypeError if `value` is not a number; MmapRangeError if it is not an integer in [min, max]. */
export function checkInteger(value: unknown, name: string, min: number, max: number): void {
  if (typeof value !== 'number') throw typeError(name, 'an integer', value);
  if (value >= min && value <= max && Math.floor(value) === value) return;
  throw outOfRange(value, name, min, max);
}

/** @throws TypeError if `value` is not a bigint; MmapRangeError if it is outside [min, max]. */
export function checkBigInt(value: unknown, name: string, min: bigint, max: bigint): void {
  if (typeof value !== 'bigint') throw typeError(name, 'a bigint', value);
  if (value < min || value > max) throw outOfRange(value, name, min, max);
}

/** @throws TypeError if `value` is not a number. */
export function checkNumber(value: unknown, name: string): void {
  if (typeof value !== 'number') throw typeError(name, 'a number', value);
}

/**
 * Checks an offset or a length: 0 to 2^53-1.
 * @param most - The maximum to name in the message; whether `value` exceeds it is checked later, after the file's
 * state.
 */
export function checkSize(
  value: unknown,
  name: string,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (typeof value !== 'number') throw typeError(name, 'an integer', value);
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) return;
  throw outOfRange(value, name, 0, most < 0 ? Number.MAX_SAFE_INTEGER : most);
}

/** Checks a timeout in milliseconds: 0 to 2^31-1, the most that a timer takes. */
export function checkTimeout(value: unknown, name: string): void {
  checkInteger(value, name, 0, 2 ** 31 - 1);
}

/**
 * Checks that `length` bytes at `offset` lie within `within`, and names the argument that does not fit.
 * @param of - The argument that determines the length: `length` itself, the data to be copied, or, for a value of fixed
 * size, `offset`.
 */
export function checkWithin(offset: number, length: number, within: Extent, of = 'length'): void {
  if (offset <= within.length && length <= within.length - offset) return;
  const isLength = of === 'length';
  const error = isLength ? pastTheEnd(offset, length, within) : noFit(offset, length, within, of);
  // V8 keeps ten frames, and the user's are the last ones.
  Error.captureStackTrace(error, within.requireBytes);
  throw error;
}

function pastTheEnd(offset: number, length: number, { length: total, path, growth }: Extent) {
  const argument = offset > total ? 'offset' : 'length';
  const asked = offset > total ? `"offset" ${offset}` : `"length" ${length} at "offset" ${offset}`;
  const left = offset > total ? '' : `: ${total - offset} are left there`;
  const found = total === 0 ? `is empty; ${growth}` : `has ${bytes(total)}${left}`;
  const message = `${asked} is past the end of ${named(path)}, which ${found}`;
  return new MmapRangeError(message, { argument, path });
}

function noFit(
  offset: number,
  length: number,
  { length: total, path, growth }: Extent,
  of: string,
) {
  const last = total - length;
  const argument = last < 0 ? of : 'offset';
  const asked =
    argument === 'offset'
      ? `${bytes(length)} at offset ${offset} ${length === 1 ? 'does' : 'do'} not fit in`
      : `"${of}" has ${bytes(length)}, and is larger than`;
  const advice =
    last >= 0
      ? `the last valid offset is ${last}`
      : of === 'target' && total > 0
        ? 'read() copies what there is'
        : growth;
  const message = `${asked} the ${bytes(total)} of ${named(path)}; ${advice}`;
  return new MmapRangeError(message, { argument, path });
}

function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

function named(path: string): string {
  return path === '' ? 'the mapping' : `'${path}'`;
}
