import { expect, test } from 'vitest';
import { runProgram, tempDir } from './helpers/program.js';

/** Whatever takes longer is a hang. */
const TIMEOUT = 60_000;
const FLAVOURS = ['node', 'worker', 'stream'];

/** Runs a program, which must end by itself, successfully and without findings. */
async function run(name: string, args: readonly string[], calls?: string): Promise<void> {
  const directory = tempDir();
  // Delays a system call: `mmap` of the file, or any other call.
  const [call = ''] = calls?.split(':') ?? [];
  const only = call === 'mmap' ? ['-P', `${directory}/file`] : [];
  const slow = [...only, '-e', `trace=${call}`, '-e', `inject=${calls}`];
  const through = calls ? ['strace', '-f', '-qq', '-o', '/dev/null', ...slow] : [];
  const end = await runProgram(`at-once/${name}`, directory, args, { through, timeout: TIMEOUT });
  const { code, signal, stdout } = end;
  expect({ code, signal, stdout }, end.stderr).toEqual({ code: 0, signal: null, stdout: '[]' });
}

const LIMIT = TIMEOUT + 10_000;

test.each(['checkFault', 'all'])(
  'workers are terminated in the middle of %s',
  async (operations) => {
    await run('ended-worker', ['node', operations]);
  },
  LIMIT,
);

test.each(FLAVOURS)(
  'a thread attaches and truncates while it waits for stat of @fmmap/%s',
  async (flavour) => {
    await run('stat-and-attach', [flavour]);
  },
  LIMIT,
);

test.each(FLAVOURS)(
  'reads and writes while a file is reopened by @fmmap/%s',
  async (flavour) => {
    await run('reopen', [flavour]);
  },
  LIMIT,
);

test(
  'reads and writes while a file with attached handles is reopened',
  async () => {
    await run('reopen', ['node', '16', '60', 'shared']);
  },
  LIMIT,
);

test(
  'a thread attaches before a pending change is made',
  async () => {
    await run('attach-before-change', []);
  },
  LIMIT,
);

test(
  'no lock is inherited by processes that other threads start',
  async () => {
    await run('spawning', []);
  },
  LIMIT,
);

test.each(
  ['lock', 'lockShared'].flatMap((method) =>
    ['release', 'terminate', 'exit'].map((ending) => [method, ending] as const),
  ),
)(
  'a thread waits in %s for the lock of another process, until: %s',
  async (method, ending) => {
    await run('lock-waits', ['node', method, ending]);
  },
  LIMIT,
);

test.each(FLAVOURS)(
  'lock() of @fmmap/%s finishes in time while a thread waits',
  async (flavour) => {
    await run('lock-waits', [flavour]);
  },
  LIMIT,
);

test.each([
  ['flush', 'msync'],
  ['truncate', 'ftruncate'],
  ['writeToNewFile', 'copy_file_range'],
  ['remove', 'unlinkat'],
  ['lockMemory', 'mlock2'],
])(
  'the event loop does not wait for %s while %s waits for a disk',
  // A machine may stall for as long; a loop that waits does so each time.
  { timeout: LIMIT, retry: 2 },
  async (operation, call) => {
    await run('slow-disk', ['node', operation], `${call}:delay_enter=3000000`);
  },
);

test.each([
  ['node', 'the requesting thread ends'],
  ['worker', 'the pool thread ends'],
])(
  'while a window is mapped by @fmmap/%s, %s',
  async (flavour) => {
    await run('ended-pool-thread', [flavour], 'mmap:delay_exit=500000');
  },
  LIMIT,
);

test.each(FLAVOURS)(
  'writes while a file is frozen by @fmmap/%s',
  async (flavour) => {
    await run('freeze', [flavour]);
  },
  LIMIT,
);

test(
  'a forged token attaches to nothing',
  async () => {
    await run('forged-token', []);
  },
  LIMIT,
);

test.each(FLAVOURS)(
  'tasks take turns with the lock of one handle of @fmmap/%s',
  async (flavour) => {
    await run('mutex', [flavour]);
  },
  LIMIT,
);
