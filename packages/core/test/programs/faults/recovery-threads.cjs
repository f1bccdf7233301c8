// Threads that reopen a file after a fault.
const fs = require('node:fs');
const { faultOf } = require('../faults.cjs');
const fmmap = require('../package.cjs');
const { MmapFile, MmapFileMut } = fmmap;
const { args, pattern, say, caught, turn } = require('../program.cjs');
const { my, startThread } = require('../threads.cjs');

const PAGE = 4096;

const [path] = args;
const CONTENT = pattern(3 * PAGE);
const attach = (token) => {
  my.file = MmapFile.attach(token);
  my.view = my.file.asBuffer();
};
const look = (expected) => [
  my.file.isFaulted,
  my.file.length,
  my.file.copyBytes().equals(expected),
  my.view.equals(Buffer.concat([expected], my.view.length)),
];

exports.allRecover = async (_path, open, who) => {
  const [type, method] = open.split('.');
  const file = fmmap[type][method](path);
  const view = file.asBuffer();
  const threads = [startThread(), startThread()];
  for (const thread of threads) await thread.run(attach, file.share());
  for (const size of [0, PAGE + 9, 3 * PAGE, 30 * PAGE]) {
    fs.writeFileSync(path, CONTENT);
    file.reopen();
    fs.truncateSync(path, 0);
    await threads[1].run(() => my.view[2 * PAGE]);
    const errors = [caught(() => file.readUInt8(0)).name];
    for (const thread of threads)
      errors.push(await thread.run(() => caught(() => my.file.readUInt8(0))));
    const now = Buffer.concat([CONTENT], size);
    fs.writeFileSync(path, now);
    if (who === 'owner') file.reopen();
    else await threads[0].run(() => my.file.reopen());
    const seen = [
      [
        file.isFaulted,
        file.length,
        file.copyBytes().equals(now),
        view.equals(Buffer.concat([now], view.length)),
      ],
    ];
    for (const thread of threads) seen.push(await thread.run(look, now));
    say([
      new Set(errors).size,
      errors[0],
      ...seen.map(([isFaulted, length, isContent]) => !isFaulted && length === size && isContent),
    ]);
    say(seen.map(([, , , isView]) => isView));
  }
  say(file.lockState);
  for (const thread of threads) await thread.end();
  file.close();
};

exports.attachesToReopen = async (_path, type) => {
  const file = MmapFileMut.openExisting(path);
  file.asBuffer();
  const token = file.share();
  const thread = startThread();
  await thread.run(() => 0);
  for (const size of [100, 30 * PAGE]) {
    // the second size needs other windows than those in the token
    fs.truncateSync(path, 0);
    say(caught(() => file.readUInt8(0)).name);
    fs.writeFileSync(path, Buffer.alloc(size, 7));
    say(
      await thread.run(
        (type, token, size) => {
          my.file = fmmap[type].attach(token);
          const before = [my.file.isFaulted, caught(() => my.file.readUInt8(0))];
          my.file.reopen();
          const after = [
            my.file.isFaulted,
            my.file.length,
            my.file.copyBytes().equals(Buffer.alloc(size, 7)),
          ];
          my.file.close();
          return [...before, ...after];
        },
        type,
        token,
        size,
      ),
    );
    say([file.isFaulted, file.length, file.readUInt8(99)]);
  }
  await thread.end();
};

exports.privateCopy = async () => {
  const file = MmapFileMut.openCow(path);
  const thread = startThread();
  await thread.run(attach, file.share());
  fs.truncateSync(path, 0);
  say(faultOf(() => file.readUInt8(5)));
  say([caught(() => file.reopen()).name, file.isFaulted]);
  say([await thread.run(() => caught(() => my.file.reopen())), file.isFaulted, file.isPoisoned]);
  await thread.run(() => my.file.close());
  await thread.end();
  fs.writeFileSync(path, CONTENT);
  file.reopen();
  say([file.isFaulted, file.copyBytes().equals(CONTENT)]);
  file.close();
};

exports.allAtOnce = async () => {
  const file = MmapFileMut.openExisting(path);
  const threads = Array.from({ length: 4 }, startThread);
  for (const thread of threads) await thread.run(attach, file.share());
  const isOver = new Int32Array(new SharedArrayBuffer(4));
  const working = threads.map((thread) =>
    thread.run((/** @type {Int32Array} */ isOver) => {
      const errors = new Set();
      let rounds = 0;
      for (; Atomics.load(isOver, 0) === 0 || rounds < 50; ++rounds) {
        try {
          for (let at = 0; at < my.file.length; at += 97) my.file.readUInt8(at);
          my.view.indexOf('nowhere');
          my.file.copyBytes();
        } catch (error) {
          errors.add(error.name);
        }
        try {
          my.file.reopen();
        } catch (error) {
          errors.add(error.name);
        }
      }
      return [...errors];
    }, isOver),
  );
  for (let round = 0; round < 300; ++round) {
    fs.truncateSync(path, round % 2 === 0 ? 0 : 3 * PAGE);
    if (round % 20 === 0) await turn();
  }
  Atomics.store(isOver, 0, 1);
  const errors = new Set((await Promise.all(working)).flat());
  errors.delete('MmapFaultError');
  errors.delete('MmapRangeError'); // it has been shorter in between
  fs.writeFileSync(path, CONTENT);
  file.reopen();
  say([...errors]);
  say([file.isFaulted, file.length, file.copyBytes().equals(CONTENT), file.isPoisoned]);
  for (const thread of threads) say(await thread.run(look, CONTENT));
  process.exit();
};

exports.notMappedAgain = () => {
  const file = MmapFileMut.openExisting(path);
  const view = file.asBuffer();
  fs.truncateSync(path, 0);
  const found = view[5];
  fs.writeFileSync(path, CONTENT);
  say([found, caught(() => file.reopen()).code]);
  say([file.isPoisoned, file.isFaulted, file.length, view[5], file.lockState]);
  say([caught(() => file.reopen()).name, caught(() => file.readUInt8(0)).name]);
  file.close();
  MmapFileMut.openExisting(path).close();
};

exports.poisoned = () => {
  const file = MmapFileMut.openExisting(path);
  say([caught(() => file.flush()).code, caught(() => file.reopen()).name, file.isPoisoned]);
  file.close();
};
