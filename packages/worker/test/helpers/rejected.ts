import { expect } from 'vitest';

/** What a promise is rejected with; fails if it is not. */
export async function rejected(promise: Promise<unknown>): Promise<Error & { code?: unknown }> {
  return promise.then(
    () => expect.fail('nothing was rejected'),
    (error) => error,
  );
}
