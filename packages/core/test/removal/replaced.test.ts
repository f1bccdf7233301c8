import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MmapFileMut, MmapIdentityError } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { isWindows, whereOpenFilesAreReplaced, whereSymlinks } from '../helpers/platform.js';
import { countDescriptors } from '../helpers/process.js';
import {
  another,
  CONTENT,
  expectRefused,
  expectUsable,
  link,
  type Meddler,
  makePlace,
  nothing,
  type Place,
  system,
} from '../helpers/removal.js';

/** Puts another directory in the place of the parent. @returns A function that restores the right one. */
function replaceParent({ parent, aside }: Place, make: (path: string) => void): () => void {
  fs.renameSync(parent, aside);
  make(parent);
  return () => {
    fs.rmSync(parent, { recursive: true, force: true });
    fs.renameSync(aside, parent);
  };
}

/** Renames something over a file, which has a second name by then, so that it can be restored. */
const renamingOver =
  (make: (place: Place) => string): Meddler['meddle'] =>
  (place) => {
    fs.linkSync(place.path, place.aside);
    fs.renameSync(make(place), place.path);
    return () => fs.renameSync(place.aside, place.path);
  };

/** @returns A new symbolic link. */
function symlink(target: string, path: string): string {
  fs.symlinkSync(target, path);
  return path;
}

const MEDDLERS: Record<string, Meddler> = {
  'another file is renamed over it': {
    meddle: renamingOver(({ other }) => other),
    error: another,
  },
  'a symbolic link to another file is renamed over it': {
    meddle: renamingOver(({ path, other }) => symlink(other, `${path}.link`)),
    error: link,
  },
  'a symbolic link to the file itself is renamed over it': {
    meddle: renamingOver(({ path, aside }) => symlink(aside, `${path}.link`)),
    error: link,
  },
  'it is swapped with another file': {
    meddle: ({ path, other, aside }) => {
      const swap = () => {
        fs.renameSync(path, aside);
        fs.renameSync(other, path);
        fs.renameSync(aside, other);
      };
      swap();
      return swap;
    },
    error: another,
  },
  'it is renamed into another directory': {
    meddle: ({ path, aside }) => {
      fs.renameSync(path, aside);
      return () => fs.renameSync(aside, path);
    },
    error: nothing,
  },
  'it is unlinked, but for another name': {
    meddle: ({ path, aside }) => {
      fs.linkSync(path, aside);
      fs.unlinkSync(path);
      return () => fs.renameSync(aside, path);
    },
    error: nothing,
  },
  'its directory is renamed': {
    meddle: (place) => replaceParent(place, () => {}),
    error: system('ENOENT', 'open'),
  },
  'a directory above is renamed': {
    meddle: ({ parent, aside }) => {
      fs.renameSync(dirname(parent), aside);
      return () => fs.renameSync(aside, dirname(parent));
    },
    error: system('ENOENT', 'open'),
  },
  'another directory, with another file of its name, takes the place of its own': {
    meddle: (place) =>
      replaceParent(place, (path) => {
        fs.mkdirSync(path);
        fs.linkSync(place.other, join(path, 'file.bin'));
      }),
    error: another,
  },
  'another, empty directory takes the place of its own': {
    meddle: (place) => replaceParent(place, (path) => fs.mkdirSync(path)),
    error: nothing,
  },
  'a symbolic link to another directory, with another file of its name, takes the place of its own':
    {
      meddle: (place) =>
        replaceParent(place, (path) => {
          fs.mkdirSync(`${path}.other`);
          fs.linkSync(place.other, join(`${path}.other`, 'file.bin'));
          fs.symlinkSync('parent.other', path);
        }),
      error: another,
    },
  'a symbolic link in a circle takes the place of its directory': {
    meddle: (place) => replaceParent(place, (path) => fs.symlinkSync(path, path)),
    error: system('ELOOP', 'open'),
  },
};

describe('a file is not removed now, but may be later, if', () => {
  for (const [name, meddler] of Object.entries(MEDDLERS)) {
    const where = /over it|unlinked/.test(name)
      ? whereOpenFilesAreReplaced.test
      : name.includes('symbolic')
        ? whereSymlinks.test
        : test;
    where(name, () => expectRefused(makePlace(), meddler));
  }

  whereOpenFilesAreReplaced.test(
    'it has no name left anywhere, except that no later attempt can succeed',
    () => {
      const { path, other } = makePlace();
      const descriptors = countDescriptors();
      const file = MmapFileMut.openExisting(path);
      fs.renameSync(path, other);
      fs.unlinkSync(other);
      for (let attempt = 0; attempt < 2; ++attempt) {
        expect(thrown(() => file.remove())).toMatchObject({ ...nothing, path });
      }
      expect(file.stat().nlink).toBe(0);
      expectUsable(file);
      file.close();
      expect(countDescriptors()).toBe(descriptors);
    },
  );

  test('it and another open file have swapped names', () => {
    const { path, other, aside } = makePlace();
    using first = MmapFileMut.openExisting(path);
    using second = MmapFileMut.openExisting(other);
    fs.renameSync(path, aside);
    fs.renameSync(other, path);
    fs.renameSync(aside, other);
    for (const file of [first, second]) {
      expect(thrown(() => file.remove())).toBeInstanceOf(MmapIdentityError);
      expectUsable(file);
    }
    fs.renameSync(path, aside);
    second.removeOnDispose = true;
    second[Symbol.dispose](); // nothing is at its path now
    expect(fs.existsSync(aside)).toBe(true);
    fs.renameSync(other, path);
    first.remove();
    expect(fs.existsSync(path)).toBe(false);
  });
});

describe('a file is removed even if', () => {
  whereOpenFilesAreReplaced.test(
    'another link to it was renamed over its name; a name that it has elsewhere stays',
    () => {
      const { path, aside, kept } = makePlace();
      fs.linkSync(path, aside);
      using file = MmapFileMut.openExisting(path);
      fs.unlinkSync(path);
      expect(thrown(() => file.remove())).toMatchObject(nothing);
      fs.linkSync(aside, `${path}.link`);
      fs.renameSync(`${path}.link`, path);
      file.remove();
      expect(fs.existsSync(path)).toBe(false);
      expect(fs.statSync(aside).nlink).toBe(1);
      expect(fs.readFileSync(aside).equals(CONTENT)).toBe(true);
      expect(fs.existsSync(kept)).toBe(true);
    },
  );

  whereSymlinks.test(
    'a symbolic link to its directory has taken the place of the directory',
    () => {
      const { parent, path, aside } = makePlace();
      using file = MmapFileMut.openExisting(path);
      fs.renameSync(parent, aside);
      fs.symlinkSync(aside, parent);
      file.remove();
      expect(fs.readdirSync(aside)).toEqual([]);
      expect(fs.lstatSync(parent).isSymbolicLink()).toBe(true);
    },
  );

  test('it is now in another directory with the same path', () => {
    const { parent, path, aside } = makePlace();
    using file = MmapFileMut.openExisting(path);
    fs.mkdirSync(aside);
    fs.renameSync(path, join(aside, 'file.bin'));
    fs.rmdirSync(parent);
    fs.renameSync(aside, parent);
    file.remove();
    expect(fs.readdirSync(parent)).toEqual([]);
  });

  test('its content, permissions and times have been changed', () => {
    const { path } = makePlace();
    using file = MmapFileMut.openExisting(path);
    fs.writeFileSync(path, 'changed', { flag: isWindows ? 'r+' : 'w' }); // Windows cuts no mapped file
    if (!isWindows) fs.chmodSync(path, 0o400); // EBUSY
    fs.utimesSync(path, 1, 2);
    file.remove();
    expect(fs.existsSync(path)).toBe(false);
  });
});
