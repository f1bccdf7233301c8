// What the library needs of Node, as it is when the library is loaded, and from modules, not from globals: jsdom has
// timers and signals of its own and no `structuredClone`, and fake timers replace what `node:timers` exports, too. No file
// may stop with the clock of a test.
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import timers from 'node:timers';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';

export const { clearTimeout, setImmediate, setTimeout } = timers;
export const { nextTick } = process;

/** Milliseconds that go on whatever the system's time does. */
export const now: () => number = performance.now.bind(performance);

/** No module has them; `gc` is there with `--expose-gc` only. */
export const { AbortController, gc } = globalThis;

interface WasmConstructors {
  readonly Memory: { readonly prototype: { grow(pages: number | bigint): number | bigint } };
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => object;
}

/** Not there with `--jitless`; its types are TypeScript's for browsers. */
export const { WebAssembly } = globalThis as { WebAssembly?: WasmConstructors };

let channel: MessageChannel | undefined;

/** A structured clone, by the way on which Node itself makes one. @throws DataCloneError */
export function clone<T>(value: T): T {
  channel ??= openChannel();
  channel.port1.postMessage(value);
  return receiveMessageOnPort(channel.port2)?.message as T;
}

/** It does not keep the process alive. */
function openChannel(): MessageChannel {
  const made = new MessageChannel();
  made.port1.unref();
  made.port2.unref();
  return made;
}
