// What tests need that not every system has. A test that does not apply says why by one of these.
import { describe, test } from 'vitest';

export const isWindows: boolean = process.platform === 'win32';
export const isMacOS: boolean = process.platform === 'darwin';
/** Windows' programs, but neither its kernel nor its file systems: `scripts/windows` says so. */
const isWine: boolean = isWindows && process.env.FMMAP_WINE !== undefined;
export const windowsItself: boolean = isWindows && !isWine;

/** What the path of something below a file fails with. On Windows there is no such path, as for node:fs. */
export const BELOW_FILE: string = isWindows ? 'ENOENT' : 'ENOTDIR';
/** What a name that is too long fails with; on Windows as for node:fs. */
export const TOO_LONG: string = isWindows ? 'ENOENT' : 'ENAMETOOLONG';

/** How often to repeat what needs no particular number: each call to the system takes Wine many times as long. */
export const repeated = (rounds: number): number => (isWine ? rounds / 10 : rounds);
/** Whether reading a page brings only that one into memory: the kernel under Wine maps those around it, too. */
export const pagesComeAlone: boolean = !isWine;
/** Whether the name of a removed file is gone while others have it open: under Wine the last of them takes it along. */
export const namesGoAtOnce: boolean = !isWine;
/** Whether a private copy can become executable: Windows has no such memory. */
export const canExecuteCopies: boolean = !isWindows;

const unless = (isAbsent: boolean) => ({
  test: test.skipIf(isAbsent),
  describe: describe.skipIf(isAbsent),
});

export const everywhere = unless(false);
/** Where other programs can cut a file that is mapped: Windows refuses to (1224). */
export const whereFilesAreCut = unless(isWindows);
/** Where nothing can be stored between a placeholder and its view: Wine puts private memory there for a moment. */
export const whereViewsComeInOneStep = unless(isWine);
/** Where system calls can be made to fail or be counted (strace, or a library that is preloaded). */
export const whereCallsAreTraced = unless(isWindows);
/** Where the calls of the package can be made to fail by an addon in the same process. */
export const whereCallsCanFail = unless(!isWindows);
/** Where a handler can make the system report that a page cannot be read from its file. */
export const wherePagesCanBeLost = unless(!isWindows);
/** Where signals report faults. */
export const whereSignals = unless(isWindows);
/** Where files and directories have the permissions of POSIX, and processes can be another user. */
export const wherePermissions = unless(isWindows);
/** Where the system allows a process only so many areas of memory. */
export const whereAreasAreLimited = unless(isWindows);
/** Where a program can be started with limits (prlimit). */
export const whereLimits = unless(isWindows);
/** Where the kernel says what a process has open and mapped (/proc). */
export const whereProc = unless(isWindows);
/** Where any file has holes, and tells how much of it they are: on Windows one must ask for them. */
export const whereHolesAreCounted = unless(isWindows);
/** Where a file can be replaced while it is open: Windows replaces none that is mapped, and Wine none that is open. */
export const whereOpenFilesAreReplaced = unless(isWindows);
/** Where open(2) has flags, such as O_NOFOLLOW, and a descriptor tells how it was opened. */
export const whereFlagsOfOpen = unless(isWindows);
/** Where a file without a name, or with another one, can still be replaced and mapped. */
export const whereUnlinkedFilesAreMapped = unless(isWindows);
/** Where locks belong to descriptors, and can be taken by the program flock. */
export const whereFlock = unless(isWindows);
/** Where a shell can give a program a file as its standard input. */
export const whereStandardInputIsAFile = unless(isWindows);
/** Where the working directory of a process, or one with open files, can be renamed, removed, or too deep for a path. */
export const whereDirectoriesInUseMove = unless(isWindows);
/** Where tests can mount file systems. */
export const whereMounts = unless(isWindows);
/** Where anyone may make symbolic links: on Windows that takes a privilege. */
export const whereSymlinks = unless(isWindows);
/** Where there are special files with paths: devices, pipes and sockets. */
export const whereSpecialFiles = unless(isWindows);
/** Where names of files are any bytes: on Windows they are UTF-16. */
export const whereNamesAreBytes = unless(isWindows);
/** Where files can be mapped over WebAssembly memory. */
export const whereWasmMemory = unless(isWindows);
/** Where they cannot. */
export const withoutWasmMemory = unless(!isWindows);
/** Where the options that are only for Windows are refused. */
export const outsideWindows = unless(isWindows);
/** Where blocks can be reserved for a file: Wine cannot (120). */
export const whereBlocksAreReserved = unless(isWine);
/** Where there is all of madvise(2): Windows knows a part of it. */
export const whereMadvise = unless(isWindows);
/** Where a program can hold a lease on a file (fcntl). */
export const whereLeases = unless(isWindows);
/** Where large writes of pages that were not touched yet make system calls instead. */
export const whereWritesPassTheMap = unless(process.platform !== 'linux');

/** Tests that only one system can pass. Elsewhere each is printed with the reason. */
export function onlyOn(isThere: boolean) {
  return {
    test(name: string, reason: string, run: () => void): void {
      if (!isThere) console.log(`SKIPPED: ${name} (${reason})`);
      test.skipIf(!isThere)(name, run);
    },
  };
}
