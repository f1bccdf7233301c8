import { execFileSync } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does something, and returns in milliseconds how long it took and how long the event loop was
 * delayed: the 99th percentile, and the maximum (which the histogram misses if it is at the start).
 */
export async function watchLoop(act) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await sleep(20);
  histogram.reset();
  let last = performance.now();
  let longest = 0;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(tick, 1);
  const started = performance.now();
  await act();
  const time = performance.now() - started;
  tick();
  await sleep(5);
  clearInterval(timer);
  histogram.disable();
  return { time, p99: histogram.percentile(99) / 1e6, longest };
}

/** Makes the system drop its cached pages of a file, which must not be mapped. */
export function dropCache(path) {
  // With this, dd calls posix_fadvise(POSIX_FADV_DONTNEED) for the whole file.
  execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
}
