import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { hearProgram, type ProgramOptions, type ProgramResult, runProgram } from './program.js';
import { tempDir } from './temp.js';

/** Turns the fault guard off: the same child then behaves as it would without fmmap. */
export const UNGUARDED = ['env', 'FMMAP_FAULT_GUARD=0'];

/** What `survive` returns where the guard works. */
export const SURVIVED = 'MmapFaultError truncated,MmapFaultError read-only';

/** Compiled once for all tests of a file: it takes longer than most of their children. */
let library: Buffer | undefined;

function compile(): Buffer {
  const source = fileURLToPath(new URL('foreign.c', import.meta.url));
  const output = join(tempDir(), 'foreign.node');
  // nodelete: it may be loaded in a thread that ends before its handlers are called.
  const flags = ['-O1', '-shared', '-fPIC', '-pthread', '-Wl,-z,nodelete'];
  execFileSync('cc', [...flags, '-o', output, source]);
  return fs.readFileSync(output);
}

/** A directory with the compiled library in it, in which children run. */
export function foreignDir(): string {
  const directory = tempDir();
  library ??= compile();
  fs.writeFileSync(join(directory, 'foreign.node'), library);
  return directory;
}

/** The directory with the library, unless the test has made one. */
const within = (options: ProgramOptions): ProgramOptions => ({
  ...options,
  cwd: options.cwd ?? foreignDir(),
});

/** Runs a program with the library, however it ends. */
export function foreign(program: string, options: ProgramOptions = {}): Promise<ProgramResult> {
  return runProgram(program, within(options));
}

/** Like `foreign`, but the program must succeed; returns what it said. */
export function hearForeign(program: string, options: ProgramOptions = {}): Promise<unknown[]> {
  return hearProgram(program, within(options));
}

/** How a child ended, including what the kernel reported. */
export interface Ended extends ProgramResult {
  /** The last signal that it received, with code and address. */
  readonly last: string | undefined;
  readonly hasDumped: boolean;
}

/** Runs a program as `foreign` does, with core dumps enabled, and reports how it ended. */
async function watch(program: string, options: ProgramOptions): Promise<Ended> {
  const log = join(tempDir(), 'strace.log');
  // No memory in the dump: only its existence matters.
  const dumps = 'ulimit -c "$(ulimit -H -c)" && echo 0 >/proc/self/coredump_filter && exec "$@"';
  const cores = ['sh', '-c', dumps, 'sh'];
  const strace = ['strace', '-f', '-q', '-o', log, '-e', 'trace=none'];
  const through = [...cores, ...strace, ...(options.through ?? [])];
  const result = await foreign(program, { ...options, through });
  const lines = fs.readFileSync(log, 'utf8').split('\n');
  const last = lines.findLast((line) => / --- SIG(BUS|SEGV|ABRT) /.test(line));
  return {
    ...result,
    last: last?.replace(/^\d+ +/, '').replace(/si_pid=\d+/, 'si_pid=some'),
    hasDumped: lines.some((line) => line.endsWith('(core dumped) +++')),
  };
}

/** Runs a program with the guard and without, expects no difference, and returns how it ended. */
export async function expectSame(program: string, options: ProgramOptions = {}): Promise<Ended> {
  const through = [...UNGUARDED, ...(options.through ?? [])];
  const [guarded, unguarded] = await Promise.all([
    watch(program, options),
    watch(program, { ...options, through }),
  ]);
  expect(guarded).toEqual(unguarded);
  return guarded;
}
