import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MmapFileMut } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { makeDisk, mountOver } from '../helpers/file-systems.js';
import { canMount } from '../helpers/mounting.js';
import {
  another,
  CONTENT,
  expectRefused,
  expectUsable,
  type Meddler,
  makePlace,
  nothing,
  system,
} from '../helpers/removal.js';
import { snapshot, tempDir } from '../helpers/temp.js';

const MOUNTS: Record<string, Meddler> = {
  'another file is mounted over it': {
    meddle: ({ path, other }) => mountOver(path, '--bind', other),
    error: another,
  },
  'it is mounted over itself': {
    meddle: ({ path }) => mountOver(path, '--bind', path),
    error: system('EBUSY', 'unlink'),
  },
  'an empty file system is mounted over its directory': {
    meddle: ({ parent }) => mountOver(parent, '-t', 'tmpfs', 'fmmap-test'),
    error: nothing,
  },
  'another directory, with another file of its name, is mounted over its own': {
    meddle: ({ parent, other }) => {
      const there = `${parent}.other`;
      fs.mkdirSync(there);
      fs.linkSync(other, join(there, 'file.bin'));
      return mountOver(parent, '--bind', there);
    },
    error: another,
  },
};

describe.runIf(canMount('mount'))('a file is not removed now, but may be later, if', () => {
  test.each(Object.entries(MOUNTS))('%s', (_, meddler) => {
    expectRefused(makePlace(), meddler);
  });

  test('another file system is mounted over its directory, with a file of the same name and number', () => {
    const { parent, path } = makePlace();
    // Both number their files from the same number on.
    mountOver(parent, '-t', 'tmpfs', 'fmmap-test');
    fs.writeFileSync(path, CONTENT);
    using file = MmapFileMut.openExisting(path);
    const unmount = mountOver(parent, '-t', 'tmpfs', 'fmmap-test');
    fs.writeFileSync(path, CONTENT);
    const found = fs.statSync(path);
    expect(found.ino).toBe(file.stat().ino);
    expect(found.dev).not.toBe(file.stat().dev);
    const before = snapshot(path);
    expect(thrown(() => file.remove())).toMatchObject(another);
    expect(snapshot(path)).toEqual(before);
    expectUsable(file);
    unmount();
    file.remove();
    expect(fs.readdirSync(parent)).toEqual([]);
  });
});

/** Whether a file that is unlinked and created over and over gets the number `ino`. */
function isRecycled(path: string, ino: number, rounds: number): boolean {
  for (let round = 0; round < rounds; ++round) {
    fs.rmSync(path);
    fs.writeFileSync(path, 'other');
    if (fs.statSync(path).ino === ino) return true;
  }
  return false;
}

describe('the number of a file is reused for a new one, but not while fmmap has it open:', () => {
  test.runIf(canMount('mount', 'mkfs.ext4', 'mkfs.xfs')).each([
    ['ext4', 16],
    ['xfs', 320],
  ] as const)('on %s', (type, megabytes) => {
    const { directory } = makeDisk(type, megabytes << 20);
    const path = join(directory, 'file.bin');
    fs.writeFileSync(path, CONTENT);
    expect(isRecycled(path, fs.statSync(path).ino, 10_000)).toBe(true);

    fs.writeFileSync(path, CONTENT);
    using file = MmapFileMut.openExisting(path);
    const { ino } = file.stat();
    for (let attempt = 0; attempt < 3; ++attempt) {
      expect(isRecycled(path, ino, 200)).toBe(false);
      expect(thrown(() => file.remove())).toMatchObject({ ...another, path });
      expect(fs.readFileSync(path, 'latin1')).toBe('other');
    }
    expectUsable(file);
    file.close();
    // The next open takes what is there, whatever its number.
    MmapFileMut.openExisting(path).remove();
    expect(fs.readdirSync(directory)).not.toContain('file.bin');
  });

  test.runIf(canMount('mount'))('nor on tmpfs, which never reuses one', () => {
    const directory = tempDir();
    mountOver(directory, '-t', 'tmpfs', 'fmmap-test');
    const path = join(directory, 'file.bin');
    fs.writeFileSync(path, CONTENT);
    expect(isRecycled(path, fs.statSync(path).ino, 200)).toBe(false);
    using file = MmapFileMut.openExisting(path);
    expect(isRecycled(path, file.stat().ino, 200)).toBe(false);
    expect(thrown(() => file.remove())).toMatchObject({ ...another, path });
    expect(fs.readFileSync(path, 'latin1')).toBe('other');
    expectUsable(file);
  });
});

describe.runIf(canMount('mount'))('on an overlay file system', () => {
  /** `file.bin`, which is in the lower layer. */
  function makeOverlay(): string {
    const [root, merged] = [tempDir(), tempDir()];
    mountOver(root, '-t', 'tmpfs', 'fmmap-test');
    const [lower = '', upper = '', work = ''] = ['lower', 'upper', 'work'].map((name) => {
      fs.mkdirSync(join(root, name), { mode: 0o777 });
      return join(root, name);
    });
    fs.writeFileSync(join(lower, 'file.bin'), CONTENT);
    const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    mountOver(merged, '-t', 'overlay', '-o', layers, 'fmmap-test');
    return join(merged, 'file.bin');
  }

  test.each(['openExisting', 'openCow'] as const)('a file opened by %s is removed', (open) => {
    const path = makeOverlay();
    MmapFileMut[open](path).remove();
    expect(fs.existsSync(path)).toBe(false);
  });

  test('another file is left alone', () => {
    const path = makeOverlay();
    using file = MmapFileMut.openExisting(path);
    fs.writeFileSync(`${path}.other`, 'other');
    fs.renameSync(`${path}.other`, path);
    expect(thrown(() => file.remove())).toMatchObject({ ...another, path });
    expect(fs.readFileSync(path, 'latin1')).toBe('other');
    expectUsable(file);
  });
});
