import { createRequire } from 'node:module';
import { expect } from 'vitest';
import { MmapFaultError } from '../../src/index.js';
import { thrown } from './errors.js';

/** What programs lose files with, too. */
export const { LOST, lose } = createRequire(import.meta.url)('../programs/losing.cjs') as {
  LOST: 'truncated' | 'io';
  lose: (path: string, view: Uint8Array, size?: number) => number;
};

const PAGE = 4096;

/** Matches an offset of at least `first` and at most `last`. */
export function within(first: number, last: number): unknown {
  const isThere = (offset: unknown) => Number(offset) >= first && Number(offset) <= last;
  return expect.toSatisfy(isThere, `an offset from ${first} to ${last}`);
}

/**
 * Matches an offset in the page of `first`, in that of `last`, or in a page between. For code that
 * works on many bytes at once: which of them it touches first depends on the processor and the
 * C library.
 */
export function inPages(first: number, last: number = first): unknown {
  return within(first - (first % PAGE), last - (last % PAGE) + PAGE - 1);
}

/** The system error for each reason why a page could not be read or written; others only raise a signal. */
const SYSTEM: Readonly<Record<string, string>> = { io: 'EIO', 'no-space': 'ENOSPC' };

/** What `faultOf` of `programs/faults.cjs` returns. @param system - The `code` of the error's `cause`. */
export function faultError(
  reason: string,
  offset: unknown,
  path: unknown,
  system: string | undefined = SYSTEM[reason],
): object {
  const facts = { name: 'MmapFaultError', code: 'ERR_MMAP_FAULT', reason, offset, path };
  return system === undefined ? facts : { ...facts, system };
}

/** Expects `call` to throw a complete MmapFaultError. @returns The error. */
export function expectFault(
  call: () => unknown,
  reason: string,
  path: string,
  offset?: number,
): MmapFaultError {
  const error = thrown(call) as unknown as MmapFaultError;
  expect(error).toBeInstanceOf(MmapFaultError);
  expect(error).toMatchObject({ name: 'MmapFaultError', code: 'ERR_MMAP_FAULT', reason, path });
  if (offset !== undefined) expect(error.offset).toBe(offset);
  expect(error.message).toContain(`offset ${error.offset} of '${path}'`);
  expect(error.message).toContain('reopen()'); // the remedy
  return error;
}
