#!/usr/bin/env node
// The command `fmmap`: what it understands, and what its help says. Each command is a file of `commands`.
import * as fs from 'node:fs';
import process from 'node:process';
import { URL } from 'node:url';
import { Command, CommanderError } from 'commander';
import * as args from './arguments.js';
import { bench } from './commands/bench.js';
import { evict } from './commands/evict.js';
import { hexdump } from './commands/hexdump.js';
import { lock } from './commands/lock.js';
import { prefetch } from './commands/prefetch.js';
import { residency } from './commands/residency.js';
import { search } from './commands/search.js';
import { stat } from './commands/stat.js';
import { problem, report } from './problems.js';
import { TYPES_HELP } from './types.js';

const { version } = JSON.parse(
  fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

const SIZES = `Sizes are in bytes: 4096, 0x1000, 64k or 64KiB (units of 1024), 64kB (units of
1000); likewise with m, g and t.`;

const program = new Command('fmmap')
  .description('show which parts of files are in memory, who locks them, and what they contain')
  .version(version)
  .helpCommand(false)
  .exitOverride()
  .configureOutput({
    // In one line: there may be a suggestion on a second one.
    outputError: (text) =>
      problem(
        text
          .replace(/^error: /, '')
          .trim()
          .replaceAll('\n', ' '),
      ),
  })
  .addHelpText(
    'after',
    `
"fmmap COMMAND --help" has details and examples.

Files are opened read-only and without a lock, so that programs that lock them
are not disturbed. stat, residency and lock do not change what is in memory;
hexdump, search and bench read in what they look at.

Exit codes: 0 for success, 2 after an error, with a line on standard error for
each. lock, search, prefetch and evict also use 1: see their help. Output to a
terminal has colours, unless NO_COLOR or FORCE_COLOR says otherwise.`,
  );

/** Adds a command; the exit code is what its action resolves with. */
function add<Args extends unknown[]>(
  usage: string,
  description: string,
  act: (...args: Args) => Promise<number>,
  help: string,
): Command {
  return program
    .command(usage)
    .description(description)
    .addHelpText('after', `\n${help}`)
    .action(async (...args) => {
      process.exitCode = await act(...(args as unknown as Args));
    });
}

add(
  'stat <file...>',
  'show what to know about a file before mapping it',
  stat,
  `Size, space on the disk, pages, how many of them are in memory, locks, and the
file system. Nothing is read in.

  fmmap stat tiles.bin
  fmmap stat --json *.bin | jq .residentBytes

Exit codes: 0, or 2 if a file cannot be examined.`,
).addOption(args.jsonOption());

add(
  'residency <file...>',
  'draw which parts of files are in memory (the page cache)',
  residency,
  `Nothing is read in or evicted. In the bar, a full block stands for a part that
is wholly in memory, a lighter one for a part that is partly in memory, and a
blank for a part that is not.
${SIZES}

  fmmap residency tiles.bin
  fmmap residency --watch 0.5 tiles.bin index.bin     # until Ctrl-C
  fmmap residency --json tiles.bin | jq '.resident[]' # offset and length

Exit codes: 0, or 2 if a file cannot be examined or the system does not tell: it
tells only those who own a file or may write to it. --watch runs until a signal
ends it; after Ctrl-C, a shell reports 130.`,
)
  .addOption(args.offsetOption())
  .addOption(args.lengthOption())
  .option('-w, --watch [seconds]', 'repeat, every second by default', args.seconds)
  .addOption(args.jsonOption());

add(
  'prefetch <file...>',
  'read files into memory',
  prefetch,
  `Reports how much was read in, and how much is in memory now.
${SIZES}

  fmmap prefetch tiles.bin
  fmmap prefetch --offset 4MiB --length 64m tiles.bin

Exit codes: 0 if all of it is in memory, 1 if a part is not, for lack of memory,
2 after an error.`,
)
  .addOption(args.offsetOption())
  .addOption(args.lengthOption())
  .addOption(args.jsonOption());

add(
  'evict <file...>',
  'drop files from memory (the page cache)',
  evict,
  `What is not on the disk yet is written there first; no program loses anything.
Pages that other processes have mapped stay in memory, as does everything on a
file system that is itself in memory (tmpfs). Linux 5.4 or newer, for those who
own a file or may write to it.
${SIZES}

  fmmap evict tiles.bin && time ./program tiles.bin   # with a cold file

Exit codes: 0 if none of it is in memory any more, 1 if a part is, 2 after an
error.`,
)
  .addOption(args.offsetOption())
  .addOption(args.lengthOption())
  .addOption(args.jsonOption());

add(
  'lock <file>',
  'show who holds locks on a file',
  lock,
  `One line per lock: process and command, kind, mode, first and last byte. The
kinds are flock, which fmmap uses; posix and ofd, both of fcntl; lease; and
delegation. The file is not even opened, since that might break a lease.
Linux only (/proc/locks). Processes of other users may not be visible.

  fmmap lock tiles.bin && echo busy

Exit codes: 0 if it is locked, 1 if it is not, 2 after an error.`,
).addOption(args.jsonOption());

add(
  'hexdump <file>',
  'show the bytes of a file, or values of a type',
  hexdump,
  `Without --type, the output is that of "hexdump -C". Lines that are equal to the
one before them are shown as a single *.
${SIZES}

Types: ${TYPES_HELP.replace(' u8', '\n      u8').replace(', ', ',\n      ')}
(le if it is left out). Any offset will do.

  fmmap hexdump --length 64 tiles.bin
  fmmap hexdump --type f64le --offset 0x1000 --columns 4 vectors.bin
  fmmap hexdump --type u8 --columns 8 --no-squeeze --length 1k tiles.bin

Exit codes: 0, or 2 after an error.`,
)
  .addOption(args.offsetOption())
  .addOption(args.lengthOption())
  .option('-t, --type <type>', 'show values of this type', args.type)
  .option(
    '-c, --columns <number>',
    'bytes or values per line (default: 16 bytes)',
    args.count(1024),
  )
  .option('--no-squeeze', 'also show lines that are equal');

add(
  'search <file> [pattern]',
  'print the offsets of text or bytes in a file',
  search,
  `Offsets are decimal and in order, one per line. Occurrences do not overlap.
Text is UTF-8.
${SIZES}

  fmmap search app.log 'out of memory'
  fmmap search --hex '50 4b 03 04' --max 1 archive.zip
  fmmap search app.log -- --force                # a pattern that starts with -

Exit codes: 0 if it was found, 1 if it was not, 2 after an error.`,
)
  .option('-x, --hex <bytes>', "bytes instead of a pattern, such as 'de ad be ef'")
  .option('-c, --count', 'print only the number of occurrences')
  .option('-m, --max <number>', 'stop after this many', args.count(Number.MAX_SAFE_INTEGER))
  .addOption(args.offsetOption())
  .addOption(args.lengthOption());

add(
  'bench <file>',
  'compare a map of a file with fs, on this machine',
  bench,
  `Reads up to 256 MiB of the file into memory, then reads from it in three ways,
through a map and with fs in turn, for a few seconds. Writing is measured on a
file of its own, in the same directory or else in that of temporary files. The
file itself is only read.

  fmmap bench tiles.bin

Exit codes: 0, or 2 after an error.`,
).addOption(args.jsonOption());

try {
  await program.parseAsync();
} catch (error) {
  // Commander has said what is wrong, or shown its help.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.exitCode = 2;
    report(error);
  }
}
