// The template itself is no package that a process could load: only the copies of this are run.
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { whereCallsAreTraced, whereLimits } from '../../test/helpers/platform.js';
import { strace } from '../../test/helpers/strace.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { hearPackage } from './children.js';

const CONTENT = pattern(5000);

whereCallsAreTraced.test(
  'a remove that cannot sync the directory syncs it again, and never unlinks twice',
  async () => {
    const path = tempFile(CONTENT);
    // Of each thread that comes to it, the first.
    const trace = strace('unlinkat,fsync', ['fsync:error=EIO:when=1'], dirname(path));
    const said = await hearPackage('async/remove#syncAgain', {
      args: [path],
      through: trace.through,
    });
    expect(said.pop()).toEqual([true, 'other']);
    const errors = said.pop() as object[];
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors)
      expect(error).toEqual({ name: 'MmapError', code: 'EIO', syscall: 'fsync', path });
    expect(said).toEqual(errors.map(() => [false, false, CONTENT[1], 'exclusive']));
    const calls = trace.calls().filter((call) => !call.includes('O_'));
    expect(calls.map((call) => call.replace(/\(.*\) =/, ' ='))).toEqual([
      'unlinkat = 0',
      ...errors.map(() => 'fsync = -1 EIO (Input/output error) (INJECTED)'),
      'fsync = 0',
    ]);
    // All on the one descriptor that it was unlinked in.
    expect(new Set(calls.map((call) => /\((\d+)</.exec(call)?.[1])).size).toBe(1);
  },
);

whereLimits.describe('without a descriptor left', () => {
  const hear = (name: string, ...args: unknown[]) =>
    hearPackage(`async/remove#${name}`, { args, through: ['prlimit', '--nofile=100'] });

  test('nothing is opened, made, copied or removed; nothing is lost; and all works with one again', async () => {
    const path = tempFile(CONTENT);
    const said = await hear('noDescriptor', path);
    expect(said.splice(0, 14)).toEqual(Array(14).fill('MmapError EMFILE open'));
    expect(said).toEqual([
      [false, false, CONTENT[1], 'exclusive', ['file.bin'], 1],
      [6000, true],
      [true, ['file.bin', 'new'], 0],
    ]);
  });

  test.each([1, 2])(
    'but %i, what is made and what is copied is whole or not there',
    async (left) => {
      const path = tempFile(CONTENT);
      const said = await hear('fewDescriptors', path, left);
      const isEnough = left >= 2; // for the file and its directory
      expect(said).toEqual([
        Array(2).fill(isEnough ? 'no error' : 'MmapError EMFILE open'),
        isEnough ? { copy: 5000, 'file.bin': 5000, new: 5 } : { 'file.bin': 5000 },
        1,
      ]);
    },
  );

  test('it is looked all the same at what is at the path, as soon as there is one', async () => {
    const path = tempFile(CONTENT);
    const said = await hear('another', path);
    expect(said).toEqual([
      'MmapError EMFILE open',
      'MmapIdentityError ERR_MMAP_IDENTITY unlink',
      'MmapIdentityError ERR_MMAP_IDENTITY unlink',
      'other',
      [false, CONTENT[1], ['aside', 'file.bin'], 1],
      'MmapError EMFILE open',
      'no error',
      [true, [], 0],
    ]);
  });

  test('removeOnDispose leaves the file, and the handle is closed', async () => {
    const path = tempFile(CONTENT);
    const said = await hear('onDispose', path);
    expect(said).toEqual([[true, ['file.bin'], 0]]);
    expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
  });
});
