// Runs in each thread of the pool. Built separately, as dist/worker.cjs.
import {
  Access,
  argumentError,
  asError,
  attachMapping,
  callBinding,
  hide,
  isError,
  MmapError,
  MmapFile,
  MmapFileMut,
  MmapUnsupportedError,
  result,
  typeError,
  UNCLONEABLE,
} from '@fmmap/core/internal';

import { packFailure, whyNotCloned } from './failure.js';
import type { OperationRequest, Reply, Request, TaskRequest, TaskSource } from './protocol.js';

type Callable = (file: MmapFile, ...args: never[]) => unknown;

function operate({ operation, args }: OperationRequest): number[] {
  return [callBinding(operation, args), ...result];
}

/** The task's function is loaded first, because that may take a while. */
async function runTask({ task, file: token, shared, args }: TaskRequest): Promise<unknown> {
  const call = await load(task);
  const mapping = attachMapping(MmapFile, MmapFile, token, { shared });
  const isWritable = mapping.access === Access.write || mapping.access === Access.copy;
  const file = new (isWritable ? MmapFileMut : MmapFile)(mapping);
  try {
    return checked(await call(file, ...(args as never[])));
  } finally {
    file.close();
  }
}

/** Checks that the result can be sent: sending happens outside our control, and a failure would end the thread. */
function checked(value: unknown): unknown {
  // A view without bytes may be one whose memory was transferred, which cannot be sent.
  const isPlain = value === null || (ArrayBuffer.isView(value) && value.buffer.byteLength > 0);
  const isSafe = isPlain || !['object', 'function', 'symbol'].includes(typeof value);
  const cause = isSafe ? undefined : whyNotCloned(value);
  if (cause === undefined) return value;
  const found = cause.message.includes(String(UNCLONEABLE)) // which V8 names in its message
    ? 'the file, or a reader or writer of it, which is closed when the task is done; return what you need of it, such as copyBytes()'
    : `what cannot be sent to another thread: ${cause.message}`;
  throw new MmapError(`the task returned ${found}`, { code: 'ERR_MMAP_TASK_RESULT', cause });
}

async function load(source: TaskSource): Promise<Callable> {
  if ('cutsBy' in source) return cutsBy(source.cutsBy);
  if ('code' in source) return compile(source.code);
  const { default: found } = (await import(source.url)) as { default?: unknown };
  // A module compiled to CommonJS has its default export inside `default`.
  const call = typeof found === 'function' ? found : (found as { default?: unknown })?.default;
  if (typeof call === 'function') return call as Callable;
  throw typeError('task', `a module whose default export is a function ('${source.url}')`, found);
}

// biome-ignore lint/security/noGlobalEval: for the user's own functions, which see globals only, so called by another name
const evaluate = globalThis.eval;

/** Keeps V8's optimizations from chunk to chunk. */
const compiled = new Map<string, Callable>();
const MOST_COMPILED = 100;

function compile(code: string): Callable {
  const known = compiled.get(code);
  if (known) return known;
  const task = evaluated(code);
  const call: Callable = async (...args) => {
    try {
      return await task(...args);
    } catch (error) {
      throw withScope(error, code);
    }
  };
  if (compiled.size === MOST_COMPILED) compiled.clear();
  compiled.set(code, call);
  return call;
}

function evaluated(code: string): Callable {
  try {
    return evaluate(`(${code}\n)`) as Callable;
  } catch (thrown) {
    const cause = asError(thrown);
    if (cause instanceof EvalError) {
      throw new MmapUnsupportedError(
        'a task that is a function is sent to its thread as source, from which this process may make no code ' +
          '(--disallow-code-generation-from-strings); give the URL of a module whose default export it is, or its absolute path',
        { cause },
      );
    }
    const what =
      'must be a function whose source stands for itself, such as an arrow function, because the source is what is ' +
      `sent: not a method, nor a built-in or bound function; received ${shown(code)} (${cause.message})`;
    throw argumentError('task', what, 'ERR_INVALID_ARG_TYPE', { cause });
  }
}

/** The beginning of a function's source, for messages. */
function shown(code: string): string {
  const [start = ''] = /^.{0,60}/.exec(code) ?? [];
  return `"${start}${start.length < code.length ? '…' : ''}"`;
}

/** Explains a ReferenceError for a name that occurs in the task's source and is defined only where that was written. */
function withScope(error: unknown, code: string): unknown {
  if (!isError(error) || error.name !== 'ReferenceError') return error;
  const { message, stack } = error;
  const [, name] = /^(\S+) is not defined$/.exec(message) ?? [];
  if (name === undefined || !code.includes(name)) return error;
  const told =
    `${message} where the task runs: a function is sent to its thread as source, and sees globals, its arguments and what it ` +
    'import()s, but no variables, imports or helpers from around it; pass values as arguments, or give the URL of a module';
  hide(error, 'message', told);
  Object.assign(error, { code: 'ERR_MMAP_TASK_SCOPE' });
  return hide(
    error,
    'stack',
    stack?.replace(message, () => told),
  );
}

type Boundary = (file: MmapFile, offset: number) => unknown;

const nextLine: Boundary = (file, offset) => {
  const found = file.indexOf('\n', offset - 1);
  return found < 0 ? file.length : found + 1;
};

async function cutsBy(source: TaskSource | 'line'): Promise<Callable> {
  const next = source === 'line' ? nextLine : ((await load(source)) as Boundary);
  const find = async (file: MmapFile, offset: number, end: number, chunkSize: number) => {
    const cuts = [offset];
    for (let at = offset + chunkSize; at < end; ) {
      const cut = await next(file, at);
      if (!Number.isSafeInteger(cut) || (cut as number) < at) {
        throw typeError('boundary', `a function that returns an offset from ${at} on`, cut);
      }
      if ((cut as number) >= end) break;
      cuts.push(cut as number);
      at = (cut as number) + chunkSize;
    }
    return [...cuts, end];
  };
  return find as Callable;
}

export default async function serve(request: Request): Promise<Reply> {
  try {
    return { value: 'operation' in request ? operate(request) : await runTask(request) };
  } catch (error) {
    return { failure: packFailure(error) };
  }
}
