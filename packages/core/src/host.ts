// What the library needs from Node, captured when the library is loaded, and from modules rather than globals: jsdom
// has its own timers and signals and no `structuredClone`, and fake timers also replace what `node:timers` exports. No
// file may stop with the clock of a test.
import Module from 'node:module';

/**
 * Modules of Node that an ES module had better not import: that reads all their properties, which opens the standard
 * streams (`node:process`), or loads much that is rarely needed.
 */
export const builtin: NodeJS.Require = Module.createRequire('/');

export const process: NodeJS.Process = builtin('node:process');

const fs: typeof import('node:fs') = builtin('node:fs');
export const { closeSync, constants: fsConstants, openSync, Stats } = fs;

const timers: typeof import('node:timers') = builtin('node:timers');
export const { clearTimeout, setImmediate, setTimeout } = timers;
export const { nextTick } = process;
const { hrtime } = process;

export const isWindows: boolean = process.platform === 'win32';

/** Milliseconds of a monotonic clock, unaffected by changes to the system time. Loading `performance` takes longer. */
export function now(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** Not available from a module; `gc` exists only with `--expose-gc`. */
export const { AbortController, gc } = globalThis;

interface WasmConstructors {
  readonly Memory: { readonly prototype: { grow(pages: number | bigint): number | bigint } };
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => object;
}

/** Undefined with `--jitless`; TypeScript has its types only for browsers. */
export const { WebAssembly } = globalThis as { WebAssembly?: WasmConstructors };

interface TemporalNamespace {
  readonly Instant: { fromEpochNanoseconds(nanoseconds: bigint): object };
}

/** Since Node 26. */
export const { Temporal } = globalThis as { Temporal?: TemporalNamespace };

let channel: ReturnType<typeof openChannel> | undefined;

/** A structured clone, made the way Node itself makes one. @throws DataCloneError */
export function clone<T>(value: T): T {
  channel ??= openChannel();
  channel.from.postMessage(value);
  return channel.receive(channel.to)?.message;
}

/** The channel does not keep the process alive. */
function openChannel() {
  const threads: typeof import('node:worker_threads') = builtin('node:worker_threads');
  const { port1: from, port2: to } = new threads.MessageChannel();
  from.unref();
  to.unref();
  return { from, to, receive: threads.receiveMessageOnPort };
}
