// What tests need that not every system has. A test that does not apply says why by one of these.
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';

export const isWindows: boolean = process.platform === 'win32';

/** `test` and `describe` that run where the condition holds. */
const where = (holds: boolean) => ({ test: test.runIf(holds), describe: describe.runIf(holds) });

/** Whether links can be made: Windows asks for a privilege, and Wine only pretends to make them. */
function canLink(): boolean {
  const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-link-'));
  try {
    fs.symlinkSync('nowhere', join(directory, 'link'));
    return fs.lstatSync(join(directory, 'link')).isSymbolicLink();
  } catch {
    return false;
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** `test` and `describe` where other programs can cut a file that is mapped: Windows refuses to (1224). */
export const whereFilesAreCut = where(!isWindows);
/** Where system calls can be made to fail or be counted (strace). */
export const whereCallsAreTraced = where(!isWindows);
/** Where signals report faults. */
export const whereSignals = where(!isWindows);
/** Where other file systems can be mounted for a test. */
export const whereFileSystemsAreMounted = where(!isWindows);
/** Where a process can be given limits (prlimit). */
export const whereLimitsAreSet = where(!isWindows);
/** Where a file that is mapped can lose its name to another one, or be unlinked: Windows refuses both (5). */
export const whereMappedFilesAreReplaced = where(!isWindows);
/** Where symbolic links can be made. */
export const whereLinksAreMade = where(canLink());
/** Where names of files need not be Unicode. */
export const whereNamesAreBytes = where(!isWindows);
/** Where files have the permissions of POSIX. */
export const wherePermissionsArePosix = where(!isWindows);
/** Where locks are those of flock(2), which other programs take, too. */
export const whereFlock = where(!isWindows);
/** Where files can be mapped into WebAssembly memory. */
export const whereWasmIsMapped = where(!isWindows);
/** Where the system tells what a process has mapped and open (/proc/self). */
export const whereMappingsAreDescribed = where(!isWindows);
/** Where blocks can be reserved for a file: Wine cannot (120). */
export const whereBlocksAreReserved = where(!isWindows);
/** Where a program can hold a lease on a file (fcntl). */
export const whereLeases = where(!isWindows);
