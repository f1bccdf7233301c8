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

const SIZES = `Sizes are in bytes: 4096, 0x1000, 64k or 64KiB (of 1024 each), 64kB (of 1000
each); likewise with m, g and t.`;

const program = new Command('fmmap')
  .description('what of files is in memory, who holds locks on them, and what is in them')
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
"fmmap COMMAND --help" says more, with examples.

Files are opened read-only and without a lock, so that no program that locks
them is disturbed. stat, residency and lock change nothing of what is in memory;
hexdump, search and bench read in what they look at.

Exit codes: 0 if all is well, 2 after an error, with a line on standard error
for each. lock, search, prefetch and evict also have 1: see their help. Output
has colours on terminals, unless NO_COLOR or FORCE_COLOR says otherwise.`,
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
  'say what is worth knowing before a file is mapped',
  stat,
  `Size, space on the disk, pages, how many of them are in memory, locks, and the
file system. Nothing is read in.

  fmmap stat tiles.bin
  fmmap stat --json *.bin | jq .residentBytes

Exit codes: 0, or 2 if a file cannot be looked at.`,
).addOption(args.jsonOption());

add(
  'residency <file...>',
  'draw which parts of files are in memory (the page cache)',
  residency,
  `Nothing is read in or evicted. In the bar, a full block is a part that is wholly
in memory, a lighter one is partly there, and a blank is not there at all.
${SIZES}

  fmmap residency tiles.bin
  fmmap residency --watch 0.5 tiles.bin index.bin     # until Ctrl-C
  fmmap residency --json tiles.bin | jq '.resident[]' # offset and length

Exit codes: 0, or 2 if a file cannot be looked at, or the system does not say:
it tells only those who own a file or may write to it. --watch goes on until a
signal ends it, by which a shell gives it 130 after Ctrl-C.`,
)
  .addOption(args.offsetOption())
  .addOption(args.lengthOption())
  .option('-w, --watch [seconds]', 'look again and again, each second by default', args.seconds)
  .addOption(args.jsonOption());

add(
  'prefetch <file...>',
  'read files into memory',
  prefetch,
  `Says how much was read in, and how much is in memory now.
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
  'make the system forget what it has of files in memory',
  evict,
  `What is not on the disk yet is written there first; no program loses anything.
Pages that other processes use by maps stay in memory, and so does all of a file
system that is in memory (tmpfs). Linux 5.4 or newer, for those who own a file
or may write to it.
${SIZES}

  fmmap evict tiles.bin && time ./program tiles.bin   # with a cold file

Exit codes: 0 if nothing of it is in memory any more, 1 if a part is, 2 after an
error.`,
)
  .addOption(args.offsetOption())
  .addOption(args.lengthOption())
  .addOption(args.jsonOption());

add(
  'lock <file>',
  'say who holds locks on a file',
  lock,
  `A line for each: process and command, kind, mode, and the first and the last
byte. Kinds are flock, which fmmap uses, posix and ofd, both of fcntl, lease and
delegation. The file is not even opened, which might break a lease.
Linux only (/proc/locks). Which process of another user it is may be unknown.

  fmmap lock tiles.bin && echo busy

Exit codes: 0 if it is locked, 1 if it is not, 2 after an error.`,
).addOption(args.jsonOption());

add(
  'hexdump <file>',
  'show the bytes of a file, or values of a type',
  hexdump,
  `Without --type, the output is that of "hexdump -C". A line that is equal to the
one before it is shown as *, and so are those after it.
${SIZES}

Types: ${TYPES_HELP.replace(' u8', '\n      u8').replace(', ', ',\n      ')}
(le if it is left out). The offset may be any.

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
    'bytes or values in a line (default: 16 bytes)',
    args.count(1024),
  )
  .option('--no-squeeze', 'show equal lines, too');

add(
  'search <file> [pattern]',
  'print the offsets of text or bytes in a file',
  search,
  `Offsets are decimal and in order, one in a line. Occurrences do not overlap.
Text is UTF-8.
${SIZES}

  fmmap search app.log 'out of memory'
  fmmap search --hex '50 4b 03 04' --max 1 archive.zip
  fmmap search app.log -- --force                # a pattern that starts with -

Exit codes: 0 if it was found, 1 if it was not, 2 after an error.`,
)
  .option('-x, --hex <bytes>', "bytes in place of the pattern, such as 'de ad be ef'")
  .option('-c, --count', 'print only how many there are')
  .option('-m, --max <number>', 'stop after so many', args.count(Number.MAX_SAFE_INTEGER))
  .addOption(args.offsetOption())
  .addOption(args.lengthOption());

add(
  'bench <file>',
  'compare a map of a file with fs, on this machine',
  bench,
  `Reads up to 256 MiB of the file into memory, then reads from it in three ways,
by a map and by fs in turn, for a few seconds. Writing is measured on a file of
its own, beside the file or else where temporary files are. The file is only
read.

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
