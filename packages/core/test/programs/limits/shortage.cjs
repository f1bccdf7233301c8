// Files that are dropped faster than the system has room for them.
const fs = require('node:fs');
const { devNull } = require('node:os');
const { join } = require('node:path');
const { GCProfiler } = require('node:v8');
const { Worker } = require('node:worker_threads');
const fmmap = require('../package.cjs');
const { say, caught } = require('../program.cjs');
const { descriptors, MEMORY } = require('../counts.cjs');

const { MmapFile, MmapFileMut } = fmmap;

// Collecting must not need this flag.
Reflect.deleteProperty(globalThis, 'gc');

/** Makes far more files than there is room for, in one turn of the event loop, and drops each at once. */
const drop = (count, make) => {
  for (let index = 0; index < count; ++index) make(index);
};

/** Files that take descriptors. */
exports.MAKERS = {
  memory: () => MmapFile.memory('memory', 'abc'),
  'memory with views': () => MmapFileMut.memory('memory', 'abc').asBuffer(),
  anonymous: () => MmapFileMut.anonymous(5000),
  'files of MmapFile.open': (path) => MmapFile.open(path),
  'files of MmapFile.openExec': (path) => MmapFile.openExec(path),
  'files of MmapFileMut.openCow': (path) => MmapFileMut.openCow(path).asBuffer(),
  'files of MmapFileMut.create': (path, index) => MmapFileMut.create(path + index, { maxSize: 5 }),
  'frozen files': (path, index) => MmapFileMut.create(path + index, { maxSize: 5 }).freeze(),
};

/** Files that take address space. */
exports.LARGE = {
  'large memory': () => MmapFileMut.anonymous(2 ** 30),
  'memory that was looked at': () => MmapFileMut.anonymous(2 ** 30).asBuffer()[5],
  'views of closed files': () => {
    const file = MmapFileMut.anonymous(2 ** 30);
    file.asBuffer();
    file.close();
  },
  'windows of 10 MB': () => MmapFileMut.anonymous(1e7).asBuffer()[5],
};

exports.descriptors = async (path, name) => {
  drop(500, (index) => exports.MAKERS[name](path, index));
  say('all went well');
  await new Promise((resolve) => setTimeout(resolve, 1)); // a possible warning is not an error
  say('still');
};

exports.othersDescriptors = (path) => {
  const kept = MmapFileMut.open(path);
  const fill = () => {
    for (;;)
      try {
        MmapFile.memory('m', 'abc');
        fs.closeSync(fs.openSync(devNull, 'r'));
      } catch {
        break;
      }
  };
  const rest = [];
  try {
    for (;;) {
      rest.push(fs.openSync(devNull, 'r'));
    }
  } catch {}
  for (const fd of rest.splice(0, 20)) fs.closeSync(fd);
  for (const call of [
    () => kept.writeToNewFile(`${path}.new`),
    () => fmmap.syncDirectory('/tmp'),
    () => fmmap.syncParentDirectory(path),
    () => kept.remove(),
  ]) {
    fill();
    say(caught(call));
  }
  for (const fd of rest) fs.closeSync(fd);
};

exports.addresses = (name) => {
  drop(name === 'windows of 10 MB' ? 1700 : 100, exports.LARGE[name]);
  say('all went well');
};

exports.inThreads = async () => {
  for (let count = 0; count < 2; ++count) {
    const thread = new Worker(join(__dirname, 'dropping-thread.cjs'));
    const ended = new Promise((resolve) => {
      thread.on('error', resolve);
      thread.on('exit', resolve);
    });
    say(await ended);
  }
};

exports.withoutFlag = () => {
  drop(500, () => MmapFile.memory('m', 'abc'));
  say('all went well');
};

exports.inUse = () => {
  const files = /** @type {any[]} */ ([]);
  const views = /** @type {any[]} */ ([]);
  const error = caught(() => {
    for (;;) {
      const file = MmapFileMut.memory('memory', 'abc');
      if (files.push(file) % 2) views.push(files.pop().asBuffer());
    }
  });
  say([error.code, error.syscall]);
  say(files.every((file) => file.readUInt8(1) === 98) && views.every((view) => view[1] === 98));
  say(files.length + views.length > 50);
};

exports.memory = () => {
  const size = 50; // MiB
  const content = Buffer.alloc(size * 2 ** 20, 1);
  // On Windows memory is a file of its own kind, which takes room as long as it is open.
  const shared = () =>
    process.platform === 'win32'
      ? size * descriptors(MEMORY)
      : Number(/^Shmem: +(\d+)/m.exec(fs.readFileSync('/proc/meminfo', 'utf8'))?.[1]) / 1024;
  const before = shared();
  let most = 0;
  for (let index = 0; index < 52; ++index) {
    MmapFile.memory('memory', content);
    most = Math.max(most, shared() - before);
  }
  say(most);
};

exports.collections = () => {
  const count = (round) => {
    const profiler = new GCProfiler();
    profiler.start();
    for (let index = 0; index < 200; ++index) round();
    return profiler.stop().statistics.filter(({ gcType }) => gcType === 'MarkSweepCompact').length;
  };
  const files = /** @type {any[]} */ ([]);
  say(count(() => MmapFileMut.anonymous(2 ** 27).close()));
  say(count(() => files.push(MmapFileMut.anonymous(2 ** 27))));
};
