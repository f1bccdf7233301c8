// Processes with work under way: how they end, and what they are told of.
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { until } = require('../garbage.cjs');
const { AsyncMmapFile, AsyncMmapFileMut } = require('../package.cjs');
const { say, turn } = require('../program.cjs');
const { mappings } = require('../counts.cjs');

const NOWHERE = '/no/such/file';

exports.endsByItself = async (path) => {
  const file = await AsyncMmapFileMut.open(path);
  file.onFault(() => {});
  await file.prefetch();
  await file.flush();
  say(file.length);
  exports.kept = file; // open when the process ends
};

/** Twice: what is on the disk alone, and what is in memory. */
exports.readsAll = async (path) => {
  const file = await AsyncMmapFile.open(path);
  for (let round = 0; round < 2; round += 1) {
    const target = Buffer.alloc(file.length);
    const pieces = Array.from({ length: file.length / 4096 }, (_, n) => 4096 * n);
    await Promise.all(pieces.map((at) => file.read(target.subarray(at, at + 4096), at)));
    say(createHash('sha256').update(target).digest('hex'));
  }
};

exports.doesAll = async (path) => {
  const file = await AsyncMmapFileMut.open(path);
  file.writeUInt8(255, 0);
  void file.truncate(2_000_000);
  void file.flush();
  void file.writeToNewFile(`${path}.new`);
  void file.closeWithTruncate(100);
  process.on('exit', () => say(file.isClosed));
};

/** What is awaited before the process exits. */
exports.MOMENTS = {
  nothing: undefined,
  'a microtask': () => {},
  'a turn': turn,
  'an operation': (file) => file.stat(),
  'all operations': (file) => file.flush(),
};

exports.exits = async (moment, path, other) => {
  const file = await AsyncMmapFileMut.open(path);
  const unlocked = await AsyncMmapFile.open(other);
  await unlocked.unlock();
  for (let i = 0; i < 20; ++i) {
    void file.flush();
    void file.truncate(i % 2 ? 1_000_000 : 2_000_000);
    void file.writeToNewFile(`${path}.new${i}`);
    void unlocked.prefetch();
    void unlocked.lock();
  }
  void AsyncMmapFileMut.create(`${path}.created`, { maxSize: 5 });
  const wait = exports.MOMENTS[moment];
  if (wait) await wait(file);
  process.exit();
};

exports.worksForEver = async (path) => {
  const file = await AsyncMmapFileMut.open(path);
  say('open');
  for (;;) await Promise.all([file.flush(), file.truncate(1_000_000)]);
};

exports.waitsForLock = async (path) => {
  const file = await AsyncMmapFile.open(path);
  await file.unlock();
  say(await file.tryLock());
  await file.lock();
  say(file.lockState);
};

exports.drops = async (path) => {
  let warnings = 0;
  process.on('warning', (/** @type {NodeJS.ErrnoException} */ { code }) => {
    if (code === 'FMMAP_LEAK') warnings += 1;
  });
  await (async () => {
    await (await AsyncMmapFile.open(path)).prefetch();
  })();
  const isMapped = () => mappings(path) > 0;
  await until(() => !isMapped() && warnings > 0);
  say([isMapped(), warnings]);
};

exports.rejects = async (path) => {
  const fails = async (promise) => {
    try {
      await promise;
    } catch ({ name }) {
      return name;
    }
    return 'no error';
  };
  const signal = AbortSignal.abort();
  const file = await AsyncMmapFileMut.open(path);
  const reader = file.reader();
  const bad = /** @type {any} */ ('x');
  const calls = () => [
    AsyncMmapFile.open(NOWHERE),
    AsyncMmapFileMut.create(path),
    AsyncMmapFileMut.create(`${path}.new`, { signal }),
    file.truncate(-1),
    file.truncate(5, { signal }),
    file.flush(0, 2 ** 40),
    file.lockShared(),
    file.writeToNewFile(path),
    file.read(bad),
    reader.readExact(Buffer.alloc(2_000_000)),
    file.advise(bad),
    file.prefetch(-1),
  ];
  const names = await Promise.all(calls().map(fails));
  say(names.filter((name) => name === 'no error').length);
  const late = [file.close(), ...calls()].map(fails);
  say((await Promise.all(late)).filter((name) => name === 'no error').length);
  for (let i = 0; i < 10; ++i) await turn();
};

exports.nobodyLooks = async () => {
  let count = 0;
  process.on('uncaughtException', () => {
    count += 1;
  });
  void AsyncMmapFile.open(NOWHERE);
  const file = AsyncMmapFileMut.memory('memory', 'abc');
  void file.flush(5);
  void file.truncate(-1);
  await file.close();
  void file.stat();
  process.on('exit', () => say(count));
};

/** Functions that await what fails. */
exports.CALLERS = {
  opening: async function theCaller() {
    await AsyncMmapFile.open(NOWHERE);
  },
  creating: async function theCaller() {
    await AsyncMmapFileMut.create(NOWHERE);
  },
  writeToNewFile: async function theCaller() {
    await AsyncMmapFile.memory('m', 'abc').writeToNewFile(NOWHERE);
  },
  lock: async function theCaller({ path }) {
    await (await AsyncMmapFile.open(path)).lock();
  },
  tryLock: async function theCaller({ path }) {
    await (await AsyncMmapFile.open(path)).tryLock();
  },
  truncate: async function theCaller({ path }) {
    await (await AsyncMmapFileMut.open(path)).truncate(2 ** 53 - 1);
  },
  remove: async function theCaller({ gone }) {
    fs.renameSync(gone.path, `${gone.path}.away`);
    await gone.remove();
  },
  freeze: async function theCaller({ gone }) {
    AsyncMmapFileMut.attach(gone.share());
    await gone.freeze();
  },
  checkFault: async function theCaller({ gone }) {
    fs.truncateSync(gone.path, 0);
    await gone.checkFault();
  },
  prefetch: async function theCaller({ gone }) {
    fs.truncateSync(gone.path, 0);
    await gone.prefetch();
  },
};

exports.stack = async (name, path) => {
  const gone = await AsyncMmapFileMut.create(`${path}.gone`, { maxSize: 5_000_000 });
  const call = exports.CALLERS[name]; // else the stack has it as a method
  try {
    await call({ path, gone });
  } catch (error) {
    say(error.stack);
  }
};
