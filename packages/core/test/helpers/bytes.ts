import { expect } from 'vitest';

/** Like `toEqual`, which takes 10 ms for a few pages, but fast if they are equal. */
export function expectBytes(found: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(found, expected) !== 0)
    expect(Buffer.from(found)).toEqual(Buffer.from(expected));
}
