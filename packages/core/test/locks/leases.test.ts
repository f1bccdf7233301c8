import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { startHolder } from '../helpers/holder.js';
import { whereCallsAreTraced, whereLeases } from '../helpers/platform.js';
import { hearProgram, startProgram } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern, snapshot, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

const OPENERS = [
  'MmapFile.open',
  'MmapFile.openExec',
  'MmapFileMut.openCow',
  'MmapFileMut.openExisting',
  'MmapFileMut.open',
];

whereLeases.test.each(OPENERS)(
  '%s waits until the holder of a lease on the file gives it up, as fs.openSync does',
  async (open) => {
    const path = tempFile(CONTENT);
    const holder = startHolder('lease', path);
    expect(await holder.said()).toBe('held');
    const opener = startProgram('locks/leases#open', {
      args: [path, open],
    });
    expect(await holder.said()).toBe('asked');
    holder.letGo();
    expect(await opener.said()).toEqual([CONTENT.length, true]);
    expect((await opener.done).code).toBe(0);
  },
);

whereLeases.test.each(OPENERS)(
  '%s waits for the holder of a lease no longer than lockTimeout says',
  async (open) => {
    const path = tempFile(CONTENT);
    const holder = startHolder('lease', path);
    await holder.said();
    const said = await hearProgram('locks/leases#openInTime', { args: [path, open] });
    const error = { name: 'MmapLockError', code: 'ETIMEDOUT', syscall: 'open', path };
    expect(said).toEqual([0, 30].map(() => expect.objectContaining(error)));
  },
);

whereLeases.test(
  'a thread that waits for a lease can be terminated, and its process can exit',
  async () => {
    const path = tempFile(CONTENT);
    const holder = startHolder('lease', path);
    await holder.said();
    const opener = startProgram('locks/leases#openInThread', {
      args: [path],
    });
    expect(await holder.said()).toBe('asked');
    opener.process.stdin.write('\n');
    expect(await opener.said()).toBe(1);
    expect((await opener.done).code).toBe(7);
  },
);

/** The errors of file systems without locks. */
const LOCKLESS = ['ENOLCK', 'ENOSYS', 'EOPNOTSUPP', 'EINVAL'];

whereCallsAreTraced.test.each(LOCKLESS)(
  'if flock(2) fails with %s, the error says how to open without a lock',
  async (error) => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const { through } = strace('flock', [`flock:error=${error}`]);
    const said = await hearProgram('locks/leases#lockless', { args: [path, OPENERS], through });
    expect(said.pop()).toBe(false);
    expect(said).toHaveLength(OPENERS.length + 1);
    for (const found of said) {
      expect(found).toMatchObject({
        name: 'MmapError',
        code: error === 'EOPNOTSUPP' ? 'ENOTSUP' : error,
        syscall: 'flock',
        message: expect.stringContaining("lock: 'none'"),
      });
    }
    expect(snapshot(path)).toEqual(before);
  },
);

whereCallsAreTraced.test(
  "with lock: 'none' no lock is taken, and everything else is unchanged",
  async () => {
    const path = tempFile(CONTENT);
    const trace = strace('flock', ['flock:error=ENOLCK']);
    const said = await hearProgram('locks/leases#none', {
      args: [path, OPENERS],
      through: trace.through,
    });
    expect(said).toEqual([
      ...OPENERS.map(() => ['none', CONTENT[7]]),
      [99, 'none'],
      5,
      ['ENOLCK', 5, false],
    ]);
    expect(trace.calls()).toHaveLength(1); // the one of lock()
  },
);

test.each(['', 'None', 'SHARED', 'write', null, true, 0, {}])(
  'lock: %j is refused, and the error names the option',
  async (lock) => {
    const path = tempFile(CONTENT);
    const said = await hearProgram('locks/leases#refused', {
      args: [path, lock, OPENERS],
    });
    for (const error of said)
      expect(error).toMatchObject({ name: 'TypeError', message: expect.stringContaining('lock') });
  },
);

test("a handle with lock: 'none' is not affected by the lock of another handle", async () => {
  const path = tempFile(CONTENT);
  const said = await hearProgram('locks/leases#otherHandle', { args: [path] });
  expect(said).toEqual([
    ['exclusive', 'none', false],
    [true, 'exclusive'],
    [true, 'exclusive'],
  ]);
  expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
});
