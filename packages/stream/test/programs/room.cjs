// Streams that make room in advance, and are ended in all ways.
const fs = require('node:fs');
const { once } = require('node:events');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const { until } = require('../../../core/test/programs/garbage.cjs');
const { say } = require('../../../core/test/programs/program.cjs');
const { fill, MIB } = require('./fill.cjs');
const { AsyncMmapFileMut } = require('./package.cjs');

/** Ends of a stream that `fill()` has made. */
exports.ENDS = {
  'process.exit': () => process.exit(0),
  'an exit in the middle of a chunk': ({ writer }) => {
    void writer.write(Buffer.alloc(30));
    process.exit(0);
  },
  'the end of the program': () => {},
  'closing the file before the stream': ({ file }) => file.close(),
  'closing the stream': ({ writer }) => writer.close(),
  'aborting it': ({ writer }) => writer.abort(),
  'an error of a chunk': ({ writer }) => writer.write(5).catch(() => {}),
  disposing: ({ file }) => file[Symbol.asyncDispose](),
  'a second stream that never ends': async ({ file }) => {
    const other = file.writable({ grow: true, offset: 5 * MIB }).getWriter();
    await other.write('x'.repeat(10));
    await file.truncate(5 * MIB);
    await file.close();
  },
};

exports.end = async (end, path) => {
  const stream = await fill(path);
  say(stream.file.length > 5 * MIB);
  await exports.ENDS[end](stream);
};

exports.uncaught = async (path) => {
  await fill(path);
  say(1);
  setImmediate(() => {
    throw new Error('stray');
  });
};

exports.thread = async (how, path) => {
  const workerData = { path, exits: how === 'process.exit()' };
  const thread = new Worker(join(__dirname, 'filling-thread.cjs'), { workerData });
  await once(thread, 'message');
  if (how === 'terminate') await thread.terminate();
  else await once(thread, 'exit');
};

exports.dropped = async (path) => {
  await (async () => {
    await fill(path);
  })();
  await until(() => fs.statSync(path).size === 5 * MIB);
};

exports.fault = async (directory) => {
  const path = join(directory, 'file.bin');
  const ballast = join(directory, 'ballast');
  const file = await AsyncMmapFileMut.create(path, { maxSize: MIB });
  const writer = file.writable({ grow: true, offset: MIB }).getWriter();
  writer.closed.catch(() => {});
  await writer.write('x'.repeat(100_000));
  say(file.length > MIB + 100_000);
  try {
    for (;;) fs.writeFileSync(ballast, Buffer.alloc(1000), { flag: 'a' });
  } catch {}
  const failure = async (call) => {
    try {
      await call();
      return 'no error';
    } catch ({ reason }) {
      return reason;
    }
  };
  say(await failure(() => file.writeUInt8(1, 5))); // which is a hole
  say(await failure(() => writer.write('x')));
  say([file.isFaulted, (await file.stat()).size]);
  fs.rmSync(ballast);
  await file.reopen();
  say([file.length, file.copyBytes(MIB).every((byte) => byte === 120)]);
  await file.close();
};

exports.lengthened = async (path) => {
  await fill(path);
  fs.truncateSync(path, 20 * MIB);
  process.exit(0);
};

exports.killed = async (path) => {
  const { writer } = await fill(path);
  for (let done = 5; done < 105; ++done) await writer.write(Buffer.alloc(MIB, 'x'));
  say(105 * MIB);
  setInterval(() => {}, 1e6);
};

exports.fullDisk = async (path) => {
  const file = await AsyncMmapFileMut.create(path);
  const writer = file.writable({ grow: true }).getWriter();
  writer.closed.catch(() => {});
  let written = 0;
  try {
    for (;;) {
      await writer.write(Buffer.alloc(50_000, 'x'));
      written += 50_000;
    }
  } catch ({ name, code, syscall }) {
    say([name, code, syscall]);
  }
  say(written);
  await file.checkFault();
  const { size } = await file.stat();
  say(size);
  say(fs.readFileSync(path).every((byte) => byte === 120));
  await file.flush();
  const other = file.writable({ offset: 5 }).getWriter();
  await other.write('x');
  await other.close();
  await file.close();
  say(fs.statSync(path).size);
};
