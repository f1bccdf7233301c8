import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { MmapFileMut } from '../../src/index.js';

import { thrown } from './errors.js';
import { countDescriptors } from './process.js';
import { pattern, snapshot, tempDir } from './temp.js';

export const CONTENT: Buffer = pattern(5000);

/** Expects that a handle which could not remove its file is open, locked and usable. */
export function expectUsable(file: MmapFileMut): void {
  // Not the file itself: vitest would fail to print it, and then nothing would be cleaned up.
  expect([file.isClosed, file.isPoisoned, file.lockState]).toEqual([false, false, 'exclusive']);
  file.truncate(6000);
  file.writeUInt8(42, 5999);
  file.flush();
  expect(file.stat().size).toBe(6000);
  expect(file.readUInt8(5999)).toBe(42);
}

/** A file in its own directory, and an unrelated file outside it. */
export interface Place {
  readonly parent: string;
  readonly path: string;
  readonly other: string;
  /** Another name of the other file, which stays whatever happens to the first. */
  readonly kept: string;
  /** Where the file has a second name, or is moved for a while, on the same disk. */
  readonly aside: string;
}

/** @param root - The directory in which it is made, which must contain nothing else. */
export function makePlace(root = tempDir()): Place {
  const parent = join(root, 'above', 'parent');
  fs.mkdirSync(parent, { recursive: true });
  const path = join(parent, 'file.bin');
  fs.writeFileSync(path, CONTENT);
  const other = join(root, 'other');
  const kept = join(root, 'kept');
  fs.writeFileSync(kept, CONTENT);
  fs.linkSync(kept, other);
  return { parent, path, other, kept, aside: join(root, 'aside') };
}

const IDENTITY = { name: 'MmapIdentityError', code: 'ERR_MMAP_IDENTITY', syscall: 'unlink' };
/** Identity errors, and what they say is at the path. */
const refusal = (reason: string, text: string) => ({
  ...IDENTITY,
  reason,
  message: expect.stringContaining(text),
});
export const another: object = refusal('replaced', 'another file');
export const link: object = refusal('symlink', 'symbolic link');
export const nothing: object = refusal('missing', 'nothing');
export const system = (code: string, syscall: string): object => ({
  name: 'MmapError',
  code,
  syscall,
});

export interface Meddler {
  /** @returns A function that undoes it. */
  readonly meddle: (place: Place) => () => void;
  readonly error: object;
}

/** Expects the removal of a file to be refused after something was done to it, and to succeed once that is undone. */
export function expectRefused(place: Place, { meddle, error }: Meddler): void {
  const { parent, path, kept, aside } = place;
  using file = MmapFileMut.openExisting(path);
  const descriptors = countDescriptors();
  const undo = meddle(place);
  const namesOf = () => (fs.existsSync(parent) ? fs.readdirSync(parent) : []);
  const before = [snapshot(kept), namesOf()];
  for (let attempt = 0; attempt < 2; ++attempt) {
    expect(thrown(() => file.remove())).toMatchObject({ ...error, path });
  }
  expect([snapshot(kept), namesOf()]).toEqual(before);
  expect(file.stat().nlink).toBeGreaterThan(0);
  expect(countDescriptors()).toBe(descriptors);
  expectUsable(file);
  undo();
  file.remove();
  expect(file.isClosed).toBe(true);
  expect([path, aside].filter((name) => fs.existsSync(name))).toEqual([]);
  expect(snapshot(kept)).toMatchObject({ size: BigInt(CONTENT.length) });
}
