// Calls whose promises a block with `await using` returns without awaiting them.
const fs = require('node:fs');
const { join } = require('node:path');
const { AsyncMmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');

/** As a block with `await using` for each file, which older versions of Node have no syntax for. */
const using = async (paths, act) => {
  const files = [];
  for (const path of paths) files.push(await AsyncMmapFileMut.open(path));
  try {
    return act(files.at(-1), files[0]);
  } finally {
    for (const file of files.reverse()) await file[Symbol.asyncDispose]();
  }
};

const NOWHERE = '/no/such/file';
const codeOf = (promise) =>
  promise.then(
    () => 'nothing',
    (error) => error.code,
  );

const AsyncFunction = (async () => {}).constructor;

/** The async methods of an object, by name. */
const asyncMethods = (object) => {
  const names = new Set();
  for (let from = object; from; from = Object.getPrototypeOf(from)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(from)))
      if (value instanceof AsyncFunction) names.add(name);
  }
  return names;
};

const OBJECTS = {
  file: (file) => file,
  reader: (file) => file.reader(),
  writer: (file) => file.writer(),
};

exports.everyMethod = async (directory) => {
  for (const [kind, pick] of Object.entries(OBJECTS)) {
    for (const name of asyncMethods(pick(AsyncMmapFileMut.memory('x', 'y')))) {
      const path = join(directory, `${kind}${name}`);
      fs.writeFileSync(path, Buffer.alloc(100000, 1));
      const failing = using([path], (file) => {
        const object = pick(file);
        fs.truncateSync(path, 0);
        try {
          file.readUInt8(90000);
        } catch {} // which is a fault
        return object[name](Symbol('bad'), Symbol('bad'));
      });
      say([kind, name, await codeOf(failing)]);
    }
  }
};

/** What the block returns, given its last file and its first. */
exports.RETURNED = {
  'its promise': (file) => file.writeToNewFile(NOWHERE),
  'that of a file which others are disposed of before': (_file, first) =>
    first.writeToNewFile(NOWHERE),
  'what follows from it': (file) => file.writeToNewFile(NOWHERE).then(() => 5),
  'several of them': (file) =>
    Promise.all([file.stat(), file.writeToNewFile(NOWHERE), file.flush()]),
  'the last of them': (file) => {
    file.flush();
    return file.writeToNewFile(NOWHERE);
  },
  'a promise of an async function': async (file) => {
    await file.writeToNewFile(NOWHERE);
  },
};

exports.returns = async (returned, ...paths) => {
  say(await codeOf(using(paths, exports.RETURNED[returned])));
  const file = await AsyncMmapFileMut.open(paths[0]); // the lock was given back
  say(file.length);
};

exports.waitsForNothing = async (path) => {
  const file = await AsyncMmapFileMut.open(path);
  const order = [];
  const failed = file.writeToNewFile(NOWHERE).catch(() => order.push('failed'));
  await Promise.all([failed, file.close().then(() => order.push('closed'))]);
  say(order);
};

/** Rejections that nobody handles. */
exports.UNHANDLED = {
  'with the file being disposed of': async (path) => {
    await using([path], (file) => {
      void file.writeToNewFile(NOWHERE);
    });
  },
  without: async (path) => {
    const file = await AsyncMmapFileMut.open(path);
    void file.writeToNewFile(NOWHERE);
  },
};
