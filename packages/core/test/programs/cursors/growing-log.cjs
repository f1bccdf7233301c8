// A log with one writer, and readers without a lock.
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { caught, say, turn } = require('../program.cjs');
const { untilTold } = require('../waiting.cjs');

/** The event with a number, which determines its content and its length. */
const eventOf = (number) => `${number}:${'x'.repeat((number * 37) % 500)}`;

/** Where the events start: the number of their bytes comes first. */
const START = 8;

/** Appends a number of events, continuing after those of an earlier writer. */
exports.write = async (path, first, count) => {
  const log = MmapFileMut.open(path, { maxSize: 4096, shared: true });
  const written = log.array(BigInt64Array, 0, 1);
  const append = (event) => {
    const bytes = Buffer.from(event);
    const from = START + Number(written[0]);
    const end = from + 4 + bytes.length;
    if (end > log.length) log.truncate(2 * end);
    log.writeUInt32LE(bytes.length, from);
    log.write(bytes, from + 4);
    Atomics.store(written, 0, BigInt(end - START));
  };
  for (let number = first; number < first + count; ++number) {
    append(eventOf(number));
    if (number === first + count / 2) {
      // in the middle of the work, however fast it is
      say([log.lockState, caught(() => MmapFileMut.open(path, { lockTimeout: 5 })).code]);
      await untilTold();
    }
  }
  say(log.length);
  process.exit();
};

/** Reads until it has seen a number of events, each of which must be the next one, and complete. */
exports.read = async (path, count) => {
  const reader = MmapFile.open(path, { lock: 'none', shared: true });
  const from = reader.length;
  let next = START;
  let reopened = 0;
  const reopen = () => {
    reopened += 1;
    reader.reopen();
  };
  function* news() {
    if (reader.length < START) reopen();
    if (reader.length < START) return;
    const end = START + Number(Atomics.load(reader.array(BigInt64Array, 0, 1), 0));
    if (end > reader.length) reopen();
    while (next < end) {
      const length = reader.readUInt32LE(next);
      yield reader.bytes(next + 4, length).toString();
      next += 4 + length;
    }
  }
  let seen = 0;
  say([reader.lockState, from]);
  while (seen < count) {
    for (const event of news()) {
      if (event !== eventOf(seen)) throw new Error(`event ${seen} is ${event}`);
      seen += 1;
      if (seen === 1) say('reads');
    }
    await turn();
  }
  reader.checkFault();
  say([seen, reopened > 1]);
  process.exit();
};
