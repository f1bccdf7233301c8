import perfHooks from 'node:perf_hooks';
import process from 'node:process';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

// Globals that tests and polyfills replace after the library was loaded: the library must not notice.

/** The library's files, relative to where this file is built. */
const PACKAGES = fileURLToPath(new URL('../../../packages/', import.meta.url));
const HERE = fileURLToPath(import.meta.url);

const reads = new Set<string>();
let isLooking = false;

/** Checking takes time, so it is limited to so many reads of each name, until {@link lookAgain}. */
const MOST = 20;
const counts: Record<string, number> = Object.create(null);

export function lookAgain(): void {
  for (const name in counts) counts[name] = 0;
}

/** Whether the code that is running is the library's own. */
function note(name: string): void {
  const count = (counts[name] ?? 0) + 1;
  counts[name] = count;
  if (isLooking || count > MOST) return; // checking reads some itself
  isLooking = true;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 6;
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = stackTraceLimit;
  const caller = lines.find((line) => !line.includes(HERE)) ?? '';
  if (caller.includes(PACKAGES) && !caller.includes('node_modules'))
    reads.add(`${name} ${caller.trim()}`);
  isLooking = false;
}

function watch(holder: object, name: string, key: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(holder, key);
  if (!descriptor?.configurable) return;
  const { get, set } = descriptor;
  let { value } = descriptor;
  Object.defineProperty(holder, key, {
    configurable: true,
    enumerable: descriptor.enumerable ?? false,
    get() {
      note(name);
      return get ? get.call(this) : value;
    },
    set(next) {
      if (set) set.call(this, next);
      else value = next;
    },
  });
}

/** Records from now on what the library reads of what may be replaced. @returns What it has read. */
export function watchGlobals(): ReadonlySet<string> {
  const holders: readonly [string, object, readonly string[]][] = [
    ['globalThis', globalThis, Object.getOwnPropertyNames(globalThis)],
    ['timers', timers, Object.keys(timers)],
    ['timers/promises', timersPromises, Object.keys(timersPromises)],
    ['performance', Object.getPrototypeOf(perfHooks.performance), ['now']],
    ['performance', perfHooks.performance, ['now']],
    ['process', process, ['nextTick', 'hrtime']],
  ];
  for (const [name, holder, keys] of holders) {
    for (const key of keys) watch(holder, `${name}.${key}`, key);
  }
  return reads;
}
