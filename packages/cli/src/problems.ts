// What went wrong, in one line on standard error.
import process from 'node:process';
import { getSystemErrorMap, inspect } from 'node:util';
import { MmapError, MmapRangeError } from '@fmmap/core';
import { printable } from './format.js';

/** Something that the user can understand as it is. */
export class Refusal extends Error {}

// The exit code is not to depend on whether this can be read.
process.stderr.on('error', () => {});

export function problem(text: string): void {
  process.stderr.write(`fmmap: ${printable(text)}\n`);
}

/** Reports what users can do something about in one line; a mistake of ours has a stack. */
export function report(error: unknown): void {
  const text = textOf(error);
  if (text === undefined) process.stderr.write(`${inspect(error)}\n`);
  else problem(text);
}

/** @returns Undefined for a mistake of ours. */
export function textOf(error: unknown): string | undefined {
  const { code, errno, message, path } = error as NodeJS.ErrnoException;
  if (code === 'ENODEV') return `${path}: cannot be mapped: not an ordinary file`;
  const system = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  if (system !== undefined) return path === undefined ? message : `${path || "''"}: ${system}`;
  const isExpected = [Refusal, MmapError, MmapRangeError].some((type) => error instanceof type);
  return isExpected ? message : undefined;
}

/** Does something with each file. Those that it fails for are reported. @returns The exit code. */
export async function forEach(
  paths: readonly string[],
  act: (path: string) => Promise<number>,
): Promise<number> {
  let code = 0;
  for (const path of paths) {
    try {
      code = Math.max(code, await act(path));
    } catch (error) {
      report(error);
      code = 2;
    }
  }
  return code;
}
