// Faults in several threads at once.
const fs = require('node:fs');
const { faultOf } = require('../faults.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');
const { meet, my, startThread } = require('../threads.cjs');

const WORKERS = 4;
const PAGE = 4096;

// A bug here is a crash, a hang or a made-up value.

/** Where threads meet in order to continue at the same moment. */
const meeting = new Int32Array(new SharedArrayBuffer(4));
const startThreads = (count) => Array.from({ length: count }, startThread);

exports.oneMapping = async (path) => {
  const threads = startThreads(WORKERS);
  const work = (token, meeting) => {
    const file = MmapFileMut.attach(token);
    const view = file.asBuffer();
    meet(meeting, 4);
    const typed = faultOf(() => {
      for (let at = 0; at < view.length; ++at) file.readUInt8(at);
    });
    let sum = 0;
    for (const byte of view) sum += byte;
    meet(meeting, 4); // otherwise the others would find what is stored next
    view.fill(1);
    const result = [typed, sum, file.isFaulted, faultOf(() => file.copyBytes(0, 1))];
    file.close();
    return result;
  };
  for (let round = 0; round < 20; ++round) {
    fs.writeFileSync(path, Buffer.alloc(16 * PAGE, 0x11));
    const file = MmapFileMut.openExisting(path);
    const token = file.share();
    const view = file.asBuffer();
    fs.truncateSync(path);
    const results = await Promise.all(threads.map((thread) => thread.run(work, token, meeting)));
    say([...results.flat(), file.isFaulted, faultOf(() => file.readUInt8(view.length - 1))]);
    file.close();
  }
  process.exit();
};

exports.onePage = async (path) => {
  const threads = startThreads(8);
  const work = (token, meeting, at, isStore) => {
    const file = MmapFile.attach(token);
    const view = file.asBuffer();
    meet(meeting, 8);
    let found = 0;
    if (isStore) view[at] = 0;
    else found = view[at];
    const result = [found, file.isFaulted];
    file.close();
    return result;
  };
  const strange = [];
  for (let round = 0; round < 60; ++round) {
    fs.writeFileSync(path, Buffer.alloc(8 * PAGE, 0x11));
    const file = MmapFileMut.openExisting(path);
    const token = file.share();
    fs.truncateSync(path, PAGE);
    const at = (1 + (round % 7)) * PAGE + round;
    const results = await Promise.all(
      threads.map((thread) => thread.run(work, token, meeting, at, round % 2 === 0)),
    );
    if (!results.every(([found, isFaulted]) => found === 0 && isFaulted)) strange.push(results);
    const { reason, offset } = faultOf(() => file.checkFault());
    if (reason !== 'truncated' || offset !== at) strange.push([reason, offset, at]);
    file.close();
  }
  say(strange);
  process.exit();
};

exports.truncatedAndClosed = async (path) => {
  const threads = startThreads(WORKERS);
  const work = (token, meeting, /** @type {Int32Array} */ isOver) => {
    const file = MmapFileMut.attach(token);
    const view = file.asBuffer();
    meet(meeting, 5);
    const strange = new Set();
    const errors = new Set();
    for (let at = 0, rest = 2000; rest > 0; at = (at + 977) % view.length) {
      // Some more rounds once it is over, so that the retired range is used, too.
      if (Atomics.load(isOver, 0) === 1) rest -= 1;
      const found = view[at];
      if (found !== 0 && found !== 0x11) strange.add(found);
      if (at % 3 === 0) view[at] = 0x11;
      try {
        const typed = file.readUInt8(at);
        if (typed !== 0x11) strange.add(`typed ${typed}`);
      } catch (error) {
        errors.add(error.name);
      }
    }
    return [[...strange], [...errors]];
  };
  const seen = new Set();
  for (let round = 0; round < 25; ++round) {
    const isOver = new Int32Array(new SharedArrayBuffer(4));
    fs.writeFileSync(path, Buffer.alloc(16 * PAGE, 0x11));
    const file = MmapFileMut.openExisting(path);
    const token = file.share();
    const working = threads.map((thread) => thread.run(work, token, meeting, isOver));
    meet(meeting, 5);
    // Now they are at work. Cut off whole pages, so that everything that is gone faults.
    fs.truncateSync(path, (round % 4) * PAGE);
    if (round % 3 === 0) faultOf(() => file.reopen());
    file.close();
    Atomics.store(isOver, 0, 1);
    for (const [strange, errors] of await Promise.all(working)) {
      if (strange.length > 0) say(strange);
      for (const name of errors) seen.add(name);
    }
    // The end of the file must not have been restored.
    if (fs.statSync(path).size !== (round % 4) * PAGE) say('the file grew');
  }
  seen.delete('MmapFaultError');
  seen.delete('MmapRangeError'); // after reopen the file is shorter
  say([...seen]);
  process.exit();
};

exports.thousands = (path) => {
  const COUNT = 2000;
  const files = Array.from({ length: COUNT }, (_, index) => {
    const name = `${path}/${index}`;
    fs.writeFileSync(name, Buffer.alloc(2 * PAGE, 0x11));
    return MmapFileMut.openExisting(name);
  });
  const views = files.map((file) => file.asBuffer());
  // Two of three, in mixed order.
  const isCut = (index) => index % 3 !== 1;
  for (let i = 0; i < COUNT; ++i) {
    const index = (i * 7) % COUNT;
    if (isCut(index)) fs.truncateSync(files[index].path, index % 2 === 0 ? 0 : PAGE);
  }
  const strange = [];
  for (let i = 0; i < COUNT; ++i) {
    const index = (i * 11) % COUNT;
    const at = PAGE + (index % 100);
    const found = views[index][at];
    const { reason, offset, path } = faultOf(() => files[index].readUInt8(0));
    const isRight = isCut(index)
      ? found === 0 && reason === 'truncated' && offset === at && path === files[index].path
      : found === 0x11 && reason === undefined;
    if (!isRight) strange.push([index, found, reason, offset, path]);
  }
  files.forEach((file, index) => {
    if (file.isFaulted !== isCut(index)) strange.push(index);
  });
  say(strange.slice(0, 10));
  for (const file of files) file.close();
  say(views.every((view) => view[0] === 0 && view[PAGE] === 0));
};

exports.othersComeAndGo = async (path) => {
  const threads = startThreads(3);
  const isOver = new Int32Array(new SharedArrayBuffer(4));
  const others = threads.map((thread, number) =>
    thread.run(
      (path, /** @type {Int32Array} */ isOver, number) => {
        const names = Array.from({ length: 50 }, (_, index) => `${path}/${number}-${index}`);
        for (const name of names) fs.writeFileSync(name, Buffer.alloc(2 * PAGE, 0x22));
        let strange = 0;
        let rounds = 0;
        for (; Atomics.load(isOver, 0) === 0; ++rounds) {
          const files = names.slice(0, 1 + (rounds % 50)).map((name) => MmapFile.open(name));
          if (!files.every((file) => file.readUInt8(PAGE) === 0x22 && !file.isFaulted))
            strange += 1;
          if (rounds % 2 === 0) files.reverse();
          for (const file of files) file.close();
        }
        return [strange, rounds > 0];
      },
      path,
      isOver,
      number,
    ),
  );
  const strange = [];
  const own = `${path}/own`;
  for (let round = 0; round < 400; ++round) {
    fs.writeFileSync(own, Buffer.alloc(4 * PAGE, 0x11));
    const file = MmapFileMut.openExisting(own);
    const view = file.asBuffer();
    fs.truncateSync(own, PAGE);
    const at = PAGE + ((round * 13) % (3 * PAGE));
    const found = [view[0], view[at]];
    const { offset } = faultOf(() => file.readUInt8(0));
    if (found[0] !== 0x11 || found[1] !== 0 || offset !== at)
      strange.push([round, found, offset, at]);
    file.close();
  }
  Atomics.store(isOver, 0, 1);
  say(strange.slice(0, 10));
  say(await Promise.all(others));
  process.exit();
};

exports.ownMappings = async (path) => {
  const threads = startThreads(WORKERS);
  say(
    await Promise.all(
      threads.map((thread, number) =>
        thread.run(
          (path, meeting, number) => {
            const name = `${path}/${number}`;
            const strange = [];
            meet(meeting, 4);
            for (let round = 0; round < 150; ++round) {
              fs.writeFileSync(name, Buffer.alloc(4 * PAGE, number + 1));
              const file = MmapFileMut.openExisting(name);
              const view = file.asBuffer();
              fs.truncateSync(name, 0);
              for (let at = 0; at < view.length; at += 100)
                if (view[at] !== 0) strange.push([round, at]);
              const { path, offset } = faultOf(() => file.readUInt8(0));
              if (path !== name || offset !== 0) strange.push([path, offset]);
              file.reopen();
              fs.truncateSync(name, 4 * PAGE);
              file.reopen();
              if (file.length !== 4 * PAGE || file.isFaulted) strange.push([round, file.length]);
              file.close();
            }
            return strange;
          },
          path,
          meeting,
          number,
        ),
      ),
    ),
  );
  process.exit();
};

exports.onThePool = async (path) => {
  const [thread] = startThreads(1);
  const file = MmapFileMut.openExisting(path);
  const attached = (token) => {
    my.file = MmapFile.attach(token);
  };
  await thread.run(attached, file.share());
  const view = file.asBuffer();
  fs.truncateSync(path, PAGE);
  await require('node:util').promisify(require('node:zlib').gzip)(view);
  say([
    file.isFaulted,
    faultOf(() => file.readUInt8(0)),
    await thread.run(() => faultOf(() => my.file.readUInt8(0))),
  ]);
  thread.terminate();
  process.exit();
};
