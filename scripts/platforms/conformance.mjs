// Where Bun and Deno are not as Node is: the tests of core that fail there, and why. `npm run platforms` writes it into
// docs/platforms.md, and `npm run test:platforms -- --all` checks that no other tests fail, and that these still do.

/** The tests of core that are run there, by folder or file: not those of how processes and threads end, and of disks. */
export const TESTS = [
  ...['api', 'closing', 'copying', 'cursors', 'locks', 'memory', 'opening', 'removal', 'values'],
  ...['views', 'wasm', 'faults/between-files', 'faults/last-page', 'faults/operations'],
  ...['threads/attach', 'threads/midway'],
];

const COUNTED = {
  what: 'the engine counts views of a file as memory of its own, and may collect garbage because of large ones; a warning says so',
  tests:
    /views\.test\.ts > views .* are (reported|counted)|model\.test\.ts > .*without a copy on the heap|garbage\.test\.ts > with 400 MB/,
};

const STATS = {
  what: 'what `stat()` returns has other properties of its own than what `fs` returns, with the same values',
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
      what: 'what cannot be cloned gets the error of the engine, which does not name `share()`',
      tests: /misuse\.test\.ts > .* cannot be cloned/,
    },
    {
      what: 'a file that was dropped without `close()` may be kept by the collector, which takes numbers on the stack for references',
      tests: /dropped\.test\.ts > a dropped file whose/,
      sometimes: true,
    },
    {
      what: 'memory that the engine reserves for files is limited, and freed late: those of 256 GiB, and many at a time, fail with ENOMEM',
      tests: /inspect\.test\.ts > a file whose new size cannot be mapped/,
    },
    {
      what: 'errors of WebAssembly have other messages',
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
      what: 'a current directory with a path of more than 4 KiB cannot be left',
      tests: /paths\.test\.ts > .* in one whose path is too long/,
    },
    {
      what: 'it opens descriptors of its own when it first starts a program, which tests take for a leak',
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
      what: '`crypto.randomFill()` rejects without a handler when its view is detached meanwhile, which ends the process',
      tests: /in-flight\.test\.ts > close with detachOnClose/,
    },
    {
      what: 'a file that grows beyond `ulimit -f` ends the process with SIGXFSZ, which Node ignores',
      tests: /under ulimit -f$|exceeds the limit on file sizes/,
    },
    {
      what: '`fs` does not find files whose names are not UTF-8, which this library opens',
      tests: /any bytes|names its file byte for byte/,
    },
    {
      what: 'what a thread has open is closed some time after `worker.terminate()` has resolved',
      tests: /descriptor\.test\.ts > threads open/,
      sometimes: true,
    },
    {
      what: 'it syncs files of its own at times, which a test takes for ours',
      tests: /close\.test\.ts > a close whose sync fails/,
      sometimes: true,
    },
    {
      what: '`parentPort.close()` is missing, with which a thread can end by itself',
      tests: /wasm\/faults\.test\.ts > a thread that ends removes its files/,
    },
    {
      what: 'dropped memories of WebAssembly, and the files in them, may be kept by the collector',
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
