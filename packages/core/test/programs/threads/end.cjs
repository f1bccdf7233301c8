// Threads that end in various ways while they have files open.
const fs = require('node:fs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, caught, turn } = require('../program.cjs');
const { descriptors, mappings } = require('../counts.cjs');
const { my, collect, startThread } = require('../threads.cjs');

const ENDS = {
  'ends by itself': (thread) => thread.end(),
  'is terminated': (thread) => thread.terminate(),
};

/** The first thread of a process, and the first file in it, make things that stay. */
const warmUp = async (path) => {
  const warm = startThread();
  await warm.run(() => {
    MmapFile.memory('memory', 'x').close();
  });
  await warm.end();
  MmapFile.open(path).close();
  await collect();
};

exports.releasesFiles = async (path, end) => {
  await warmUp(path);
  const before = [descriptors(), mappings(path)];
  for (let i = 0; i < 10; ++i) {
    const thread = startThread();
    await thread.run(
      (path, i) => {
        my.file = MmapFileMut.openExisting(path);
        my.view = my.file.asBuffer();
        my.others = [MmapFileMut.anonymous(100_000), MmapFile.memory('memory', 'text')];
        my.token = my.file.share();
        my.attached = i % 2 && MmapFile.attach(my.token);
        if (i % 3 === 0) my.file.truncate(50_000);
      },
      path,
      i,
    );
    if (caught(() => MmapFile.open(path)).code !== 'EWOULDBLOCK') say('not locked');
    await ENDS[end](thread);
    MmapFileMut.openExisting(path).close();
  }
  await collect();
  say([descriptors() - before[0], mappings(path) - before[1]]);

  process.exit();
};

exports.releasesHandles = async (path, end) => {
  await warmUp(path);
  const file = MmapFileMut.openExisting(path);
  const before = [descriptors(), mappings(path)];
  for (let i = 0; i < 10; ++i) {
    const thread = startThread();
    await thread.run((token) => {
      my.file = MmapFileMut.attach(token);
      my.view = my.file.asBuffer();
      my.view.fill(7);
      my.reader = MmapFile.attach(token);
    }, file.share());
    await ENDS[end](thread);
  }
  await collect();
  say([descriptors() - before[0], mappings(path) - before[1]]);
  file.writeUInt8(9, 1);
  say([file.readUInt8(0), file.readUInt8(1), file.lockState, file.asBuffer()[2]]);
  file.truncate(5);
  say(file.freeze().length);

  process.exit();
};

exports.leavesTheFile = async (path, end) => {
  await warmUp(path);
  const before = [descriptors(), mappings(path)];
  const thread = startThread();
  const token = await thread.run((path) => {
    my.file = MmapFileMut.openExisting(path);
    my.file.writeUInt8(42, 5);
    return my.file.share();
  }, path);
  const file = MmapFileMut.attach(token);
  const view = file.asBuffer();
  await ENDS[end](thread);
  await collect();
  say([file.isClosed, file.readUInt8(5), view[5], file.lockState]);
  file.truncate(100_000);
  file.writeUInt8(43, 99_999);
  file.flush();
  say(fs.readFileSync(path).at(-1));
  say(caught(() => MmapFile.open(path)).code);
  file.close();
  say(view.every((byte) => byte === 0));
  MmapFileMut.openExisting(path).close();
  await collect();
  say([descriptors() - before[0], mappings(path) - before[1]]);

  process.exit();
};

/** What a thread may be in the middle of: endless loops. */
exports.LOOPS = {
  'typed reads': () => {
    for (;;) my.file.readUInt32LE(0);
  },
  'typed writes': () => {
    for (;;) my.file.writeUInt32LE(7, 0);
  },
  stat: () => {
    for (;;) my.file.stat();
  },
  flush: () => {
    for (;;) my.file.flush();
  },
  truncate: () => {
    for (let i = 0; ; ++i) my.file.truncate(4096 * (1 + (i % 100)));
  },
  'opening and closing': () => {
    for (;;) MmapFileMut.anonymous(10_000).close();
  },
  'attaching and closing': (token) => {
    for (;;) MmapFileMut.attach(token).close();
  },
  copyBytes: () => {
    for (;;) my.file.copyBytes();
  },
  'locking and unlocking': () => {
    for (;;) {
      my.file.unlock();
      my.file.tryLock();
    }
  },
  views: () => {
    for (;;) my.file.asBuffer().fill(1);
  },
  errors: () => {
    for (;;) caught(() => my.file.readUInt8(1e9));
  },
};

exports.inTheMiddle = async (path, loop, rounds) => {
  await warmUp(path);
  const before = [descriptors(), mappings(path)];
  for (let i = 0; i < rounds; ++i) {
    const file = MmapFileMut.openExisting(path);
    const threads = [startThread(), startThread(), startThread()];
    const flags = new Int32Array(new SharedArrayBuffer(4));
    for (const thread of threads) {
      void thread.run(
        (token, /** @type {Int32Array} */ flags) => {
          my.file = MmapFileMut.attach(token);
          Atomics.add(flags, 0, 1);
        },
        file.share(),
        flags,
      );
      void thread.run(exports.LOOPS[loop], file.share());
    }
    while (Atomics.load(flags, 0) < threads.length) await turn();
    for (const thread of threads) await thread.terminate();
    file.truncate(12_288);
    file.writeUInt8(i, 0);
    if (file.readUInt8(0) !== i || file.stat().size !== 12_288) say('broken');
    file.close();
  }
  await collect();
  say([descriptors() - before[0], mappings(path) - before[1]]);

  process.exit();
};

exports.droppedHandle = async (path) => {
  await warmUp(path);
  const warnings = [];
  process.on('warning', ({ message }) => warnings.push(message));
  const file = MmapFileMut.openExisting(path);
  const thread = startThread();
  await thread.run((token) => {
    for (let i = 0; i < 10; ++i) MmapFileMut.attach(token).readUInt8(0);
  }, file.share());
  say(caught(() => file.freeze()).name);
  await thread.run(async () => {
    await collect();
  });
  say([file.freeze().readUInt8(1), warnings]);
  process.exit();
};

exports.droppedButViewed = async (path) => {
  await warmUp(path);
  const file = MmapFileMut.openExisting(path);
  const thread = startThread();
  await thread.run(async (token) => {
    my.view = MmapFileMut.attach(token).asBuffer();
    await collect();
  }, file.share());
  file.writeUInt8(250, 9);
  say(await thread.run(() => my.view[9]));
  file.close();
  say(await thread.run(() => my.view[9]));

  process.exit();
};

exports.droppedOwner = async (path) => {
  await warmUp(path);
  const thread = startThread();
  let file = /** @type {any} */ (MmapFileMut.openExisting(path));
  await thread.run((token) => {
    my.file = MmapFileMut.attach(token);
  }, file.share());
  file = undefined;
  await collect();
  say(
    await thread.run(() => {
      my.file.truncate(20_000);
      return [my.file.isClosed, my.file.readUInt8(1), my.file.length, my.file.lockState];
    }),
  );
  await thread.run(() => my.file.close());
  await collect();
  MmapFileMut.openExisting(path).close();
  say(mappings(path));

  process.exit();
};
