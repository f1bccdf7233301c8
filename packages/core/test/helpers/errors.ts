import { getSystemErrorMap } from 'node:util';
import { expect } from 'vitest';
import { MmapRangeError } from '../../src/index.js';

/** What `call` throws; fails if it throws nothing. */
export function thrown(call: () => unknown): Error & Record<string, unknown> {
  try {
    call();
  } catch (error) {
    return error as never;
  }
  return expect.fail('nothing was thrown');
}

/** Node's number of a system error: that of Linux, negative, and another one on Windows. */
export function errnoOf(code: string): number {
  for (const [number, [name]] of getSystemErrorMap()) if (name === code) return number;
  return expect.fail(`Node does not know ${code}`);
}

/** Expects a TypeError or MmapRangeError that names `argument`, in a property and in its message. */
export function expectArgumentError(call: () => unknown, argument: string): void {
  const error = thrown(call);
  expect(error instanceof TypeError || error instanceof MmapRangeError, String(error)).toBe(true);
  expect(error).toMatchObject({
    argument,
    code:
      error instanceof TypeError ? expect.stringMatching(/^ERR_INVALID_ARG/) : 'ERR_OUT_OF_RANGE',
    message: expect.stringMatching(new RegExp(`\\b${argument}\\b`)),
  });
}
