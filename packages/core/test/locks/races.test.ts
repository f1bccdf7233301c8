import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MmapFileMut } from '../../src/index.js';
import { whereCallsAreTraced, whereProc } from '../helpers/platform.js';
import { turn } from '../helpers/process.js';
import { hearProgram, type RunningProgram, startProgram } from '../helpers/program.js';
import { tempFile } from '../helpers/temp.js';

/**
 * Runs a program that is stopped after its `when`-th open(2) of the path or in its directory, before it can
 * take the lock; returns once it has opened it.
 */
async function stoppedAfterOpen(program: string, path: string, when: number, ...args: string[]) {
  const inject = `inject=openat:signal=SIGSTOP:when=${when}`;
  const paths = ['-P', path, '-P', dirname(path)];
  const through = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', inject, ...paths];
  const child = startProgram(program, { args: [path, ...args], through });
  const pid = (await child.said()) as number;
  onTestFinished(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {} // it has exited
  });
  const opened = () =>
    fs.readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return fs.readlinkSync(`/proc/${pid}/fd/${fd}`) === path;
      } catch {
        return false; // closed meanwhile
      }
    });
  while (!opened()) await turn();
  return { child, pid };
}

async function goOn({ child, pid }: { child: RunningProgram; pid: number }): Promise<unknown> {
  process.kill(pid, 'SIGCONT');
  return child.said();
}

/** Locks a new file before a program that is stopped after its `when`-th open, and expects it to fail and leave the file. */
async function expectLoss(program: string, when: number, error: object): Promise<void> {
  const path = tempFile();
  const loser = await stoppedAfterOpen(program, path, when);
  using winner = MmapFileMut.open(path, { maxSize: 5 });
  winner.writeAll('mine!');
  expect(await goOn(loser)).toMatchObject(error);
  expect(fs.readFileSync(path, 'utf8')).toBe('mine!');
  winner.remove();
}

whereCallsAreTraced.test(
  'a new file that another process locks first is not removed by the loser',
  async () => {
    // The first finds nothing, the second opens its directory.
    await expectLoss('locks/races#open', 3, { name: 'MmapLockError', code: 'EWOULDBLOCK' });
  },
);

whereCallsAreTraced.test(
  'open of a file that is removed before its lock is free creates a new one',
  async () => {
    const path = tempFile('old');
    const holder = MmapFileMut.open(path);
    const late = await stoppedAfterOpen('locks/races#openRemoved', path, 1);
    holder.remove();
    expect(await goOn(late)).toBe(1);
    expect(fs.readFileSync(path, 'utf8')).toBe('new');
  },
);

whereCallsAreTraced.test.each(['MmapFileMut.openExisting', 'MmapFile.open', 'MmapFileMut.openCow'])(
  '%s of a file that is removed before its lock is free throws ENOENT',
  async (open) => {
    const path = tempFile('old');
    const holder = MmapFileMut.open(path);
    const late = await stoppedAfterOpen('locks/races#openExisting', path, 1, open);
    holder.remove();
    expect(await goOn(late)).toMatchObject({ code: 'ENOENT', syscall: 'open', path });
    expect(fs.existsSync(path)).toBe(false);
  },
);

whereProc.test('a file without a name can be opened deliberately, through /proc/self/fd', () => {
  const path = tempFile('nameless');
  const fd = fs.openSync(path, 'r+');
  onTestFinished(() => fs.closeSync(fd));
  fs.rmSync(path);
  using file = MmapFileMut.openExisting(`/proc/self/fd/${fd}`);
  expect(file.asBuffer().toString()).toBe('nameless');
  expect(file.stat().nlink).toBe(0);
});

test('processes that create, lock and remove one file never take it from each other', async () => {
  const path = tempFile();
  const said = await Promise.all(
    Array.from({ length: 3 }, () => hearProgram('locks/races#makeAndRemove', { args: [path] })),
  );
  expect(said).toEqual([[['no error']], [['no error']], [['no error']]]);
  expect(fs.existsSync(path)).toBe(false);
});

whereCallsAreTraced.test(
  'the loser of a race for a new file waits for it, and finds it as the winner left it',
  async () => {
    const path = tempFile();
    const loser = await stoppedAfterOpen('locks/races#waits', path, 3);
    const winner = MmapFileMut.open(path, { maxSize: 5 });
    winner.writeAll('mine!');
    const found = goOn(loser);
    winner.close();
    expect(await found).toEqual([5, 'mine!']);
  },
);

whereCallsAreTraced.test(
  'a new file that another process locks first is not removed by a loser that times out',
  async () => {
    await expectLoss('locks/races#givesUp', 3, { name: 'MmapLockError', code: 'ETIMEDOUT' });
  },
);

whereCallsAreTraced.test(
  'create of a file that another process locks first throws EEXIST',
  async () => {
    await expectLoss('locks/races#create', 2, { code: 'EEXIST' }); // the first opens its directory
  },
);
