// Does work with `Bun.mmap`: a line of JSON in, a line of JSON out.
import { createInterface } from 'node:readline';

import { makeLoop, sumFast, sumWords, timedLoop, wordsOf } from './loops.mjs';

const maps = new Map();
const loops = new Map();

function mapOf(path, size) {
  const key = `${path} ${size}`;
  if (!maps.has(key)) {
    const bytes = Bun.mmap(path, { shared: true }).subarray(0, size);
    for (let at = 0; at < size; at += 4096) bytes[at]; // in memory, and mapped
    maps.set(key, bytes);
  }
  return maps.get(key);
}

const timed = (act) => {
  const started = performance.now();
  const check = act();
  return { value: performance.now() - started, check };
};

const work = {
  /** `read` is an expression over a DataView, or over a Uint8Array if `raw` gives the number of bytes. */
  reads(path, size, read, kind, count, range, raw) {
    const key = `${path} ${size} ${read} ${kind}`;
    if (!loops.has(key)) {
      const bytes = mapOf(path, size);
      const source = raw ? bytes : new DataView(bytes.buffer, bytes.byteOffset, size);
      const loop = makeLoop(read, kind);
      loops.set(key, timedLoop(loop, source, count, range, new Uint8Array(raw)));
    }
    return loops.get(key)();
  },
  sum: (path, size) => timed(() => sumWords(wordsOf(mapOf(path, size)))),
  sumFast: (path, size) => timed(() => sumFast(wordsOf(mapOf(path, size)))),
  search: (path, size, needle) =>
    timed(() => Buffer.from(mapOf(path, size).buffer, 0, size).indexOf(Buffer.from(needle))),
  /** Bun cannot unmap: that happens when the array is collected. */
  opens(path, milliseconds, most) {
    let count = 0;
    let sum = 0;
    const started = performance.now();
    let elapsed = 0;
    do {
      sum += Bun.mmap(path, { shared: true })[0];
      count += 1;
      elapsed = performance.now() - started;
    } while (elapsed < milliseconds && count < most);
    Bun.gc(true); // mappings that are left must not burden the next contender
    return { value: (elapsed * 1000) / count, check: sum / count };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  let answer;
  try {
    answer = work[name](...args);
  } catch (error) {
    answer = { error: error.message };
  }
  console.log(JSON.stringify(answer));
}
