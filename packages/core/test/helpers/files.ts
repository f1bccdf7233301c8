import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

/** Names and contents of the files of a directory. */
export type Files = Readonly<Record<string, Buffer>>;

export function writeFiles(at: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(join(at, name), content);
}

/** How {@link look} names a copy that was about to replace a file. */
export const HIDDEN = '.fmmap';

/** The files of a directory, except those in `without`. */
export function look(at: string, without: readonly string[] = []): Files {
  const names = fs.readdirSync(at).filter((name) => !without.includes(name));
  const called = (name: string) => name.replace(/^\.fmmap-[0-9a-f]{16}$/, HIDDEN);
  return Object.fromEntries(names.map((name) => [called(name), fs.readFileSync(join(at, name))]));
}

const show = (files: Files): string =>
  Object.entries(files)
    .sort()
    .map(([name, content]) => `${name}: ${content.length} bytes`)
    .join(', ');

/** Expects the files to be one of the `allowed` sets, and nothing else. */
export function expectOneOf(files: Files, allowed: readonly Files[], about: string): void {
  const isSame = (each: Files) =>
    Object.keys(each).length === Object.keys(files).length &&
    Object.entries(each).every(([name, content]) => files[name]?.equals(content));
  expect(
    allowed.some(isSame),
    `${about}: found ${show(files)}; allowed ${allowed.map(show).join(' or ')}`,
  ).toBe(true);
}
