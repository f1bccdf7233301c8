import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { tempFile } from '../helpers/temp.js';

/** Collections of a heap that large take seconds on a machine with other work. */
const DEADLINE = 60_000;

/** What is done 100 times with a file of 2 GiB, in a child. */
const rounds: Readonly<Record<string, string>> = {
  'control: fs.open, fs.read, fs.close': `
    const fd = fs.openSync(path);
    fs.readSync(fd, Buffer.alloc(8), 0, 8, 2 ** 30);
    fs.closeSync(fd);`,
  'open, read, close': `
    const file = MmapFile.open(path);
    file.readUInt8(2 ** 30);
    file.close();`,
  'open, view, close': `
    const file = MmapFile.open(path);
    file.asBuffer()[2 ** 30];
    file.close();`,
  'open for writing, write, close': `
    const file = MmapFileMut.open(path);
    file.writeUInt8(1, 2 ** 30);
    file.close();`,
  'copy on write': `
    const file = MmapFileMut.openCow(path);
    file.asBuffer()[5] = 1;
    file.close();`,
  'anonymous memory that grows and shrinks': `
    const file = MmapFileMut.anonymous(5);
    file.truncate(2 ** 31);
    file.asBuffer()[2 ** 30] = 1;
    file.truncate(5);
    file.close();`,
  'open, view, drop': 'MmapFile.open(path).asBuffer();',
  'open, view, keep': 'kept.push(MmapFile.open(path).asBuffer());',
};

test(
  'with 400 MB of live heap, mapping 2 GiB over and over starts no full collection',
  async () => {
    const path = tempFile('');
    fs.truncateSync(path, 2 ** 31);
    const [live, asked, ...counts] = await hear(
      `const [path] = args;
     const kept = [];
     while (process.memoryUsage().heapUsed < 420e6) // some of it is garbage
       kept.push(Array.from({ length: 1e5 }, (_, index) => ({ index })));
     gc();
     const { GCProfiler } = require('node:v8');
     const full = ['MarkSweepCompact', 'IncrementalMarking'];
     const count = (round) => {
       const profiler = new GCProfiler();
       profiler.start();
       for (let index = 0; index < 100; ++index) round(index);
       return profiler.stop().statistics.filter(({ gcType }) => full.includes(gcType)).length;
     };
     say(process.memoryUsage().heapUsed >= 400e6);
     say(count((index) => index < 3 && gc()) >= 3);
     ${Object.values(rounds)
       .map((round) => `say(count(() => {${round}}));`)
       .join('\n')}
     kept.length = 0;`,
      { args: [path], timeout: DEADLINE },
    );
    expect(live).toBe(true);
    expect(asked, 'a collection that is asked for is counted').toBe(true);
    expect(Object.fromEntries(Object.keys(rounds).map((name, at) => [name, counts[at]]))).toEqual(
      Object.fromEntries(Object.keys(rounds).map((name) => [name, 0])),
    );
  },
  DEADLINE + 5000,
);
