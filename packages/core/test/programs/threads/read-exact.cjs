// Reads of a file that another thread truncates.
const { MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');
const { my, startThread } = require('../threads.cjs');

const LONG = 200_000;
const UNTOUCHED = 0xee;

const READS = {
  'a file': (file, target) => file.readExact(target),
  'a reader': (file, target) => file.reader(0, target.length).readExact(target),
};

exports.readExact = async (path, read) => {
  const attach = (token, state) => {
    my.file = MmapFileMut.attach(token);
    my.state = state;
  };
  const resize = (length) => {
    for (let round = 0; round < 3000; ++round) my.file.truncate(round % 2 === 0 ? 4096 : length);
    Atomics.store(my.state, 0, 1);
  };
  const file = MmapFileMut.openExisting(path);
  const state = new Int32Array(new SharedArrayBuffer(4));
  const thread = startThread();
  await thread.run(attach, file.share(), state);
  const resized = thread.run(resize, LONG);
  const target = new Uint8Array(LONG);
  const problems = new Set();
  while (Atomics.load(state, 0) === 0) {
    target.fill(UNTOUCHED);
    try {
      READS[read](file, target);
      const at = target.indexOf(UNTOUCHED);
      if (at >= 0) problems.add(`filled up to ${at}`);
    } catch (error) {
      if (error.name !== 'MmapRangeError') problems.add(error.stack);
    }
  }
  await resized;
  say([...problems]);
  process.exit();
};
