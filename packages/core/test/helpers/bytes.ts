import { expect } from 'vitest';

/** As `toEqual`, which takes 10 ms for a few pages, and fast where they are equal. */
export function expectBytes(found: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(found, expected) !== 0)
    expect(Buffer.from(found)).toEqual(Buffer.from(expected));
}
