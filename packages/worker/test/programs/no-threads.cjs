// Work where no thread may be started, or none for a while.
const fs = require('node:fs');
const { gc, say, turn } = require('../../../core/test/programs/program.cjs');
const { untilTold } = require('../../../core/test/programs/waiting.cjs');
const fmmap = require('./package.cjs');
const { settled, unhandled } = require('./settled.cjs');
const { AsyncMmapFile, AsyncMmapFileMut, MmapFile } = fmmap;
const { WorkerPool, getDefaultPool, setDefaultPool } = fmmap;

exports.rejectsAll = async (path) => {
  const signal = new AbortController().signal;
  const file = AsyncMmapFile.attach(MmapFile.open(path).share());
  const outcomes = await Promise.all(
    [
      AsyncMmapFile.open(path),
      AsyncMmapFileMut.create(`${path}.new`),
      file.advise('random'),
      file.run(() => {}),
      file.runWith({ signal, timeout: 1000 }, () => {}),
      file.map(() => undefined),
      file.map(() => undefined, { boundary: 'line', chunkSize: 100 }),
      ...Array.from({ length: 20 }, () => file.advise('random')),
    ].map(settled),
  );
  await turn();
  await file.close();
  say(outcomes);
  const { queued, threads } = getDefaultPool();
  const isLeft = fs.existsSync(`${path}.new`);
  say({ unhandled: unhandled(), queued, threads, isClosed: file.isClosed, isLeft });
};

exports.leavesNothing = async (path) => {
  const opened = MmapFile.open(path);
  const file = AsyncMmapFile.attach(opened.share());
  const codes = new Set();
  const fail = async (times) => {
    for (let i = 0; i < times; ++i)
      await file.advise('random').catch(({ code }) => codes.add(code));
    await turn();
    gc();
    return process.memoryUsage().rss;
  };
  const before = await fail(1000);
  say([...codes]);
  say(((await fail(10_000)) - before) / 10_000);
};

exports.limited = async (path) => {
  await fs.promises.stat('.'); // libuv has its threads by now
  setDefaultPool(new WorkerPool({ size: 4 }));
  const file = await AsyncMmapFile.open(path);
  const flag = new Int32Array(new SharedArrayBuffer(4));
  file.run((_file, flag) => {
    Atomics.wait(flag, 0, 0);
  }, flag);

  say('busy');
  await untilTold();
  const waiting = Array.from({ length: 20 }, (_, index) =>
    settled(file.run((file, at) => file.readUInt8(at), index)),
  );
  await turn();
  await turn();
  say(getDefaultPool().threads);
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
  say(await Promise.all(waiting));

  const end = await settled(file.run(() => process.exit(1)));
  say(end.code);
  const none = new WorkerPool({ size: 4 });
  setDefaultPool(none);
  const failing = [AsyncMmapFile.open(path), file.advise('random'), file.run(() => {})];
  say(await Promise.all(failing.map(settled)));
  await file.close();
  say(file.isClosed);

  await untilTold();
  let again;
  do {
    await turn();
    again = await settled(AsyncMmapFile.open(path));
  } while ('code' in again);
  const { queued } = none;
  say({ length: again.value.length, queued, unhandled: unhandled() });
  process.stdin.destroy();
};
