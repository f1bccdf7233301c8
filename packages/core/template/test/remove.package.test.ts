// The template itself is no package that a process could load: only the copies of this are run.
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { strace } from '../../test/helpers/strace.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { hearPackage } from './children.js';

const CONTENT = pattern(5000);

test('a remove that cannot sync the directory syncs it again, and never unlinks twice', async () => {
  const path = tempFile(CONTENT);
  // Of each thread that comes to it, the first.
  const trace = strace('unlinkat,fsync', ['fsync:error=EIO:when=1'], dirname(path));
  const said = await hearPackage(
    `const file = await AsyncMmapFileMut.openExisting(args[0]);
     const errors = [];
     for (;;) {
       try { await file.remove(); break; } catch ({ name, code, syscall, path }) { errors.push({ name, code, syscall, path }); }
       say([file.isClosed, file.isPoisoned, file.readUInt8(1), file.lockState]);
       // Somebody else's by now, whatever the retry does.
       fs.writeFileSync(args[0], 'other');
     }
     say(errors);
     say([file.isClosed, fs.readFileSync(args[0], 'latin1')]);`,
    { args: [path], through: trace.through },
  );
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
});

/**
 * For a child that has the threads of the package running: takes every descriptor that the process may have, or
 * all but some, has `use` do something, and gives them back.
 */
const EMFILE = `
  const at = require('node:path').dirname(args[0]);
  const errorOf = async (call) => {
    try { await call(); } catch ({ name, code, syscall }) { return [name, code, syscall].join(' '); }
    return 'no error';
  };
  const without = async (use, left = 0) => {
    const taken = [];
    try { for (;;) taken.push(fs.openSync('/dev/null')); } catch {}
    for (const fd of taken.splice(0, left)) fs.closeSync(fd);
    const result = await use();
    for (const fd of taken) fs.closeSync(fd);
    return result;
  };
  // Warm: as many operations as there may be threads, and the code of all of them.
  const { remove, create } = { remove: (file) => file.remove(), create: (name) => AsyncMmapFileMut.create(at + '/' + name, { maxSize: 5 }) };
  await Promise.all(Array.from({ length: 16 }, async (_, index) => {
    const file = await create('warm' + index);
    await file.writeToNewFile(at + '/copy' + index);
    await file.truncate(10);
    await file.remove();
    fs.unlinkSync(at + '/copy' + index);
  }));
  const names = () => fs.readdirSync(at).sort();
  const open = () => fs.readdirSync('/proc/self/fd').filter((fd) => {
    try { return fs.readlinkSync('/proc/self/fd/' + fd).startsWith(at); } catch { return false; }
  }).length;
`;

describe('without a descriptor left', () => {
  const hear = (source: string, path: string) =>
    hearPackage(EMFILE + source, { args: [path], through: ['prlimit', '--nofile=100'] });

  test('nothing is opened, made, copied or removed; nothing is lost; and all works with one again', async () => {
    const path = tempFile(CONTENT);
    const said = await hear(
      `const file = await AsyncMmapFileMut.open(args[0]);
       const calls = [
         () => file.remove(),
         () => create('new'),
         () => AsyncMmapFileMut.open(at + '/new', { maxSize: 5 }),
         () => AsyncMmapFileMut.open(args[0], { truncate: true }),
         () => AsyncMmapFile.open(args[0]),
         () => AsyncMmapFileMut.openCow(args[0]),
         () => file.writeToNewFile(at + '/new'),
       ];
       const errors = [];
       await without(async () => {
         for (const call of calls) errors.push(await errorOf(call));
         errors.push(...await Promise.all(calls.map(errorOf)));
       });
       for (const error of errors) say(error);
       say([file.isClosed, file.isPoisoned, file.readUInt8(1), file.lockState, names(), open()]);
       say(await without(async () => {
         await file.truncate(6000);
         file.writeUInt8(42, 5999);
         await file.flush();
         return [(await file.stat()).size, await file.tryLock()];
       }));
       await without(() => file.remove(), 1);
       const made = await create('new');
       await made.writeToNewFile(args[0]);
       await made.close();
       say([file.isClosed, names(), open()]);`,
      path,
    );
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
      const said = await hear(
        `const file = await AsyncMmapFileMut.open(args[0]);
         const results = await without(async () => {
           const results = [];
           for (const call of [() => create('new').then((made) => made.close()), () => file.writeToNewFile(at + '/copy')]) {
             results.push(await errorOf(call));
           }
           return results;
         }, ${left});
         say(results);
         say(Object.fromEntries(names().map((name) => [name, fs.statSync(at + '/' + name).size])));
         say(open());`,
        path,
      );
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
    const said = await hear(
      `const file = await AsyncMmapFileMut.open(args[0]);
       fs.renameSync(args[0], at + '/aside');
       fs.writeFileSync(args[0], 'other');
       say(await without(() => errorOf(() => file.remove())));
       say(await without(() => errorOf(() => file.remove()), 1));
       say(await errorOf(() => file.remove()));
       say(fs.readFileSync(args[0], 'latin1'));
       say([file.isClosed, file.readUInt8(1), names(), open()]);
       fs.renameSync(at + '/aside', args[0]);
       say(await without(() => errorOf(() => file.remove())));
       say(await without(() => errorOf(() => file.remove()), 1));
       say([file.isClosed, names(), open()]);`,
      path,
    );
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
    const said = await hear(
      `const file = await AsyncMmapFileMut.open(args[0]);
       file.removeOnDispose = true;
       await without(() => file[Symbol.asyncDispose]());
       say([file.isClosed, names(), open()]);`,
      path,
    );
    expect(said).toEqual([[true, ['file.bin'], 0]]);
    expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
  });
});
