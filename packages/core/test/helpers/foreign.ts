import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type ChildOptions, type ChildResult, child, hear } from './child.js';
import { tempDir } from './temp.js';
import { THREADS } from './threads.js';

/** What turns the fault guard off: the same child with it is how things are without fmmap. */
export const UNGUARDED = ['env', 'FMMAP_FAULT_GUARD=0'];

/** What the source of a child, or of one of its threads, has besides; its directory is the test's. */
const TOOLS = `
  const os = require('node:os');
  const { SIGBUS, SIGSEGV } = os.constants.signals;
  const isGuarded = process.env.FMMAP_FAULT_GUARD !== '0';
  /** An address of nobody's. */
  const AT = 0x2000_0000_0000;
  const [READ, WRITE] = [1, 2];
  // What the handler of a library does in the end, and flags for it.
  const [END, CHAIN, RECOVER, JUMP, RETURN] = [0, 1, 2, 3, 4];
  const [ONSTACK, NODEFER, RESETHAND] = [0x08000000, 0x40000000, 0x80000000];
  const BOTH = [SIGBUS, SIGSEGV];

  /** A library of helpers/foreign.c; each copy of it has handlers of its own. */
  const load = (copy = '') => {
    const path = require('node:path').resolve('foreign' + copy + '.node');
    if (copy && !fs.existsSync(path)) fs.copyFileSync('foreign.node', path);
    const library = { exports: {} };
    process.dlopen(library, path);
    const { exports: foreign } = library;
    return {
      ...foreign,
      /** Takes the signals, by a name of one letter. */
      take(name, way, flags = 0, signals = BOTH) {
        for (const signal of signals) foreign.install(signal, name.charCodeAt(0), way, flags);
      },
    };
  };

  let files = 0;
  /** A mapping of one page, that will be touched in vain; from may be another copy of the package. */
  const open = (options, from = { MmapFile }) => {
    const path = 'file' + require('node:worker_threads').threadId + '-' + ++files;
    fs.writeFileSync(path, Buffer.alloc(4096, 1));
    const file = from.MmapFile.open(path, options);
    return { path, file, view: file.asBuffer() };
  };
  const causeOf = (file) => {
    try { return 'read ' + file.readUInt8(0); } catch (error) { return error.name + ' ' + error.reason; }
  };
  /** Touches a page that is gone. */
  const lose = ({ path, file, view } = open()) => {
    fs.truncateSync(path, 0);
    return view[0] === 0 ? causeOf(file) : 'not lost';
  };
  /** Writes where nothing may be written. */
  const scribble = ({ path, file, view } = open()) => {
    view[0] = 7;
    return fs.readFileSync(path)[0] === 1 ? causeOf(file) : 'written';
  };
  /** One fault of each signal, in mappings that are there already. */
  const survive = (one, other) => [lose(one), scribble(other)].join();
  const addressOf = (path) =>
    parseInt(fs.readFileSync('/proc/self/maps', 'utf8').split('\\n').find((line) => line.endsWith('/' + path)), 16);
`;

const NAMES = [
  ...['SIGBUS', 'SIGSEGV', 'BOTH', 'isGuarded', 'AT', 'READ', 'WRITE', 'END', 'CHAIN', 'RECOVER'],
  ...['JUMP', 'RETURN', 'ONSTACK', 'NODEFER', 'RESETHAND', 'load', 'open', 'lose', 'scribble'],
  ...['survive', 'addressOf'],
];

const PRELUDE = `
  ${TOOLS}
  ${THREADS}
  /** A thread that has all of this, too. */
  const startEquipped = async () => {
    const thread = startThread();
    await thread.run((tools) => { Object.assign(globalThis, eval(tools)); }, ${JSON.stringify(
      `(() => {${TOOLS} return { ${NAMES} }; })()`,
    )});
    return thread;
  };
`;

/** What `survive` returns where the guard works. */
export const SURVIVED = 'MmapFaultError truncated,MmapFaultError read-only';

export interface ForeignOptions extends ChildOptions {
  /** The main thread does not load the package; threads that it starts do. */
  isBare?: boolean;
}

/** A directory with the compiled library in it, for children to run in. */
export function foreignDir(): string {
  const directory = tempDir();
  const source = fileURLToPath(new URL('foreign.c', import.meta.url));
  const output = join(directory, 'foreign.node');
  // nodelete: it may be loaded in a thread that ends before its handlers are called.
  const flags = ['-O1', '-shared', '-fPIC', '-pthread', '-Wl,-z,nodelete'];
  execFileSync('cc', [...flags, '-o', output, source]);
  return directory;
}

const BARE = `
  const fs = require('node:fs');
  const say = (value) => fs.writeSync(1, JSON.stringify(value) + '\\n');
  const turn = () => new Promise((resolve) => setImmediate(resolve));
`;

/** What `child` takes to run `source`, with everything above. */
function prepare(source: string, options: ForeignOptions): [string, ChildOptions] {
  const { isBare, ...rest } = options;
  const cwd = rest.cwd ?? foreignDir();
  const whole = `${PRELUDE} ${source}`;
  if (!isBare) return [whole, { ...rest, cwd }];
  const program = join(cwd, 'program.cjs');
  fs.writeFileSync(program, `${BARE} (async () => {${whole}\n})();`);
  // Node runs the first argument that is no flag; what follows, a program too, is an argument to it.
  return ['', { ...rest, cwd, flags: [...(rest.flags ?? []), program] }];
}

/** Runs `source`, with everything above, to any end. */
export function foreign(source: string, options: ForeignOptions = {}): Promise<ChildResult> {
  return child(...prepare(source, options));
}

/** As `foreign`, to a good end; returns what it said. */
export function hearForeign(source: string, options: ForeignOptions = {}): Promise<unknown[]> {
  return hear(...prepare(source, options));
}

/** How a child ended, also in the kernel's words. */
export interface Ended extends ChildResult {
  /** The last signal that it got, with code and address. */
  readonly last: string | undefined;
  readonly hasDumped: boolean;
}

/** Runs `source` as `foreign` does, with a core dump if it comes to that, and looks at its end. */
async function watch(source: string, options: ForeignOptions = {}): Promise<Ended> {
  const log = join(tempDir(), 'strace.log');
  const cores = ['sh', '-c', 'ulimit -c "$(ulimit -H -c)" && exec "$@"', 'sh'];
  const strace = ['strace', '-f', '-q', '-o', log, '-e', 'trace=none'];
  const through = [...cores, ...strace, ...(options.through ?? [])];
  // No memory in the dump: what matters is that there is one.
  const small = `fs.writeFileSync('/proc/self/coredump_filter', '0');`;
  const result = await foreign(small + source, { ...options, through });
  const lines = fs.readFileSync(log, 'utf8').split('\n');
  const last = lines.findLast((line) => / --- SIG(BUS|SEGV|ABRT) /.test(line));
  return {
    ...result,
    last: last?.replace(/^\d+ +/, '').replace(/si_pid=\d+/, 'si_pid=some'),
    hasDumped: lines.some((line) => line.endsWith('(core dumped) +++')),
  };
}

/** Runs `source` with the guard and without, expects no difference, and returns how it was. */
export async function expectSame(source: string, options: ForeignOptions = {}): Promise<Ended> {
  const through = [...UNGUARDED, ...(options.through ?? [])];
  const [guarded, unguarded] = await Promise.all([
    watch(source, options),
    watch(source, { ...options, through }),
  ]);
  expect(guarded).toEqual(unguarded);
  return guarded;
}
