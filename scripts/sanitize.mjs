// Builds the addon with a sanitizer of g++, and runs the programs and tests most likely to find a bug:
// `node scripts/sanitize.mjs address|thread [SEED]`. Exits with 1 if anything was found.
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import './certificates.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const [kind, seed] = process.argv.slice(2);
const here = (name) => resolve('test/sanitizers', name);
const logs = fs.mkdtempSync(join(tmpdir(), 'fmmap-sanitize-'));
const failures = [];

/** Leaves faults to the addon's own handlers. */
const SIGNALS = ['handle_segv=0', 'handle_sigbus=0', 'allow_user_segv_handler=1'];
const options = (...list) => [...SIGNALS, ...list, `log_path=${join(logs, kind)}`].join(':');

const SANITIZERS = {
  address: {
    flags: ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'],
    wrapped: ['munlock'],
    libraries: ['libasan.so', 'libubsan.so'],
    env: {
      ASAN_OPTIONS: options('detect_leaks=0'), // Node frees little before it exits
      UBSAN_OPTIONS: options('halt_on_error=1', 'print_stacktrace=1'),
    },
    isOurs: () => true,
    through: [],
    run() {
      torture();
      edges();
      if (process.env.FMMAP_LONG) tests();
      matrix();
    },
  },
  thread: {
    flags: ['-fsanitize=thread'],
    wrapped: ['munlock', 'mmap', 'mmap64', 'memchr', 'memmem'],
    libraries: ['libtsan.so'],
    env: {
      // The longest history; otherwise it often does not know what the other thread did.
      TSAN_OPTIONS: options(
        'history_size=7',
        'exitcode=0', // its reports decide instead
        `suppressions=${here('thread.suppressions')}`,
      ),
    },
    isOurs,
    // With the address randomization of newer kernels, mappings may collide with its shadow memory.
    through: ['setarch', '--addr-no-randomize'],
    run: torture,
  },
};
const { flags, wrapped, libraries, env, through, run } = SANITIZERS[kind];
const addon = resolve('native/sanitized', kind);

try {
  build();
  run();
  for (const log of fs.readdirSync(logs)) {
    const text = fs.readFileSync(join(logs, log), 'utf8');
    const reports = text.split(/^=+$/m).filter(SANITIZERS[kind].isOurs);
    if (reports.length === 0) continue;
    console.log(reports.join('='.repeat(18)));
    failures.push('the sanitizer found what is printed above');
  }
} finally {
  fs.rmSync(logs, { recursive: true });
}
for (const failure of failures) console.log(`FAILED: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** Whether a ThreadSanitizer report is about an access by the addon, not by the engine alone. */
function isOurs(report) {
  if (!report.includes(': data race')) return report.includes('fmmap.node');
  const access = / of size \d+ at .*\n(?: +#\d+ .*\(libtsan\.so.*\n)* +#\d+ .*\(fmmap\.node/;
  return access.test(report);
}

/** Builds the sources of `native` in a separate folder. */
function build() {
  fs.mkdirSync(addon, { recursive: true });
  fs.copyFileSync('native/src/binding.gyp', join(addon, 'binding.gyp'));
  for (const name of ['binding', 'mapping', 'platform']) {
    fs.rmSync(join(addon, name), { force: true });
    fs.symlinkSync(join('../../src', name), join(addon, name));
  }
  const object = join(addon, 'wrapped.o');
  execFileSync('g++', ['-std=c++17', '-O2', '-fPIC', '-c', here('wrapped.cc'), '-o', object]);
  fs.rmSync(join(addon, 'build/Release/obj.target/fmmap.node'), { force: true }); // links again
  const gyp = 'native/node_modules/node-gyp/bin/node-gyp.js';
  const make = [gyp, 'configure', 'build', '--jobs=max', '--loglevel=warn', '--directory', addon];
  execFileSync(process.execPath, make, {
    env: {
      ...process.env,
      CXX: 'g++',
      CXXFLAGS: ['-O1', '-g', '-fno-omit-frame-pointer', ...flags].join(' '),
      LDFLAGS: [...flags, object, ...wrapped.map((name) => `-Wl,--wrap=${name}`)].join(' '),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function torture() {
  const args = ['--expose-gc', '--no-warnings', here('torture/main.mjs'), '40'];
  node('the torture program', 5, ...args, ...(seed ? [seed] : []));
}

/** Calls of the addon with arguments that the library never gives it. */
function edges() {
  const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-edges-'));
  const program = ['--expose-gc', '--no-warnings', 'test/dist/fuzz/each-argument.js', directory];
  const args = [seed ?? '1', '0', 'makeRoom']; // it would take all blocks of the disk
  node('the addon with each argument at its edges', 5, ...program, ...args);
  fs.rmSync(directory, { recursive: true });
}

/** Runs the tests of core, except those that start a process per case, which is slow with a sanitizer. */
function tests() {
  const starts =
    /\/(child|children|program|foreign|lost-writes|mounting|power-loss|sequences|soak)\.js'/;
  const files = ['test', 'template/test']
    .flatMap((folder) =>
      fs
        .readdirSync(join('packages/core', folder), { recursive: true })
        .map((name) => join(folder, name)),
    )
    .filter((file) => file.endsWith('.test.ts') && !file.endsWith('.package.test.ts'))
    .filter((file) => !starts.test(fs.readFileSync(join('packages/core', file), 'utf8')));
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--root', 'packages/core'];
  node('the tests of core', 10, ...vitest, '--testTimeout=60000', ...files);
}

function matrix() {
  const args = ['test/dist/matrix/cli.js', '--sample', '1500', ...(seed ? ['--seed', seed] : [])];
  node('the matrix', 10, ...args);
}

/** Runs node with the sanitized addon; processes that it starts use it as well. */
function node(name, minutes, ...args) {
  const [program, ...rest] = [...through, process.execPath, ...args];
  const { status, signal } = spawnSync(program, rest, {
    stdio: 'inherit',
    timeout: minutes * 60_000,
    killSignal: 'SIGKILL',
    env: {
      ...process.env,
      ...env,
      LD_PRELOAD: libraries.map(pathOf).join(':'),
      FMMAP_BINDING: join(addon, 'build/Release/fmmap.node'),
    },
  });
  if (status !== 0) failures.push(`${name} ended with ${signal ?? status}`);
}

function pathOf(library) {
  const path = execFileSync('g++', [`-print-file-name=${library}`], { encoding: 'utf8' }).trim();
  if (!path.includes('/')) throw new Error(`g++ has no ${library}: install the one of its version`);
  return path;
}
