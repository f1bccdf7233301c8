// Where Bun and Deno are not as Node is: the tests of core that fail there, and why. `npm run platforms` writes it into
// docs/platforms.md, and `npm run test:platforms -- --all` checks that no other tests fail, and that these still do.

/** The tests of core that are run there, by folder or file: not those of how processes and threads end, and of disks. */
export const TESTS = [
  ...['api', 'closing', 'copying', 'cursors', 'locks', 'memory', 'opening', 'removal', 'values'],
  ...['views', 'wasm', 'faults/between-files', 'faults/last-page', 'faults/operations'],
  ...['threads/attach', 'threads/midway'],
];

const COUNTED = {
  what: 'the engine counts views of a file as its own memory, and may collect garbage because of large ones; a warning says so',
  tests:
    /views\.test\.ts > views .* are (reported|counted)|model\.test\.ts > .*without a copy on the heap|garbage\.test\.ts > with 400 MB/,
};

const STATS = {
  what: 'the result of `stat()` has the same values as that of `fs`, but not the same own properties',
  tests: /advice\.test\.ts > stat (returns what fs\.fstat|describes the open file)/,
};

/** By runtime. `tests` are those whose file and name match; those that fail only `sometimes` may also pass. */
export const DIFFERENCES = {
  Bun: [
    COUNTED,
    STATS,
    {
      what: 'a view cannot be transferred to another thread; it can be cloned',
      tests: /views\.test\.ts > (.* is transferred alone|.* was moved|.* move to another thread)/,
    },
    {
      what: 'cloning what cannot be cloned throws the error of the engine, which does not mention `share()`',
      tests: /misuse\.test\.ts > .* cannot be cloned/,
    },
    {
      what: 'the collector may keep a file that was dropped without `close()`, because it mistakes numbers on the stack for references',
      tests: /dropped\.test\.ts > a dropped file whose/,
      sometimes: true,
    },
    {
      what: 'the memory that the engine can reserve for files is limited, and freed late: a file of 256 GiB, or many files at a time, fail with ENOMEM',
      tests: /inspect\.test\.ts > a file whose new size cannot be mapped/,
    },
    {
      what: 'errors of WebAssembly have different messages',
      tests: /wasm\/faults\.test\.ts > code.* (that loads what another process|still traps)/,
    },
    {
      what: 'stores of WebAssembly into a read-only file are also noticed between `memory.grow()` and the next call of `mapInto()`',
      tests:
        /wasm\/range\.test\.ts > (a memory that is grown by the program|bytes of a vanished page)/,
    },
    {
      what: '`util.getSystemErrorMap()` lacks EMULTIHOP',
      tests: /error-names\.test\.ts > every error of the system/,
    },
    {
      what: 'a program cannot leave a current directory whose path is longer than 4 KiB',
      tests: /paths\.test\.ts > .* in one whose path is too long/,
    },
    {
      what: 'it opens descriptors of its own when it first starts a program, which tests mistake for a leak',
      tests: /removal\/(forbidden|mounts)\.test\.ts > /,
      sometimes: true,
    },
  ],
  Deno: [
    COUNTED,
    STATS,
    {
      what: 'a view that was transferred to another thread ends the process with SIGSEGV when the thread that it came from has ended',
      tests: /views\.test\.ts > a view that was moved to another thread outlives/,
    },
    {
      what: '`crypto.randomFill()` causes an unhandled rejection if its view is detached meanwhile, which ends the process',
      tests: /in-flight\.test\.ts > close with detachOnClose/,
    },
    {
      what: 'a file that grows beyond `ulimit -f` ends the process with SIGXFSZ, which Node ignores',
      tests: /under ulimit -f$|exceeds the limit on file sizes/,
    },
    {
      what: '`fs` does not find files whose names are not UTF-8; fmmap opens them',
      tests: /any bytes|names its file byte for byte/,
    },
    {
      what: 'files that a thread has open are closed some time after `worker.terminate()` has resolved',
      tests: /descriptor\.test\.ts > threads open/,
      sometimes: true,
    },
    {
      what: 'it sometimes syncs files of its own, which a test mistakes for ours',
      tests: /close\.test\.ts > a close whose sync fails/,
      sometimes: true,
    },
    {
      what: '`parentPort.close()`, by which a thread can end itself, is missing',
      tests: /wasm\/faults\.test\.ts > a thread that ends removes its files/,
    },
    {
      what: 'the collector may keep dropped WebAssembly memories, and the files in them',
      tests: /wasm\/memory\.test\.ts > nothing is left of dropped memories/,
    },
  ],
};

/** Characters of what a test says that fails. */
const MOST_SHOWN = 2000;

/**
 * What is wrong with the results of a run, as vitest's JSON has them: tests that fail and should not, and the other way round.
 * @returns {string[]}
 */
export function problemsOf({ testResults }, differences) {
  const failed = testResults.flatMap(({ name, message, status, assertionResults }) => {
    const file = name.split('/packages/core/')[1];
    const tests = assertionResults.filter((each) => each.status === 'failed');
    if (status === 'failed' && tests.length === 0) return [{ test: file, why: message }];
    return tests.map(({ fullName, failureMessages }) => ({
      test: `${file} > ${fullName}`,
      why: failureMessages.join('\n').slice(0, MOST_SHOWN),
    }));
  });
  return [
    ...failed
      .filter(({ test }) => !differences.some(({ tests }) => tests.test(test)))
      .map(({ test, why }) => `${test}: ${why}`),
    ...differences
      .filter(({ tests, sometimes }) => !sometimes && !failed.some(({ test }) => tests.test(test)))
      .map(({ tests }) => `${tests} no longer fails`),
  ];
}
