import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Files, look, writeFiles } from './files.js';
import { turn } from './process.js';
import { DIST, startProgram } from './program.js';
import { tempDir } from './temp.js';

/** Something that is done to a file: one of `programs/durability/injection.cjs`. */
export interface Sequence {
  readonly name: string;
  /** What is in the directory before. */
  readonly files: Files;
}

export interface Call {
  readonly name: string;
  /** How many of this name the package had made by then, this one included. */
  readonly place: number;
  /** How many of this name its thread had made. */
  readonly nth: number;
  text: string;
}

/** What befalls one system call of a sequence: an error, or else the end of the process. */
export interface Fault {
  readonly call: Call;
  readonly error?: string | undefined;
}

export interface Outcome {
  /** `'done'`, or what was thrown. */
  readonly outcome: 'done' | { name: string; code: string; syscall?: string; message: string };
  readonly files: Files;
  readonly state: { isClosed: boolean; isPoisoned: boolean; length: number } | undefined;
  /** The outcome of doing it once more, where it had failed, and what that has led to. */
  readonly again: Outcome['outcome'] | undefined;
  readonly filesAfter: Files;
  /** Descriptors and mappings of the directory's files, after everything was closed. */
  readonly leaks: number;
}

export interface Run {
  /** The calls that it made, such as `fsync(18</tmp/file>) = 0`, up to the one that ended it. */
  readonly calls: readonly Call[];
  /** `undefined` for a process that did not live to the end. */
  readonly outcome: Outcome | undefined;
  /** How it ended, if that was not the fault's doing. */
  readonly crash?: string;
  readonly files: Files;
}

const decode = (files: Record<string, string>): Files =>
  Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name, Buffer.from(content, 'base64')]),
  );

/** What V8 does for its heap, whenever it comes to that; the package never unmaps or takes away permissions. */
const IS_OF_V8 =
  /PROT_NONE|MADV_DONTFORK|MADV_DONTNEED|^munmap|^futex|^mprotect\(.*PROT_READ\|PROT_WRITE\)/;

/** The calls of a log of strace's, from the byte that starts the sequence to the line that reports of it. */
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

/** Does a sequence in a process of its own under `strace(1)`, which also makes the fault. */
export async function play(sequence: Sequence, fault?: Fault, main: string = DIST): Promise<Run> {
  // Without threads of its own, all calls of the main one are of interest; else those that name a file.
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
  let stage = ''; // it says when it is attached
  tracer.stderr.setEncoding('utf8').on('data', (text: string) => {
    stage += text;
  });
  const ended = new Promise((resolve) => tracer.on('close', resolve));
  onTestFinished(() => {
    tracer.kill('SIGKILL'); // a stopped one takes nothing less
  });
  while (!stage.includes('attached')) {
    if (tracer.exitCode !== null) throw new Error(`strace: ${stage}`);
    await turn();
  }
  child.process.stdin.on('error', () => {}); // it may be killed before it has read all
  child.process.stdin.write('\n');
  await child.said().catch(() => {}); // or it is no more
  tracer.kill('SIGINT'); // which leaves the child to itself
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

/** Besides EIO. */
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

/** Everything that can befall the calls of a run. */
export function faultsOf({ calls }: Run): Fault[] {
  return calls.flatMap((call) => {
    // An injected error stands in for the call: after one of close() the injection itself leaks.
    const errors = call.name === 'close' ? [] : ['EIO', ...(ERRORS[call.name] ?? [])];
    return [{ call }, ...errors.map((error) => ({ call, error }))];
  });
}

/** A sequence with a fault; again where that met a call of V8's, since they come and go. */
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
    // Where it was this time, or, if that was not reached, where it is without a fault.
    nth = (target ?? find(await play(sequence, undefined, main)) ?? call).nth;
  }
  throw new Error(`${error ?? 'SIGKILL'} never met ${call.text}`);
}
