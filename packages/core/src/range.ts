import { MmapRangeError, typeError } from './errors.js';

// The only checks of numbers. -0 is 0, as in Buffer and `fs`: whoever shows a checked number adds 0 to it.

function describe(value: number | bigint): string {
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

/** @throws TypeError for what is no number; MmapRangeError for what is not an integer in [min, max]. */
export function checkInteger(value: unknown, name: string, min: number, max: number): void {
  if (typeof value !== 'number') throw typeError(name, 'an integer', value);
  if (value >= min && value <= max && Math.floor(value) === value) return;
  throw new MmapRangeError(
    `"${name}" must be an integer from ${min} to ${max}; received ${describe(value)}`,
    { argument: name },
  );
}

/** @throws TypeError for what is no bigint; MmapRangeError outside [min, max]. */
export function checkBigInt(value: unknown, name: string, min: bigint, max: bigint): void {
  if (typeof value !== 'bigint') throw typeError(name, 'a bigint', value);
  if (value >= min && value <= max) return;
  throw new MmapRangeError(
    `"${name}" must be a bigint from ${min}n to ${max}n; received ${describe(value)}`,
    { argument: name },
  );
}

/** @throws TypeError for what is no number. */
export function checkNumber(value: unknown, name: string): void {
  if (typeof value !== 'number') throw typeError(name, 'a number', value);
}

/** An offset or a length: 0 to 2^53-1. */
export function checkSize(value: unknown, name: string): void {
  checkInteger(value, name, 0, Number.MAX_SAFE_INTEGER);
}

/** Milliseconds to wait: 0 to 2^31-1, which is the most that a timer takes. */
export function checkTimeout(value: unknown, name: string): void {
  checkInteger(value, name, 0, 2 ** 31 - 1);
}

/** Checks that `length` bytes at `offset` lie within `total`, and names what does not. */
export function checkWithin(offset: number, length: number, total: number, path?: string): void {
  if (offset <= total && length <= total - offset) return;
  const argument = offset > total ? 'offset' : 'length';
  throw new MmapRangeError(
    `"length" ${length} at "offset" ${offset} is past the end: the mapping has ${total} bytes`,
    { argument, path },
  );
}
