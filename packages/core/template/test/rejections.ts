import { expect } from 'vitest';
import { MmapRangeError } from '../../src/index.js';

export type Thrown = Error & Record<string, unknown>;

/** What `promise` is rejected with; fails if it is not. */
export async function rejected(promise: Promise<unknown>): Promise<Thrown> {
  try {
    await promise;
  } catch (error) {
    return error as Thrown;
  }
  return expect.fail('nothing was rejected');
}

/** What `call` throws at once, or rejects with; `undefined` if it does neither. */
export async function failure(call: () => unknown): Promise<Thrown | undefined> {
  try {
    await call();
  } catch (error) {
    return error as Thrown;
  }
  return undefined;
}

/** Expects a promise that is rejected because of `argument`; to throw at once will not do. */
export async function expectArgumentRejection(
  call: () => Promise<unknown>,
  argument: string,
): Promise<void> {
  const error = await rejected(call());
  expect(error instanceof TypeError || error instanceof MmapRangeError, String(error)).toBe(true);
  expect(error).toMatchObject({
    argument,
    code:
      error instanceof TypeError ? expect.stringMatching(/^ERR_INVALID_ARG/) : 'ERR_OUT_OF_RANGE',
    message: expect.stringMatching(new RegExp(`\\b${argument.split('.').at(-1)}\\b`)),
  });
}
