import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { hear, startChild } from '../helpers/child.js';
import { startHolder } from '../helpers/holder.js';
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

test.each(OPENERS)(
  '%s waits until who has a lease on the file gives it up, as fs.openSync does',
  async (open) => {
    const path = tempFile(CONTENT);
    const holder = startHolder('lease', path);
    expect(await holder.said()).toBe('held');
    const opener = startChild(
      `const file = ${open}(args[0]); say([file.length, file.lockState !== 'none']);`,
      {
        args: [path],
      },
    );
    expect(await holder.said()).toBe('asked');
    holder.letGo();
    expect(await opener.said()).toEqual([CONTENT.length, true]);
    expect((await opener.done).code).toBe(0);
  },
);

test('a thread that waits for a lease can be terminated, and a process ended', async () => {
  const path = tempFile(CONTENT);
  const holder = startHolder('lease', path);
  await holder.said();
  const opener = startChild(
    `const { Worker } = require('node:worker_threads');
     const thread = new Worker("require(" + JSON.stringify(require.resolve(args[1])) + ").MmapFile.open(" +
       JSON.stringify(args[0]) + ")", { eval: true });
     process.stdin.once('data', async () => { say(await thread.terminate()); process.exit(7); });`,
    { args: [path, new URL('../../dist/index.cjs', import.meta.url).pathname] },
  );
  expect(await holder.said()).toBe('asked');
  opener.process.stdin.write('\n');
  expect(await opener.said()).toBe(1);
  expect((await opener.done).code).toBe(7);
});

/** What file systems without locks say. */
const LOCKLESS = ['ENOLCK', 'ENOSYS', 'EOPNOTSUPP', 'EINVAL'];

test.each(LOCKLESS)('where flock(2) says %s, open says how to do without', async (error) => {
  const path = tempFile(CONTENT);
  const before = snapshot(path);
  const { through } = strace('flock', [`flock:error=${error}`]);
  const said = await hear(
    `for (const open of [${OPENERS}]) say(caught(() => open(args[0])));
     say(caught(() => MmapFileMut.create(args[0] + '.new', { maxSize: 5 })));
     say(fs.existsSync(args[0] + '.new'));`,
    { args: [path], through },
  );
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
});

test("with lock: 'none' no lock is asked for, and everything else is as always", async () => {
  const path = tempFile(CONTENT);
  const trace = strace('flock', ['flock:error=ENOLCK']);
  const said = await hear(
    `const lock = 'none';
     for (const open of [${OPENERS}]) {
       const file = open(args[0], { lock });
       say([file.lockState, file.readUInt8(7)]);
       file.close();
     }
     const one = MmapFileMut.open(args[0], { lock });
     const two = MmapFileMut.open(args[0], { lock });
     one.writeUInt8(99, 5);
     two.truncate(20000);
     one.flush();
     say([two.readUInt8(5), one.lockState]);
     one.close();
     two.remove();
     const made = MmapFileMut.create(args[0] + '.new', { lock, maxSize: 5 });
     say(made.length);
     const failed = caught(() => made.lock());
     made.close();
     say([failed.code, fs.statSync(args[0] + '.new').size, fs.existsSync(args[0])]);`,
    { args: [path], through: trace.through },
  );
  expect(said).toEqual([
    ...OPENERS.map(() => ['none', CONTENT[7]]),
    [99, 'none'],
    5,
    ['ENOLCK', 5, false],
  ]);
  expect(trace.calls()).toHaveLength(1); // that of lock()
});

test.each(['', 'None', 'SHARED', 'write', null, true, 0, {}])(
  'lock: %j is refused, and says what is taken',
  async (lock) => {
    const path = tempFile(CONTENT);
    const said = await hear(
      `for (const open of [${OPENERS}, MmapFileMut.create])
         say(caught(() => open(args[0], { lock: JSON.parse(args[1]) })));
       say(caught(() => MmapFileMut.anonymous(5, { lock: 'none' })));`,
      { args: [path, JSON.stringify(lock)] },
    );
    for (const error of said)
      expect(error).toMatchObject({ name: 'TypeError', message: expect.stringContaining('lock') });
  },
);

test("a lock of another handle is no matter to one with lock: 'none'", async () => {
  const path = tempFile(CONTENT);
  const said = await hear(
    `const locked = MmapFileMut.open(args[0]);
     const other = MmapFile.open(args[0], { lock: 'none' });
     say([locked.lockState, other.lockState, other.tryLock()]);
     locked.unlock();
     say([other.tryLock(), other.lockState]);
     other.close();
     say([locked.tryLock(), locked.lockState]);`,
    { args: [path] },
  );
  expect(said).toEqual([
    ['exclusive', 'none', false],
    [true, 'exclusive'],
    [true, 'exclusive'],
  ]);
  expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
});
