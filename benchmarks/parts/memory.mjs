// The effect of 100 GiB of mapped files on memory and on the collector. Each contender runs in its own
// process, as `memory.mjs GIVEN NAME`.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { MmapFile } from '@fmmap/core';

import { fillHeap, watchGarbage } from '../lib/machine.mjs';
import * as part from '../lib/part.mjs';
import { digits } from '../lib/stats.mjs';

const HEAP = 100; // MB
const FILES = part.pick(3, 100);
const FILE = 2 ** 30;
const path = join(part.directory, 'sparse');
const [, , , name] = process.argv;

/** `[bytes, keep]` of one mapping; what is kept stays mapped. */
function mapper(peers) {
  if (name === 'fmmap') {
    return () => {
      const file = MmapFile.open(path, { length: FILE });
      return [file.asBuffer(), file];
    };
  }
  const peer = peers.find((one) => one.name === name);
  return () => [peer.map(path, Math.min(FILE, peer.longest))];
}

async function measure() {
  const map = mapper(await part.peers());
  const live = fillHeap(HEAP);
  globalThis.gc();
  const collections = watchGarbage();
  const before = { ...process.memoryUsage(), ...(await collections()) };
  const started = performance.now();
  const kept = [];
  let sum = 0;
  for (let n = 0; n < FILES; n += 1) {
    const mapping = map();
    kept.push(mapping);
    sum += mapping[0][(n * 2 ** 20) % mapping[0].length];
  }
  const milliseconds = performance.now() - started;
  const after = { ...process.memoryUsage(), ...(await collections()) };
  const grown = (key) => (after[key] - before[key]) / 1e6;
  return {
    milliseconds,
    rss: grown('rss'),
    heap: grown('heapUsed'),
    external: grown('external'),
    collections: after.minor + after.major - before.minor - before.major,
    pauses: after.pauses - before.pauses,
    kept: [kept.length, live.length, sum],
  };
}

function measureElsewhere(contender) {
  const script = fileURLToPath(import.meta.url);
  const args = ['--expose-gc', script, process.argv[2], contender];
  const { status, signal, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) return [contender, `ends with ${signal ?? status}`, '', '', '', '', ''];
  const { milliseconds, rss, heap, external, collections, pauses } = JSON.parse(stdout);
  const numbers = [milliseconds, rss, heap, external].map(digits);
  return [contender, ...numbers, collections, digits(pauses)];
}

if (name) {
  part.finish(await measure());
} else {
  fs.writeFileSync(path, '');
  fs.truncateSync(path, FILE);
  part.finish({
    title: 'Memory, with much of it mapped',
    about: `${FILES} mappings of 1 GiB of a sparse file stay open, beside ${HEAP} MB of live heap; one byte of each is read. By how many MB the process grew, how often V8 collected meanwhile, and how long that took. Once, in a process of its own.`,
    plain: {
      head: ['contender', 'ms', 'RSS', 'heap', 'external', 'collections', 'pauses, ms'],
      rows: ['fmmap', ...part.peerNames].map(measureElsewhere),
    },
  });
}
