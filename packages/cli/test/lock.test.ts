import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MmapFile, MmapFileMut } from '@fmmap/core';
import { describe, expect, test } from 'vitest';
import { tempDir, tempFile } from '../../core/test/helpers/temp.js';
import { agreed, type Lock, parseLocks } from '../src/locks.js';
import {
  fmmap,
  objects,
  preload,
  type Running,
  run,
  said,
  shellCommand,
  start,
} from './helpers/run.js';

/** In a world of its own, in which anyone may mount. */
const ALONE = ['unshare', '--map-root-user', '--mount'];
const HOLD = fileURLToPath(new URL('programs/hold.py', import.meta.url));

async function hold(kind: 'posix' | 'ofd' | 'lease', path: string): Promise<Running> {
  const holder = start(['python3', HOLD, kind, path]);
  await holder.until(/held/);
  return holder;
}

describe('lock', () => {
  test('ends with 1 if there is none', async () => {
    const path = tempFile('x');
    const ran = { code: 1, stderr: '' };
    expect(await fmmap(['lock', path])).toEqual({
      ...ran,
      signal: null,
      stdout: `${path}: not locked\n`,
    });
    expect(await fmmap(['lock', '--json', path])).toMatchObject({
      ...ran,
      stdout: `${JSON.stringify({ path, isLocked: false, locks: [] })}\n`,
    });
  });

  test('says who holds the lock of a map, and how', async () => {
    const path = tempFile('x');
    const file = MmapFileMut.openExisting(path);
    const lock = { pid: process.pid, kind: 'flock', isWaiting: false, start: 0, end: null };
    expect(await objects('lock', '--json', path)).toMatchObject([
      { path, isLocked: true, locks: [{ ...lock, mode: 'exclusive' }] },
    ]);
    const command = fs.readFileSync('/proc/self/comm', 'utf8').trim();
    expect(await said('lock', path)).toBe(
      `${process.pid} (${command}) holds flock exclusive 0-EOF\n`,
    );
    file.close();
    using shared = MmapFile.open(path);
    expect(await objects('lock', '--json', path)).toMatchObject([
      { locks: [{ ...lock, mode: 'shared' }] },
    ]);
    expect(shared.lockState).toBe('shared');
  });

  test('says who waits for it', async () => {
    const path = tempFile('x');
    using file = MmapFile.open(path);
    const waiting = start(['flock', '--exclusive', path, 'true']);
    // The kernel lists it once it waits.
    let locks: { isWaiting: boolean }[] = [];
    while (locks.length < 2) {
      const [found] = await objects('lock', '--json', path);
      locks = found?.locks as typeof locks;
    }
    expect(locks).toMatchObject([
      { pid: process.pid, mode: 'shared', isWaiting: false },
      { pid: waiting.pid, command: 'flock', mode: 'exclusive', isWaiting: true },
    ]);
    expect(await said('lock', path)).toContain(
      `${waiting.pid} (flock) waits for flock exclusive 0-EOF\n`,
    );
    expect(file.lockState).toBe('shared');
  });

  test('knows the ranges of fcntl, and whose they are', async () => {
    const path = tempFile('x');
    const posix = await hold('posix', path);
    const ofd = await hold('ofd', path);
    const [found] = await objects('lock', '--json', path);
    const locks = found?.locks as { kind: string }[];
    expect(locks.sort((a, b) => (a.kind < b.kind ? -1 : 1))).toMatchObject([
      { pid: ofd.pid, command: 'python3', kind: 'ofd', mode: 'shared', start: 100, end: null },
      { pid: posix.pid, command: 'python3', kind: 'posix', mode: 'exclusive', start: 5, end: 14 },
    ]);
    expect(await said('lock', path)).toContain(
      `${posix.pid} (python3) holds posix exclusive 5-14\n`,
    );
  });

  test('breaks no lease', async () => {
    const path = tempFile('x');
    const holder = await hold('lease', path);
    const lease = [{ pid: holder.pid, kind: 'lease', mode: 'exclusive' }];
    for (const _ of [1, 2]) {
      expect(await objects('lock', '--json', path)).toMatchObject([
        { isLocked: true, locks: lease },
      ]);
    }
    holder.end();
    expect(await holder.done).toMatchObject({ code: 0, signal: null });
  });

  test('finds those who have a lock from a process that has ended', async () => {
    const path = tempFile('x');
    // flock(1) locks the file of the shell, and ends.
    const shell = start(['sh', '-c', 'exec 9<>"$0"; flock 9; echo "held $$"; read -r _', path]);
    const [, pid] = /held (\d+)/.exec(await shell.until(/held \d+/)) ?? [];
    const [found] = await objects('lock', '--json', path);
    expect(found).toMatchObject({ locks: [{ pid: Number(pid), command: 'sh', kind: 'flock' }] });
  });

  test('does not mistake another file for this one', async () => {
    const [path, other] = [tempFile('x'), tempFile('x')];
    using _ = MmapFile.open(other);
    expect(await fmmap(['lock', path])).toMatchObject({ code: 1 });
    const link = `${other}.link`;
    fs.symlinkSync(other, link);
    expect(await fmmap(['lock', link])).toMatchObject({ code: 0 });
  });

  test('needs no permission to read the file', async () => {
    const path = tempFile('x');
    using _ = MmapFile.open(path);
    fs.chmodSync(path, 0);
    const { code, stdout } = await fmmap(['lock', path], { asNobody: true });
    expect(code).toBe(0);
    expect(stdout).toContain(`${process.pid} `);
  });

  test.each(['darwin', 'win32'])('says that it is not known on %s', async (platform) => {
    const options = { flags: preload('elsewhere'), env: { FMMAP_PLATFORM: platform } };
    const path = tempFile('x');
    expect(await fmmap(['lock', path], options)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `fmmap: ${path}: who holds a lock is known only on Linux, with /proc mounted\n`,
    });
    const facts = await fmmap(['stat', '--json', path], options);
    expect(JSON.parse(facts.stdout)).toMatchObject({ locks: null });
    expect((await fmmap(['stat', path], options)).stdout).toMatch(
      /locks +unknown: known only on Linux/,
    );
  });
});

test('finds locks on a file system of layers, whose numbers are not those of stat', async () => {
  const [lower, above] = [tempDir(), tempDir()];
  fs.writeFileSync(`${lower}/file`, 'x');
  const script = `
    mount -t tmpfs none '${above}' && cd '${above}' && mkdir upper work merged &&
    mount -t overlay -o 'lowerdir=${lower},upperdir=upper,workdir=work' none merged &&
    exec 9<merged/file && flock 9 && ${shellCommand(['lock', 'merged/file'])}`;
  const ran = await run([...ALONE, 'sh', '-c', script]);
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  expect(ran.stdout).toMatch(/^\d+ \(sh\) holds flock exclusive 0-EOF\n$/);
});

test('lines of the kernel', () => {
  const text = [
    '1: FLOCK  ADVISORY  WRITE 10 08:01:77 0 EOF',
    '1: -> FLOCK  ADVISORY  READ 11 08:01:77 0 EOF',
    '1:  -> POSIX  ADVISORY  READ 12 08:01:77 5 9',
    '2: OFDLCK ADVISORY  READ  -1 08:01:77 0 0',
    '3: LEASE  BREAKING  UNLCK 13 08:01:77 0 EOF',
    '4: FLOCK  ADVISORY  WRITE 14 08:01:777 0 EOF',
    '5: FLOCK  ADVISORY  WRITE 15 <none>:0 0 EOF',
    'lock:\t6: DELEG  ACTIVE    READ  0 08:01:77 0 EOF',
    'pos:\t0',
    '',
  ].join('\n');
  const all = { isWaiting: false, start: 0 };
  expect(parseLocks(text, '08:01:77')).toEqual([
    { ...all, pid: 10, kind: 'flock', mode: 'exclusive' },
    { ...all, pid: 11, kind: 'flock', mode: 'shared', isWaiting: true },
    { ...all, pid: 12, kind: 'posix', mode: 'shared', isWaiting: true, start: 5, end: 9 },
    { ...all, kind: 'ofd', mode: 'shared', end: 0 },
    { ...all, pid: 13, kind: 'lease', mode: 'shared' },
    { ...all, kind: 'delegation', mode: 'shared' },
  ]);
});

test('a lock that the list of the kernel has twice, or not at all, for a moment is shown once', () => {
  const lock: Lock = { pid: 1, kind: 'flock', mode: 'shared', isWaiting: false, start: 0 };
  const readings = [[lock, lock], [], [lock], [lock], []];
  expect(agreed(() => readings.shift() ?? [])).toEqual([lock]);
});

test('a list that changes all the time is read only so often', () => {
  let pid = 0;
  const [last] = agreed(() => [
    { pid: ++pid, kind: 'flock', mode: 'shared', isWaiting: false, start: 0 },
  ]);
  expect(last).toMatchObject({ pid });
  expect(pid).toBe(20);
});
