import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MmapFileMut } from '../../src/index.js';
import { hear, type RunningChild, startChild } from '../helpers/child.js';
import { turn } from '../helpers/process.js';
import { tempFile } from '../helpers/temp.js';

/**
 * Runs `source` in a child that is stopped behind its `when`-th open(2) of the path or in its directory, before it can
 * take the lock; ends when it has opened it.
 */
async function stoppedAfterOpen(source: string, path: string, when: number) {
  const inject = `inject=openat:signal=SIGSTOP:when=${when}`;
  const paths = ['-P', path, '-P', dirname(path)];
  const through = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', inject, ...paths];
  const child = startChild(`say(process.pid); ${source}`, { args: [path], through });
  const pid = (await child.said()) as number;
  onTestFinished(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {} // it has ended
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

async function goOn({ child, pid }: { child: RunningChild; pid: number }): Promise<unknown> {
  process.kill(pid, 'SIGCONT');
  return child.said();
}

test('a new file that somebody else locks first stays theirs: the loser does not remove it', async () => {
  const path = tempFile();
  const loser = await stoppedAfterOpen(
    'say(caught(() => MmapFileMut.open(args[0], { maxSize: 100 })));',
    path,
    3, // the first finds nothing, the second is its directory
  );
  using winner = MmapFileMut.open(path, { maxSize: 5 });
  winner.writeAll('mine!');
  expect(await goOn(loser)).toMatchObject({ name: 'MmapLockError', code: 'EWOULDBLOCK' });
  expect(fs.readFileSync(path, 'utf8')).toBe('mine!');
  winner.remove();
});

test('open of a file that is removed before its lock is free makes a new one', async () => {
  const path = tempFile('old');
  const holder = MmapFileMut.open(path);
  const late = await stoppedAfterOpen(
    `const file = MmapFileMut.open(args[0], { maxSize: 3 });
     file.writeAll('new');
     say(file.stat().nlink);`,
    path,
    1,
  );
  holder.remove();
  expect(await goOn(late)).toBe(1);
  expect(fs.readFileSync(path, 'utf8')).toBe('new');
});

test.each(['MmapFileMut.openExisting', 'MmapFile.open', 'MmapFileMut.openCow'])(
  '%s of a file that is removed before its lock is free is ENOENT',
  async (open) => {
    const path = tempFile('old');
    const holder = MmapFileMut.open(path);
    const late = await stoppedAfterOpen(`say(caught(() => ${open}(args[0])));`, path, 1);
    holder.remove();
    expect(await goOn(late)).toMatchObject({ code: 'ENOENT', syscall: 'open', path });
    expect(fs.existsSync(path)).toBe(false);
  },
);

test('a file without a name can be opened on purpose, through /proc/self/fd', () => {
  const path = tempFile('nameless');
  const fd = fs.openSync(path, 'r+');
  onTestFinished(() => fs.closeSync(fd));
  fs.rmSync(path);
  using file = MmapFileMut.openExisting(`/proc/self/fd/${fd}`);
  expect(file.asBuffer().toString()).toBe('nameless');
  expect(file.stat().nlink).toBe(0);
});

test('processes that make, lock and remove one file never take it from each other', async () => {
  const path = tempFile();
  const source = `
    const seen = new Set();
    for (let round = 0; round < 1000; ++round) {
      let file;
      try { file = MmapFileMut.open(args[0], { maxSize: 8 }); }
      catch (error) { seen.add(error.code); continue; }
      seen.add(caught(() => file.remove()));
    }
    seen.delete('EWOULDBLOCK');
    say([...seen]);`;
  const said = await Promise.all(Array.from({ length: 3 }, () => hear(source, { args: [path] })));
  expect(said).toEqual([[['no error']], [['no error']], [['no error']]]);
  expect(fs.existsSync(path)).toBe(false);
});

test('who loses a new file of theirs waits for it, and finds it as the winner has left it', async () => {
  const path = tempFile();
  const loser = await stoppedAfterOpen(
    `const file = MmapFileMut.open(args[0], { maxSize: 100, lockTimeout: 20_000 });
     say([file.length, file.asBuffer().toString()]);`,
    path,
    3,
  );
  const winner = MmapFileMut.open(path, { maxSize: 5 });
  winner.writeAll('mine!');
  const found = goOn(loser);
  winner.close();
  expect(await found).toEqual([5, 'mine!']);
});

test('a new file that somebody else locks first stays theirs also where its time is over', async () => {
  const path = tempFile();
  const loser = await stoppedAfterOpen(
    'say(caught(() => MmapFileMut.open(args[0], { maxSize: 100, lockTimeout: 5 })));',
    path,
    3,
  );
  using winner = MmapFileMut.open(path, { maxSize: 5 });
  winner.writeAll('mine!');
  expect(await goOn(loser)).toMatchObject({ name: 'MmapLockError', code: 'ETIMEDOUT' });
  expect(fs.readFileSync(path, 'utf8')).toBe('mine!');
});

test('create of a file that somebody else locks first is theirs, and so there already', async () => {
  const path = tempFile();
  const loser = await stoppedAfterOpen(
    'say(caught(() => MmapFileMut.create(args[0], { maxSize: 100, lockTimeout: 20_000 })));',
    path,
    2, // the first is its directory
  );
  using winner = MmapFileMut.open(path, { maxSize: 5 });
  winner.writeAll('mine!');
  expect(await goOn(loser)).toMatchObject({ code: 'EEXIST' });
  expect(fs.readFileSync(path, 'utf8')).toBe('mine!');
});
