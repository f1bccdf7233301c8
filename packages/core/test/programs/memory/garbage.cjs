// Mappings next to a large heap, which must not make V8 collect it.
const fs = require('node:fs');
const { GCProfiler } = require('node:v8');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { gc, say } = require('../program.cjs');

const kept = /** @type {unknown[]} */ ([]);

/** Operations that are done 100 times with a file of 2 GiB. */
exports.ROUNDS = {
  'control: fs.open, fs.read, fs.close': (path) => {
    const fd = fs.openSync(path, 'r');
    fs.readSync(fd, Buffer.alloc(8), 0, 8, 2 ** 30);
    fs.closeSync(fd);
  },
  'open, read, close': (path) => {
    const file = MmapFile.open(path);
    file.readUInt8(2 ** 30);
    file.close();
  },
  'open, view, close': (path) => {
    const file = MmapFile.open(path);
    file.asBuffer()[2 ** 30];
    file.close();
  },
  'open for writing, write, close': (path) => {
    const file = MmapFileMut.open(path);
    file.writeUInt8(1, 2 ** 30);
    file.close();
  },
  'copy on write': (path) => {
    const file = MmapFileMut.openCow(path);
    file.asBuffer()[5] = 1;
    file.close();
  },
  'anonymous memory that grows and shrinks': () => {
    const file = MmapFileMut.anonymous(5);
    file.truncate(2 ** 31);
    file.asBuffer()[2 ** 30] = 1;
    file.truncate(5);
    file.close();
  },
  'open, view, drop': (path) => MmapFile.open(path).asBuffer(),
  'open, view, keep': (path) => kept.push(MmapFile.open(path).asBuffer()),
};

/** Counts full collections during 100 rounds. */
const count = (round) => {
  const full = ['MarkSweepCompact', 'IncrementalMarking'];
  const profiler = new GCProfiler();
  profiler.start();
  for (let index = 0; index < 100; ++index) round(index);
  return profiler.stop().statistics.filter(({ gcType }) => full.includes(gcType)).length;
};

exports.collections = (path) => {
  // Some of it becomes garbage.
  while (process.memoryUsage().heapUsed < 420e6) {
    kept.push(Array.from({ length: 1e5 }, (_, index) => ({ index })));
  }
  gc();
  say(process.memoryUsage().heapUsed >= 400e6);
  say(count((index) => index < 3 && gc()) >= 3);
  for (const round of Object.values(exports.ROUNDS)) say(count(() => round(path)));
  kept.length = 0;
};
