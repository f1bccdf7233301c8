// Ready-made observers of the channels: a log, and entries of the performance timeline.
import { debuglog } from 'node:util';
import { builtin } from '../host.js';
import { closes, faults, flushes, opens } from './channels.js';

const calls = { open: opens, close: closes, flush: flushes };

/**
 * Records each `open`, `close` and `flush` of this thread from now on as an entry of the performance timeline
 * (`performance.measure`): of the type `measure`, with the name `fmmap:open`, `fmmap:close` or `fmmap:flush` and the message
 * of the channel of that name as its `detail`. The entries stay until `performance.clearMeasures()`.
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
      const { duration } = message as { duration: number };
      const start = performance.now() - duration;
      performance.measure(String(name), { start, duration, detail: message });
    };
    topic.subscribe(measure);
    return () => topic.unsubscribe(measure);
  });
  return () => {
    for (const stop of stops) stop();
  };
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
