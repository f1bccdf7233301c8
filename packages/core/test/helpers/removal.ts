import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { MmapFileMut } from '../../src/index.js';

import { thrown } from './errors.js';
import { countDescriptors } from './process.js';
import { pattern, snapshot, tempDir } from './temp.js';

export const CONTENT: Buffer = pattern(5000);

/** That a handle which could not remove its file is open, locked and of use. */
export function expectUsable(file: MmapFileMut): void {
  // Not the file itself: what vitest does to show one would fail, and then nothing is cleaned up.
  expect([file.isClosed, file.isPoisoned, file.lockState]).toEqual([false, false, 'exclusive']);
  file.truncate(6000);
  file.writeUInt8(42, 5999);
  file.flush();
  expect(file.stat().size).toBe(6000);
  expect(file.readUInt8(5999)).toBe(42);
}

/** A file in a directory of its own, and somebody else's file beside that. */
export interface Place {
  readonly parent: string;
  readonly path: string;
  readonly other: string;
  /** A name of the other one that stays, whatever happens to the first. */
  readonly kept: string;
  /** Where the file has a second name or is put meanwhile, on the same disk. */
  readonly aside: string;
}

/** @param root - Where it is made, and which it has for itself. */
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
/** Refusals, and what they say is at the path. */
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
  /** @returns Undoes it. */
  readonly meddle: (place: Place) => () => void;
  readonly error: object;
}

/** A file is meddled with between its open and its removal: refused, and then removed after all. */
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
