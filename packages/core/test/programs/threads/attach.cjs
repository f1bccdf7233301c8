// Handles on one mapping in several threads.
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, caught, turn } = require('../program.cjs');
const { my, startThread } = require('../threads.cjs');

const PAGE = 4096;

const attach = (token) => {
  my.file = MmapFileMut.attach(token);
};

/** A file, and a thread in which `my.file` is attached to it. */
const attached = async (path) => {
  const file = MmapFileMut.openExisting(path);
  const thread = startThread();
  await thread.run(attach, file.share());
  return { file, thread };
};

exports.MEMORY = {
  'MmapFileMut.openExisting(path)': (path) => MmapFileMut.openExisting(path),
  'MmapFileMut.openExisting(path, { offset: 5, detachOnClose: true })': (path) =>
    MmapFileMut.openExisting(path, { offset: 5, detachOnClose: true }),
  'MmapFileMut.openCow(path)': (path) => MmapFileMut.openCow(path),
  'MmapFileMut.memory("memory", Buffer.alloc(5000, 1))': () =>
    MmapFileMut.memory('memory', Buffer.alloc(5000, 1)),
  'MmapFileMut.anonymous(5000)': () => MmapFileMut.anonymous(5000),
};

exports.showsTheMemory = async (path, open) => {
  const file = exports.MEMORY[open](path);
  const view = file.asBuffer();
  const thread = startThread();
  say(
    await thread.run((token) => {
      my.file = MmapFileMut.attach(token);
      my.view = my.file.asBuffer();
      return [my.file.path === token.path, my.file.length === my.view.length, my.file.isCow];
    }, file.share()),
  );
  file.writeUInt32LE(0xdeadbeef, 100);
  view[4500] = 77;
  say(
    await thread.run(() => {
      const seen = [my.file.readUInt32LE(100), my.view.readUInt32LE(100), my.file.readUInt8(4500)];
      my.file.writeAll('from the thread', 200);
      my.view[4999] = 88;
      return seen;
    }),
  );
  say([file.copyBytes(200, 15).toString(), view.toString('latin1', 200, 215), view[4999]]);

  process.exit();
};

exports.atomics = async (path) => {
  const file = MmapFileMut.openExisting(path, { shared: true });
  file.zeroRange(0, 16);
  const count = (token) => {
    const file = MmapFileMut.attach(token, { shared: true });
    const counter = new Int32Array(file.asBuffer().buffer, 0, 1);
    for (let i = 0; i < 100_000; ++i) Atomics.add(counter, 0, 1);
  };
  const counting = Array.from({ length: 4 }, () => startThread().run(count, file.share()));
  const counter = new Int32Array(file.asBuffer().buffer, 0, 1);
  for (let i = 0; i < 100_000; ++i) Atomics.add(counter, 0, 1);
  await Promise.all(counting);
  say(file.readInt32LE(0));

  process.exit();
};

exports.atomicsWait = async (path) => {
  const options = { shared: true };
  const file = MmapFileMut.openExisting(path, options);
  const thread = startThread();
  const attach = (token, options) => {
    my.file = MmapFileMut.attach(token, options);
  };
  await thread.run(attach, file.share(), options);
  const words = new Int32Array(file.asBuffer().buffer, 0, 2);
  words[0] = 0;
  const waiting = thread.run(() => {
    const words = new Int32Array(my.file.asBuffer().buffer, 0, 2);
    return Atomics.wait(words, 0, 0);
  });
  while (Atomics.notify(words, 0) === 0) await turn();
  say(await waiting);

  process.exit();
};

exports.lock = async (path) => {
  const { file, thread } = await attached(path);
  const states = async () => [file.lockState, await thread.run(() => my.file.lockState)];
  say(await states());
  file.unlock();
  say(await states());
  say(await thread.run(() => my.file.tryLock()));
  say(await states());
  say(caught(() => MmapFile.open(path)).name);
  await thread.run(() => my.file.unlock());
  file.lockShared();
  say(await states());
  say(await thread.run(() => caught(() => my.file.lock())));
  MmapFile.open(path).close();

  process.exit();
};

const FLUSHES = {
  'the owner': ({ file }) => caught(() => file.flush()).code,
  'the thread': ({ thread }) => thread.run(() => caught(() => my.file.flush()) && 'EIO'),
};

exports.poisoned = async (path, flush) => {
  const { file, thread } = await attached(path);
  const other = startThread();
  await other.run(attach, file.share());
  await thread.run(() => my.file.readUInt8(0));
  file.readUInt8(0);
  say(await FLUSHES[flush]({ file, thread }));
  const look = () => [
    caught(() => my.file.readUInt8(0)),
    caught(() => my.file.writeUInt8(0, 0)),
    my.file.isPoisoned,
    my.file.length,
    my.file.isClosed,
    caught(() => my.file.flush()),
  ];
  say(await thread.run(look));
  say(await other.run(look));
  say([caught(() => file.readUInt8(0)).name, file.isPoisoned, file.length, file.isClosed]);

  process.exit();
};

exports.ENDS = {
  'close()': (file) => file.close(),
  'remove()': (file) => file.remove(),
  'closeWithTruncate(10)': (file) => file.closeWithTruncate(10),
  '[Symbol.dispose]()': (file) => file[Symbol.dispose](),
};

exports.ended = async (path, end) => {
  const { file, thread } = await attached(path);
  await thread.run(() => {
    my.view = my.file.asBuffer();
    my.file.readUInt8(1);
  });
  exports.ENDS[end](file);
  say(
    await thread.run(() => [
      caught(() => my.file.readUInt8(1)),
      caught(() => my.file.writeUInt8(1, 1)),
      caught(() => my.file.asBuffer()),
      my.file.isClosed,
      my.file.length,
      my.file.lockState,
      my.view.every((byte) => byte === 0),
    ]),
  );
  await thread.run(() => {
    my.view.fill(1);
    my.file.close();
    my.file.close();
  });

  process.exit();
};

exports.closed = async (path) => {
  const { file, thread } = await attached(path);
  const other = startThread();
  await other.run(attach, file.share());
  say(
    await thread.run(() => {
      my.file.asBuffer();
      my.file.close();
      return [my.file.isClosed, caught(() => my.file.readUInt8(0)), my.file.length];
    }),
  );
  file.writeUInt8(99, 0);
  say([file.isClosed, file.readUInt8(0), file.lockState, file.asBuffer()[0]]);
  say(await other.run(() => [my.file.isClosed, my.file.readUInt8(0)]));
  file.truncate(5);
  say(await other.run(() => my.file.length));

  process.exit();
};

exports.sharesInItsTurn = async (path) => {
  const { file, thread } = await attached(path);
  const third = startThread();
  await third.run(attach, await thread.run(() => my.file.share()));
  file.truncate(5 * PAGE);
  file.writeUInt8(55, 5 * PAGE - 1);
  say(await third.run(() => [my.file.length, my.file.readUInt8(my.file.length - 1)]));

  process.exit();
};

const others = () => Array.from({ length: 20 }, () => MmapFileMut.anonymous(3 * PAGE));

exports.LATE = {
  'after the owner was closed': (file) => file.close(),
  'after the owner was removed': (file) => file.remove(),
  'after the owner was closed and others were opened': (file) => {
    file.close();
    others();
  },
};

exports.attachLate = async (path, end) => {
  const file = MmapFileMut.openExisting(path);
  const token = file.share();
  exports.LATE[end](file);
  say(caught(() => MmapFileMut.attach(token)).name);
  say(await startThread().run((token) => caught(() => MmapFile.attach(token)), token));

  process.exit();
};

exports.readOnly = async (path) => {
  const file = MmapFile.open(path);
  say(
    await startThread().run((token) => {
      const file = MmapFile.attach(token);
      return [
        file.length,
        file.readUInt8(1),
        file.lockState,
        caught(() => MmapFileMut.attach(token)),
        file.isClosed,
      ];
    }, file.share()),
  );
  say(caught(() => MmapFileMut.attach(file.share())).name);

  process.exit();
};

exports.asReadOnly = async (path) => {
  const file = MmapFileMut.openExisting(path);
  const thread = startThread();
  say(
    await thread.run((token) => {
      my.file = MmapFile.attach(token);
      return [
        my.file instanceof MmapFileMut,
        'writeUInt8' in my.file,
        'truncate' in my.file,
        my.file.readUInt8(1),
        my.file.lockState,
      ];
    }, file.share()),
  );
  file.writeUInt8(200, 1);
  file.truncate(100);
  say(await thread.run(() => [my.file.readUInt8(1), my.file.length]));

  process.exit();
};

exports.beforeFreeze = async (path) => {
  const file = MmapFileMut.openExisting(path);
  const token = file.share();
  my.frozen = file.freeze();
  say(caught(() => MmapFileMut.attach(token).writeUInt8(1, 0)).name);
  say(await startThread().run((token) => caught(() => MmapFileMut.attach(token).fill(1)), token));
  say(MmapFile.attach(token).readUInt8(1));

  process.exit();
};

exports.noToken = (_path, token) => {
  say(caught(() => MmapFile.attach(token)).name);
  process.exit();
};

exports.freeze = async (path) => {
  const { file, thread } = await attached(path);
  const { name, code } = caught(() => file.freeze());
  say([name, code, caught(() => file.freezeExec()).name, file.isPoisoned, file.isClosed]);
  file.writeUInt8(66, 0);
  say(await thread.run(() => caught(() => my.file.freeze())));
  say(
    await thread.run(() => {
      const seen = my.file.readUInt8(0);
      my.file.close();
      return seen;
    }),
  );
  say(file.freeze().readUInt8(0));

  process.exit();
};
