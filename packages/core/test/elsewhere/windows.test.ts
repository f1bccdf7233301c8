// What only Windows itself can show: Wine does it in another way. The workflow of CI runs these there.
import * as fs from 'node:fs';
import { expect } from 'vitest';
import { MmapFile, MmapFileMut, syncParentDirectory } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { onlyOn, windowsItself } from '../helpers/platform.js';
import { windowsCounts } from '../helpers/process.js';
import { pattern, tempFile } from '../helpers/temp.js';

const on = onlyOn(windowsItself);

on.test(
  'a view ends in the middle of the last page of its file',
  'Wine maps whole pages whatever the size of the section',
  () => {
    const content = pattern(3 * 4096 + 5);
    const path = tempFile(content);
    using file = MmapFileMut.openExisting(path);
    expect(file.asBuffer().equals(content)).toBe(true);
    file.writeUInt8(7, content.length - 1);
    file.flush();
    expect(fs.readFileSync(path).at(-1)).toBe(7);
    expect(fs.statSync(path).size).toBe(content.length);
  },
);

on.test(
  'the lock keeps no other program from the data',
  'Wine does not enforce locks on reads and writes',
  () => {
    const path = tempFile(pattern(5000));
    using file = MmapFileMut.openExisting(path);
    expect(file.lockState).toBe('exclusive');
    const other = fs.openSync(path, 'r+');
    fs.writeSync(other, Buffer.of(99), 0, 1, 4000);
    expect(fs.readFileSync(path)[4000]).toBe(99);
    fs.closeSync(other);
    expect(file.readUInt8(4000)).toBe(99);
  },
);

on.test(
  'syncing a directory is done or refused, and never ignored',
  'Wine refuses it always',
  () => {
    const path = tempFile('x');
    let error: { code?: string } = {};
    try {
      syncParentDirectory(path);
    } catch (refused) {
      error = refused as { code?: string };
    }
    expect([undefined, 'EPERM']).toContain(error.code);
  },
);

on.test(
  'views of closed files are charged to nobody until they are read',
  'Wine charges nothing',
  () => {
    const GIB = 2 ** 30;
    const path = tempFile('');
    fs.truncateSync(path, GIB);
    const before = windowsCounts?.committedBytes() ?? Number.NaN;
    const views = Array.from({ length: 4 }, () => {
      using file = MmapFile.open(path);
      return file.asBuffer();
    });
    const charged = (windowsCounts?.committedBytes() ?? Number.NaN) - before;
    expect(charged).toBeLessThan(GIB / 16);
    expect(views.map((view) => view[12_345])).toEqual([0, 0, 0, 0]);
  },
);

on.test(
  'a file that was removed can be mapped again by those that have it open',
  'Wine removes names as POSIX does',
  () => {
    const content = pattern(10_000);
    const owner = MmapFileMut.openExisting(tempFile(content));
    const attached = MmapFileMut.attach(owner.share());
    const view = owner.asBuffer();
    attached.remove();
    expect(view.equals(content)).toBe(true);
    expect(owner.copyBytes().equals(content)).toBe(true);
    owner.close();
    expect(thrown(() => owner.readUInt8(0)).name).toBe('MmapClosedError');
  },
);
