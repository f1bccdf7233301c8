// A mapping shared by several threads that changes its size.
const fs = require('node:fs');
const { MmapFileMut } = require('../package.cjs');
const { say, caught, turn } = require('../program.cjs');
const { my, collect, startThread } = require('../threads.cjs');

const PAGE = 4096;
const attach = (token) => {
  my.file = MmapFileMut.attach(token);
  my.views = [my.file.asBuffer()];
};
const startAttached = async (file) => {
  const thread = startThread();
  await thread.run(attach, file.share());
  return thread;
};

/** Sizes up and down: within a page, by pages, beyond every reservation, to 0 and back. */
const SIZES = [
  ...[PAGE + 1, 3 * PAGE, 10, 0, 1, 40 * PAGE, 40 * PAGE + 1, PAGE, 0],
  ...[3 << 20, 5, 6 << 20, 2 * PAGE],
];

exports.FILES = {
  'a file': (path) => MmapFileMut.openExisting(path),
  'a file from an unaligned offset on': (path) => MmapFileMut.openExisting(path, { offset: 5 }),
  memory: (path) => MmapFileMut.memory('memory', fs.readFileSync(path)),
};

exports.seenByEveryHandle = async (path, name, who) => {
  const offset = name.includes('offset') ? 5 : 0;
  const file = exports.FILES[name](path);
  const threads = [await startAttached(file), await startAttached(file)];
  let model = file.copyBytes();
  const views = [file.asBuffer()];
  let mark = 0;
  const look = (model, mark) => {
    const errors = [];
    if (my.file.length !== model.length) errors.push(`length ${my.file.length}`);
    if (!my.file.copyBytes().equals(model)) errors.push('content');
    for (const view of my.views) {
      const shown = view.subarray(0, model.length);
      if (!shown.equals(Buffer.from(model).subarray(0, shown.length))) errors.push('view');
    }
    if (model.length > 0 && my.file.readUInt8(model.length - 1) !== model.at(-1))
      errors.push('typed');
    if (caught(() => my.file.readUInt8(model.length)) !== 'MmapRangeError') errors.push('end');
    if (caught(() => my.file.writeUInt8(1, model.length)) !== 'MmapRangeError') errors.push('end');
    my.views.push(my.file.asBuffer());
    if (model.length > 0) my.file.writeUInt8(mark, model.length - 1);
    return errors;
  };
  const problems = [];
  for (const size of SIZES) {
    if (who === 'owner') file.truncate(size + offset);
    else await threads[0].run((size) => my.file.truncate(size), size + offset);
    model = Buffer.concat([model.subarray(0, size)], size);
    for (const thread of threads) {
      mark = (mark + 1) % 256;
      for (const problem of await thread.run(look, model, mark))
        problems.push(`${size} ${problem}`);
      if (size > 0) model[size - 1] = mark;
    }
    if (file.length !== size || !file.copyBytes().equals(model)) problems.push(`${size} owner`);
    for (const view of views) {
      const shown = view.subarray(0, size);
      if (!shown.equals(model.subarray(0, shown.length))) problems.push(`${size} view of owner`);
      if (view.subarray(Math.ceil(size / PAGE + 1) * PAGE).some((byte) => byte !== 0)) {
        problems.push(`${size} rest of a view of the owner`);
      }
    }
    views.push(file.asBuffer());
  }
  say(problems);
  process.exit();
};

exports.costsNothing = async () => {
  const file = MmapFileMut.memory('memory', Buffer.alloc(4096));
  const threads = [await startAttached(file), await startAttached(file)];
  const count = () => fs.readFileSync('/proc/self/maps', 'utf8').split('\n').length;
  const rounds = async (times) => {
    for (let i = 0; i < times; ++i) {
      file.truncate(i % 2 === 0 ? 8192 : 4096);
      if (i % 10 === 0) for (const thread of threads) await thread.run(() => my.file.readUInt8(0));
    }
    await collect();
    for (const thread of threads) await thread.run(collect);
    return count();
  };
  const before = await rounds(50);
  const after = await rounds(1000);
  say(after - before < 100 ? 'bounded' : [before, after]);
  process.exit();
};

exports.failing = async (path) => {
  const file = MmapFileMut.openExisting(path);
  const threads = [await startAttached(file), await startAttached(file)];
  // Whether to stop, and the rounds of each thread.
  const shared = new Int32Array(new SharedArrayBuffer(12));
  const working = threads.map((thread, index) =>
    thread.run(
      (/** @type {Int32Array} */ shared, index) => {
        // Each thread has its own page, in the part that would be cut off.
        const at = (4 + index) * PAGE;
        let [zeroes, lost] = [0, 0];
        for (let value = 1; Atomics.load(shared, 0) === 0; value = (value % 255) + 1) {
          my.file.writeUInt8(value, at);
          const found = my.file.readUInt8(at);
          if (found !== value) lost += 1;
          if (my.file.readUInt8(7 * PAGE) !== 0x11) zeroes += 1;
          Atomics.add(shared, 1 + index, 1);
        }
        return { zeroes, lost };
      },
      shared,
      index,
    ),
  );
  let successes = 0;
  for (let i = 0; i < 500 || shared.subarray(1).some((rounds) => rounds < 1000); ++i) {
    if (caught(() => file.truncate(PAGE)).code !== 'EIO') successes += 1;
    if (i % 50 === 0) await turn();
  }
  Atomics.store(shared, 0, 1);
  say([successes, file.isPoisoned, ...(await Promise.all(working))]);
  process.exit();
};
