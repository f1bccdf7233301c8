// What is reported to listeners, and when.
const zlib = require('node:zlib');
const fs = require('node:fs');
const { faultOf } = require('../faults.cjs');
const { until, collect, apart } = require('../garbage.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { args, pattern, say, turn } = require('../program.cjs');
const { my, startThread } = require('../threads.cjs');

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);
const [path] = args;

/** What was reported to listeners. */
const told = /** @type {any[]} */ ([]);

const listen = (file) =>
  file.onFault((error) =>
    told.push(
      faultOf(() => {
        throw error;
      }),
    ),
  );

/** Waits for a number of reports, then for any that should not come. */
const tellings = async (count) => {
  while (told.length < count) await turn();
  for (let i = 0; i < 20; ++i) await turn();
  return told;
};

/** Restores the content of the file. */
const whole = (file) => {
  fs.writeFileSync(path, CONTENT);
  file.reopen();
};

exports.once = async () => {
  const file = MmapFile.open(path);
  const view = file.asBuffer();
  listen(file);
  fs.truncateSync(path, 0);
  for (let at = 5; at < view.length; ++at) view[at];
  faultOf(() => file.readUInt8(0));
  faultOf(() => file.checkFault());
  say(told.length);
  say(await tellings(1));
  view[9];
  faultOf(() => file.checkFault());
  say((await tellings(1)).length);
};

/** Ways in which a fault is discovered. */
const FINDS = {
  'a view': ({ view }) => view[5],
  'a typed read': ({ file }) => faultOf(() => file.readUInt8(7)),
  checkFault: ({ file }) => faultOf(() => file.checkFault()),
  'native code on the pool': ({ view }) => new Promise((done) => zlib.gzip(view, done)),
};

exports.foundBy = async (_path, find) => {
  const file = MmapFileMut.openExisting(path);
  const view = file.asBuffer();
  listen(file);
  fs.truncateSync(path, 0);
  await FINDS[find]({ file, view });
  say(await tellings(1));
};

exports.strayWrite = async () => {
  const file = MmapFile.open(path);
  listen(file);
  file.asBuffer()[77] = 1;
  say(await tellings(1));
};

exports.before = async () => {
  const file = MmapFile.open(path);
  fs.truncateSync(path, 0);
  file.asBuffer()[3];
  listen(file);
  say(told.length);
  say(await tellings(1));
  listen(file);
  say((await tellings(2)).length);
};

exports.everyListener = async () => {
  const file = MmapFile.open(path);
  const other = MmapFileMut.memory('other', CONTENT);
  listen(file);
  listen(file);
  listen(other);
  fs.truncateSync(path, 0);
  file.asBuffer()[3];
  say(await tellings(2));
  say(other.isFaulted);
};

exports.takenAway = async () => {
  const file = MmapFile.open(path);
  const stop = file.onFault(() => say('the one that was taken away'));
  listen(file);
  stop();
  stop();
  fs.truncateSync(path, 0);
  file.asBuffer()[3];
  say(await tellings(1));
};

exports.afterReopen = async () => {
  const file = MmapFileMut.openExisting(path);
  listen(file);
  for (let round = 1; round <= 5; ++round) {
    fs.truncateSync(path, 0);
    file.asBuffer()[round];
    await tellings(round);
    whole(file);
  }
  say(await tellings(5));
};

exports.everyThread = async () => {
  const file = MmapFile.open(path);
  const threads = [startThread(), startThread(), startThread()];
  for (const thread of threads) {
    await thread.run((token) => {
      my.file = MmapFile.attach(token);
      my.told = new Promise((resolve) =>
        my.file.onFault(({ reason, offset }) => resolve([reason, offset])),
      );
    }, file.share());
  }
  listen(file);
  fs.truncateSync(path, 0);
  await threads[1].run(() => my.file.asBuffer()[9]);
  for (const thread of threads) say(await thread.run(() => my.told));
  say(await tellings(1));
  for (const thread of threads) await thread.end();
};

exports.reopenedByThread = async () => {
  const file = MmapFileMut.openExisting(path);
  const thread = startThread();
  await thread.run((token) => {
    my.file = MmapFile.attach(token);
  }, file.share());
  listen(file);
  fs.truncateSync(path, 0);
  await thread.run(() => my.file.asBuffer()[1]);
  await tellings(1);
  // Meanwhile, this thread does nothing with the file.
  fs.writeFileSync(path, CONTENT);
  await thread.run((path) => {
    my.file.reopen();
    fs.truncateSync(path, 0);
    my.file.asBuffer()[2];
  }, path);
  say(await tellings(2));
  await thread.end();
};

exports.keepsNothingAlive = (_path, what) => {
  const file = MmapFile.open(path);
  exports.held = file; // so that the file is not dropped
  listen(file);
  if (what === 'a fault') {
    fs.truncateSync(path, 0);
    file.asBuffer()[0];
  }
};

/** What happens just after a fault. */
const ENDS = {
  'process.exit': () => process.exit(),
  'the end of a thread': (thread) => thread.end(),
  terminate: (thread) => thread.terminate(),
};

exports.end = async (_path, end) => {
  for (let round = 0; round < 10; ++round) {
    fs.writeFileSync(path, CONTENT);
    const thread = startThread();
    const file = MmapFile.open(path);
    await thread.run((token) => {
      my.file = MmapFile.attach(token);
      my.file.onFault(() => {});
    }, file.share());
    listen(file);
    fs.truncateSync(path, 0);
    file.asBuffer()[0];
    await ENDS[end](thread);
    file.close();
  }
  process.exit();
};

exports.throwing = async () => {
  process.on('uncaughtException', (error, origin) => say([error.message, origin]));
  const file = MmapFile.open(path);
  file.onFault(() => {
    throw new Error('of the listener');
  });
  listen(file);
  fs.truncateSync(path, 0);
  file.asBuffer()[0];
  say(await tellings(1));
};

exports.throwingUncaught = async () => {
  const file = MmapFile.open(path);
  file.onFault(() => {
    throw new Error('of the listener');
  });
  fs.truncateSync(path, 0);
  file.asBuffer()[0];
  await tellings(1);
};

exports.dropped = async () => {
  const mapped = () => fs.readFileSync('/proc/self/maps', 'utf8').includes(path);
  await apart(() => {
    listen(MmapFile.open(path));
  });
  await apart(() => {
    const file = MmapFile.open(path);
    file.onFault(() => file.close());
  });
  say(mapped());
  await until(() => !mapped());
  MmapFileMut.open(path).close();
  say(mapped());
};

exports.comeAndGo = async () => {
  const file = MmapFile.open(path);
  const rounds = async (count) => {
    for (let i = 0; i < count; ++i) {
      file.onFault(() => {})();
      if (i % 1000 === 0) await turn();
    }
    await collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await rounds(1000);
  const after = await rounds(100_000);
  say(after - before < 2e6 ? 'nothing' : after - before);
};
