// Threads that work on one file at the same time.
const fs = require('node:fs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, turn } = require('../program.cjs');
const { mappings } = require('../counts.cjs');
const { my, collect, startThread } = require('../threads.cjs');

const PAGES = 64;
const PAGE = 4096;
/** Nothing before it is ever cut off. */
const KEPT = 2 * PAGE + 100;

/**
 * Works on `my.file` until told to stop. Each thread writes the numbers of its rounds to its own bytes in
 * the part that stays, and 0x11, which is already there, to all others. Before a thread cuts the file, or
 * makes it longer, `shared` says from where on bytes may be gone, or may have come back as zeroes.
 */
const work = (token, /** @type {Int32Array} */ shared, number, size, kept) => {
  const [STOP, GONE, ZERO, ROUNDS] = [0, 1, 2, 3];
  const count = shared.length - ROUNDS;
  my.file = MmapFileMut.attach(token);
  const strange = [];
  const own = {};
  let seed = number + 1;
  const random = (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % below;
  };
  const isOwned = (at) => at < kept && at % 16 < count;
  /** Throws only where something may be gone. */
  const attempt = (end, call) => {
    try {
      return call();
    } catch (error) {
      if (error.name !== 'MmapRangeError' || end <= Atomics.load(shared, GONE))
        strange.push(error.stack);
    }
  };
  const check = (what, at, byte, from) => {
    if (byte === undefined || byte === 0x11) return;
    if (byte === 0 && at >= Atomics.load(shared, from)) return;
    if (isOwned(at) && (at % 16 !== number || byte === (own[at] ?? 0x11))) return;
    strange.push(`${what} ${byte} at ${at}`);
  };
  const checkAll = (what, bytes, at, from) => {
    for (let index = 0; index < bytes?.length; ++index)
      if (bytes[index] !== 0x11) check(what, at + index, bytes[index], from);
  };
  const views = [];
  while (Atomics.load(shared, STOP) === 0) {
    const rounds = Atomics.add(shared, ROUNDS + number, 1);
    const at = random(size - 8);
    check(
      'byte',
      at,
      attempt(at + 1, () => my.file.readUInt8(at)),
      ZERO,
    );
    const word = attempt(at + 8, () => my.file.readBigUInt64LE(at));
    if (word !== undefined)
      checkAll('word', new Uint8Array(BigUint64Array.of(word).buffer), at, ZERO);
    if (!isOwned(at)) attempt(at + 1, () => my.file.writeUInt8(0x11, at));
    const mine = random(kept >> 4) * 16 + number;
    attempt(mine + 1, () => {
      own[mine] = 1 + (rounds % 250);
      my.file.writeUInt8(own[mine], mine);
    });
    check(
      'what was written',
      mine,
      attempt(mine + 1, () => my.file.readUInt8(mine)),
      ZERO,
    );
    if (rounds % 16 === 0) {
      const length = random(size);
      checkAll(
        'copy',
        attempt(length, () => my.file.copyBytes(0, length)),
        0,
        ZERO,
      );
    }
    if (rounds % 32 === 0) attempt(size, () => my.file.fill(0x11, kept + random(size - kept)));
    if (rounds % 32 === 8 && attempt(size, () => my.file.indexOf('nowhere', at)) >= 0)
      strange.push('nowhere');
    if (rounds % 64 === 0) attempt(0, () => views.push(my.file.asBuffer()));
    if (views.length > 4) views.shift();
    for (const view of views) {
      const index = at % view.length;
      check('view', index, view[index], GONE);
      if (!isOwned(index)) view[index] = 0x11;
    }
    if (rounds % 256 === 0) attempt(0, () => my.file.flush(0, 10));
    if (rounds % 256 === 128) attempt(0, () => MmapFile.attach(token).close());
  }
  return { strange: strange.slice(0, 5), length: attempt(0, () => my.file.length), own };
};

let shared = new Int32Array(new SharedArrayBuffer(0));

const startWork = (token, count) => {
  shared = new Int32Array(new SharedArrayBuffer(4 * (3 + count)));
  shared.fill(PAGES * PAGE, 1, 3);
  return Array.from({ length: count }, (_, number) =>
    startThread().run(work, token, shared, number, PAGES * PAGE, KEPT),
  );
};

const isEnough = () => shared.subarray(3).every((rounds) => rounds > 200);

/** In any thread: lowers a number in `shared`. */
exports.lower = (/** @type {Int32Array} */ shared, index, value) => {
  for (let now = Atomics.load(shared, index); value < now; )
    now = Atomics.compareExchange(shared, index, now, value);
};

/** Ends the work by cutting the file to the part that stays. @returns The findings of each thread, and whether the file is right. */
const finishWork = async (path, file, working) => {
  exports.lower(shared, 1, KEPT);
  file.truncate(KEPT);
  Atomics.store(shared, 0, 1);
  const outcomes = await Promise.all(working);
  const wanted = Buffer.alloc(KEPT, 0x11);
  for (const { own } of outcomes) for (const [at, byte] of Object.entries(own)) wanted[at] = byte;
  const isRight = file.copyBytes().equals(wanted) && fs.readFileSync(path).equals(wanted);
  return [outcomes.map(({ strange, length }) => ({ strange, length })), isRight];
};

exports.upAndDown = async (path) => {
  const file = MmapFileMut.openExisting(path);
  const working = startWork(file.share(), 8);
  const most = PAGES * PAGE - KEPT;
  for (let i = 0; i < 400 || !isEnough(); ++i) {
    // It is cut further and further down.
    const least = Math.max(most - Math.floor((most * i) / 300), 0);
    const size = KEPT + least + ((i * 7919) % (most - least + 1));
    if (size > file.length) exports.lower(shared, 2, file.length);
    exports.lower(shared, 1, size);
    file.truncate(size);
    if (i % 8 === 0) await turn();
  }
  say(await finishWork(path, file, working));

  process.exit();
};

exports.manyTruncate = async (path) => {
  const file = MmapFileMut.openExisting(path);
  const working = startWork(file.share(), 3);
  const cutters = Array.from({ length: 3 }, startThread);
  await Promise.all(
    cutters.map((thread, number) =>
      thread.run(
        (token, shared, number, size, kept) => {
          const { lower } = require('../threads/at-once.cjs');
          my.file = MmapFileMut.attach(token);
          for (let i = 0; i < 150; ++i) {
            const wanted = kept + ((i * 7919 * (number + 1)) % (size - kept));
            // It is unknown which thread's truncate makes the file longer than another's.
            for (const index of [1, 2]) lower(shared, index, wanted);
            my.file.truncate(wanted);
            my.file.read(Buffer.alloc(10_000), 0);
          }
        },
        file.share(),
        shared,
        number,
        PAGES * PAGE,
        KEPT,
      ),
    ),
  );
  while (!isEnough()) await turn();
  say(await finishWork(path, file, working));
  say(await Promise.all(cutters.map((thread) => thread.run(() => my.file.length))));

  process.exit();
};

exports.ownerCloses = async (path) => {
  const threads = Array.from({ length: 4 }, () => startThread({ PAGES }));
  for (let i = 0; i < 40; ++i) {
    const file = MmapFileMut.openExisting(path);
    const started = new Int32Array(new SharedArrayBuffer(4));
    const working = threads.map((thread, number) =>
      thread.run(
        (token, /** @type {Int32Array} */ started, number) => {
          const file = MmapFileMut.attach(token);
          Atomics.add(started, 0, 1);
          const all = Buffer.alloc(PAGES * PAGE, 0x11);
          const calls = [
            () => file.readUInt8(0) === 0x11,
            () => file.writeUInt32LE(0x11111111, 8) === 12,
            () => file.stat().size === PAGES * PAGE,
            () => file.copyBytes().equals(all),
            () => file.asBuffer().fill(0x11),
            () => file.flush() === undefined,
            () => file.truncate(PAGES * PAGE) === undefined,
            () => MmapFile.attach(token).readUInt8(0) === 0x11,
            () => file.share(),
            () => file.tryLock(),
            () => file.residency().length === PAGES,
            () => file.advise('willneed') === undefined,
            () => file.indexOf(0) === -1,
            () => file.length === PAGES * PAGE,
          ];
          for (let round = number; ; ++round) {
            const call = calls[round % calls.length];
            try {
              if (!call() && !file.isClosed) return String(call);
            } catch (error) {
              return error.name;
            }
          }
        },
        file.share(),
        started,
        number,
      ),
    );
    while (Atomics.load(started, 0) < 4) await turn();
    for (let turns = 0; turns < i % 5; ++turns) await turn();
    file.close();
    for (const name of await Promise.all(working)) {
      if (name !== 'MmapClosedError') say(name);
    }
  }
  const content = fs.readFileSync(path);
  say([content.length, content.every((byte) => byte === 0x11)]);

  process.exit();
};

exports.attachAndClose = async (path) => {
  const file = MmapFileMut.openExisting(path);
  const before = mappings(path);
  const threads = Array.from({ length: 4 }, startThread);
  const problems = await Promise.all(
    threads.map((thread) =>
      thread.run((token) => {
        const problems = [];
        for (let i = 0; i < 500; ++i) {
          const first = MmapFileMut.attach(token);
          const second = MmapFileMut.attach(first.share());
          first.asBuffer();
          first.close();
          if (second.readUInt8(4096) !== 0x11) problems.push('typed');
          if (second.asBuffer()[5] !== 0x11) problems.push('view');
          second.close();
        }
        return problems;
      }, file.share()),
    ),
  );
  say(problems.flat());
  say(file.readUInt8(0));
  for (const thread of threads) await thread.end();
  await collect();
  say(mappings(path) - before);
  file.freeze().close();

  process.exit();
};
