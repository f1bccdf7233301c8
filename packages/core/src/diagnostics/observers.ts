// Ready-made observers of the channels: a log, and entries of the performance timeline.
import { debuglog, inspect } from 'node:util';
import { isError } from '../errors.js';
import { builtin } from '../host.js';
import { closes, faults, flushes, opens } from './channels.js';

const calls = { open: opens, close: closes, flush: flushes };

/**
 * Records each `open`, `close` and `flush` of this thread from now on as an entry of the performance timeline
 * (`performance.measure`): of the type `measure`, with the name `fmmap:open`, `fmmap:close` or `fmmap:flush` and the message
 * of the channel of that name as its `detail`, except that its `error` is a plain object with the `name`, `message`, `code`,
 * `syscall` and `path` of the error, as far as it has them. The entries stay until `performance.clearMeasures()`.
 *
 * @returns A function that stops it.
 * @example
 * ```ts
 * import { performance } from 'node:perf_hooks';
 * import { measurePerformance, MmapFile } from '@fmmap/core';
 *
 * const stop = measurePerformance();
 * MmapFile.open('package.json').close();
 * console.log(performance.getEntriesByType('measure').map(({ name }) => name)); // [ 'fmmap:open', 'fmmap:close' ]
 * stop();
 * ```
 */
export function measurePerformance(): () => void {
  const { performance }: typeof import('node:perf_hooks') = builtin('node:perf_hooks');
  const stops = Object.values(calls).map((topic) => {
    const measure = (message: unknown, name: string | symbol): void => {
      const { duration, error } = message as { duration: number; error: unknown };
      const start = performance.now() - duration;
      const detail = { ...(message as object), error: plainError(error) };
      performance.measure(String(name), { start, duration, detail });
    };
    topic.subscribe(measure);
    return () => topic.unsubscribe(measure);
  });
  return () => {
    for (const stop of stops) stop();
  };
}

/** An error for structured cloning, which keeps no code of one, and fails with some reasons of signals. */
function plainError(error: unknown): object | undefined {
  if (error === undefined) return undefined;
  if (!isError(error)) return { message: inspect(error) };
  const { name, message, code, syscall, path } = error as NodeJS.ErrnoException;
  const texts = Object.entries({ name, message, code, syscall, path });
  return Object.fromEntries(texts.filter(([, text]) => typeof text === 'string'));
}

/** With NODE_DEBUG=fmmap. */
const debug = debuglog('fmmap');
if (debug.enabled) {
  for (const [name, topic] of Object.entries(calls)) {
    topic.subscribe((message) => {
      const { path, duration, error, ...rest } = message as Record<string, unknown>;
      const result = error === undefined ? '' : `: ${error}`;
      debug('%s %j %j, %s ms%s', name, path, rest, (duration as number).toFixed(3), result);
    });
  }
  faults.subscribe((message) => debug('fault: %s', (message as { error: Error }).error));
}
