import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Files, look, writeFiles } from './files.js';
import { turn } from './process.js';
import { DIST, startProgram } from './program.js';
import { tempDir } from './temp.js';

/** An operation on a file: one of `programs/durability/injection.cjs`. */
export interface Sequence {
  readonly name: string;
  /** The files in the directory before. */
  readonly files: Files;
}

interface Call {
  readonly name: string;
  /** How many calls of this name the package had made so far, including this one. */
  readonly place: number;
  /** How many calls of this name its thread had made so far. */
  readonly nth: number;
  text: string;
}

/** What happens to one system call of a sequence: an error, or else the end of the process. */
export interface Fault {
  readonly call: Call;
  readonly error?: string | undefined;
}

interface Outcome {
  /** `'done'`, or the error that was thrown. */
  readonly outcome: 'done' | { name: string; code: string; syscall?: string; message: string };
  readonly files: Files;
  readonly state: { isClosed: boolean; isPoisoned: boolean; length: number } | undefined;
  /** The outcome of doing it once more after it has failed, and the files after that. */
  readonly again: Outcome['outcome'] | undefined;
  readonly filesAfter: Files;
  /** Descriptors and mappings of the directory's files once everything is closed. */
  readonly leaks: number;
}

export interface Run {
  /** The calls that it made, such as `fsync(18</tmp/file>) = 0`, up to the one that ended it. */
  readonly calls: readonly Call[];
  /** `undefined` for a process that did not reach the end. */
  readonly outcome: Outcome | undefined;
  /** How it ended, unless the fault was the cause. */
  readonly crash?: string;
  readonly files: Files;
}

const decode = (files: Record<string, string>): Files =>
  Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name, Buffer.from(content, 'base64')]),
  );

/** What V8 does for its heap, at any time; the package never unmaps, or takes away permissions. */
const IS_OF_V8 =
  /PROT_NONE|MADV_DONTFORK|MADV_DONTNEED|^munmap|^futex|^mprotect\(.*PROT_READ\|PROT_WRITE\)/;

/** The calls in a strace log, from the bytes that start the sequence to the line that reports on it. */
function parse(log: string, isOurs: (text: string) => boolean): Call[] {
  const calls: Call[] = [];
  const counts = new Map<string, number>();
  const count = (key: string) => {
    const value = (counts.get(key) ?? 0) + 1;
    counts.set(key, value);
    return value;
  };
  const unfinished = new Map<string, Call>();
  let begun = false;
  for (const line of log.split('\n')) {
    const resumed = /^(\d+) +<\.\.\. \w+ resumed>(.*)$/.exec(line);
    const waiting = unfinished.get(resumed?.[1] ?? '');
    if (waiting) waiting.text = waiting.text.replace('<unfinished ...>', resumed?.[2] ?? '');
    const [, thread = '', text = '', name = ''] = /^(?:(\d+) +)?((\w+)\(.*)$/.exec(line) ?? [];
    if (name === '') continue;
    unfinished.delete(thread);
    const nth = count(`${thread} ${name}`);
    if (/^read\(0/.test(text)) begun = true;
    else if (/^write\(1/.test(text)) break;
    else if (begun && isOurs(text)) {
      const call = { name, place: count(name), nth, text };
      calls.push(call);
      unfinished.set(thread, call);
    }
  }
  return calls;
}

/** Plays a sequence in its own process under `strace(1)`, which also injects the fault. */
export async function play(sequence: Sequence, fault?: Fault, main: string = DIST): Promise<Run> {
  // Without threads, all calls of the main thread count; otherwise only those that name a file.
  const isSync = main === DIST;
  const root = tempDir();
  const directory = join(root, 'directory');
  for (const each of [directory, ...[0, 1, 2, 3].map((round) => join(root, `warm${round}`))]) {
    fs.mkdirSync(each);
    writeFiles(each, sequence.files);
  }
  const child = startProgram('durability/injection#play', {
    main,
    args: [sequence.name, directory, join(root, 'warm')],
    through: ['env', 'UV_THREADPOOL_SIZE=1'], // so that it is known which thread makes a call
  });
  const pid = (await child.said()) as number;
  const log = join(root, 'strace.log');
  const inject = fault && [
    '-e',
    `inject=${fault.call.name}:${fault.error ? `error=${fault.error}` : 'signal=SIGKILL'}:when=${fault.call.nth}`,
  ];
  const flags = ['-y', '-o', log, ...(isSync ? [] : ['-f'])];
  const tracer = spawn('strace', [...flags, ...(inject ?? []), '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stage = ''; // strace reports when it is attached
  tracer.stderr.setEncoding('utf8').on('data', (text: string) => {
    stage += text;
  });
  const ended = new Promise((resolve) => tracer.on('close', resolve));
  onTestFinished(() => {
    tracer.kill('SIGKILL'); // a stopped one reacts to nothing else
  });
  while (!stage.includes('attached')) {
    if (tracer.exitCode !== null) throw new Error(`strace: ${stage}`);
    await turn();
  }
  child.process.stdin.on('error', () => {}); // it may be killed before it has read everything
  child.process.stdin.write('\n\n');
  await child.said().catch(() => {}); // it may have been killed
  tracer.kill('SIGINT'); // which detaches strace from the child
  await ended;
  child.process.stdin.write('\n');
  const { signal, stdout, stderr } = await child.done;
  const isOurs = (text: string) => (isSync ? !IS_OF_V8.test(text) : text.includes(directory));
  const calls = parse(fs.readFileSync(log, 'utf8'), isOurs);
  const files = look(directory);
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.includes('"leaks"')) {
    const isKilled = signal === 'SIGKILL' && fault !== undefined && fault.error === undefined;
    return {
      calls,
      files,
      outcome: undefined,
      ...(!isKilled && { crash: `${signal}: ${stderr}` }),
    };
  }
  const said = JSON.parse(last);
  return {
    calls,
    files,
    outcome: { ...said, files: decode(said.files), filesAfter: decode(said.filesAfter) },
  };
}

/** Errors besides EIO. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  openat: ['EMFILE', 'ENOSPC', 'EINTR'],
  flock: ['EINTR'],
  mmap: ['ENOMEM'],
  msync: ['ENOSPC'],
  fsync: ['ENOSPC', 'EINTR'],
  ftruncate: ['ENOSPC', 'EINTR'],
  fallocate: ['ENOSPC', 'EINTR'],
  pwrite64: ['ENOSPC', 'EINTR'],
  copy_file_range: ['ENOSPC', 'EINTR'],
  linkat: ['ENOSPC'],
  renameat: ['ENOSPC', 'EBUSY'],
  unlinkat: ['EBUSY', 'EACCES'],
};

/** Every fault that can happen in a run. */
export function faultsOf({ calls }: Run): Fault[] {
  return calls.flatMap((call) => {
    // An injected error replaces the call: for close(), the injection itself would leak.
    const errors = call.name === 'close' ? [] : ['EIO', ...(ERRORS[call.name] ?? [])];
    return [{ call }, ...errors.map((error) => ({ call, error }))];
  });
}

/** Plays a sequence with a fault; again if the fault hit a call of V8, whose number varies. */
export async function playFault(sequence: Sequence, fault: Fault, main?: string): Promise<Run> {
  const { call, error } = fault;
  const find = ({ calls }: Run) =>
    calls.find(({ name, place }) => name === call.name && place === call.place);
  let { nth } = call;
  for (let attempt = 0; attempt < 20; ++attempt) {
    const run = await play(sequence, { call: { ...call, nth }, error }, main);
    const target = find(run);
    const isMet = error
      ? target?.text.includes('(INJECTED)')
      : target === run.calls.at(-1) && !run.outcome;
    if (isMet && run.crash === undefined) return run;
    if (isMet) throw new Error(`${call.text}: ${run.crash}`);
    // Its place in this run, or, if it was not reached, its place without a fault.
    nth = (target ?? find(await play(sequence, undefined, main)) ?? call).nth;
  }
  throw new Error(`${error ?? 'SIGKILL'} never met ${call.text}`);
}
